// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The function that launches one kernel.

use super::parameter;
use crate::{builder::Builder, runtime::LAUNCH};
use melior::ir::{OperationRef, Type, Value, ValueLike};
use std::mem::{offset_of, size_of};
use symm_abi::LaunchCall;
use symm_ir::{
    diagnostics::{Failure, error},
    pass::PassResult,
    value::operand,
};

/// Sizes of the grid and of a block: the first operands of a launch.
const SIZES: usize = 6;

/// Most bytes of the parameters of a kernel, and how many there may be since a version of PTX.
const MAX_BYTES: usize = 4352;
const MAX_BYTES_LARGE: usize = 32764;
const LARGE_SINCE: u32 = 81;

/// A kernel and its row in the table.
pub(super) struct Launcher<'n> {
    pub(super) name: &'n str,
    pub(super) number: i64,
    pub(super) ptx_version: u32,
}

impl Launcher<'_> {
    /// Builds a call of the launcher before a launch, and the launcher at the end
    /// of the module.
    pub(super) fn replace<'c: 'a, 'a>(
        &self,
        end: &Builder<'c, 'a>,
        launch: OperationRef<'c, 'a>,
    ) -> Result<(), Failure> {
        use melior::ir::operation::OperationLike;
        let b = Builder::before(launch);
        let mut values = Vec::new();
        for index in 0..SIZES {
            let size = operand(launch, index).ok_or("a launch lacks a size".to_owned())?;
            // Cut to 32 bits, a size that is too large might be one that is not.
            let size = b.min(size, b.index(u32::MAX.into()));
            values.push(b.index_cast(size, b.int_type(32)));
        }
        for argument in launch.operands().skip(SIZES) {
            let types = parameter::types(&b, argument.r#type());
            let types = types.ok_or_else(|| parameter::refuse(launch, argument.r#type()))?;
            values.extend(parameter::pass(&b, argument, &types));
        }
        let types: Vec<Type<'c>> = values.iter().map(|value| value.r#type()).collect();
        self.check_size(launch, &types[SIZES..])?;
        let name = format!("{}.launch", self.name);
        b.call(&name, &values, &[]);
        end.function(&name, &types, &[], |b, arguments| {
            self.body(b, arguments);
            b.op("func.return", &[], &[], &[]);
        });
        Ok(())
    }

    /// Refuses more parameters than a kernel has room for.
    fn check_size<'c: 'a, 'a>(
        &self,
        launch: OperationRef<'c, 'a>,
        types: &[Type<'c>],
    ) -> PassResult {
        let bytes = parameter::bytes(types);
        let (limit, way_out) = match self.ptx_version < LARGE_SINCE {
            true => (
                MAX_BYTES,
                format!("ask for PTX {}.{} or newer", LARGE_SINCE / 10, LARGE_SINCE % 10),
            ),
            false => (MAX_BYTES_LARGE, "return a value from the middle of what it computes, where another kernel then begins".to_owned()),
        };
        if bytes <= limit {
            return Ok(());
        }
        let message = format!(
            "passes {bytes} bytes of addresses and numbers to a kernel, which takes at most {limit} in \
             PTX {}.{}; {way_out}",
            self.ptx_version / 10,
            self.ptx_version % 10
        );
        Err(error(&launch, message).emit())
    }

    fn body<'c: 'a, 'a>(&self, b: &Builder<'c, 'a>, arguments: &[Value<'c, 'a>]) {
        let (sizes, parameters) = arguments.split_at(SIZES);
        let call = b.stack(size_of::<LaunchCall>());
        b.store_to(
            b.i32(self.number),
            b.offset_by(call, offset_of!(LaunchCall, kernel)),
        );
        let first = [offset_of!(LaunchCall, grid), offset_of!(LaunchCall, block)];
        for (index, size) in sizes.iter().enumerate() {
            let offset = first[index / 3] + index % 3 * size_of::<u32>();
            b.store_to(*size, b.offset_by(call, offset));
        }
        b.store_to(
            b.i32(0),
            b.offset_by(call, offset_of!(LaunchCall, shared_bytes)),
        );
        // Every parameter has a place of eight bytes, aligned to as many.
        let place = size_of::<u64>();
        let values = b.stack(place * parameters.len().max(1));
        let addresses = b.stack(place * parameters.len().max(1));
        for (index, parameter) in parameters.iter().enumerate() {
            let at = b.offset_by(values, place * index);
            b.store_to(*parameter, at);
            b.store_to(at, b.offset_by(addresses, place * index));
        }
        b.store_to(addresses, b.offset_by(call, offset_of!(LaunchCall, params)));
        LAUNCH.call(b, &[call]);
    }
}
