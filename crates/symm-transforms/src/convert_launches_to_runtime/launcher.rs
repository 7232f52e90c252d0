// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The function that launches one kernel.

use crate::{
    builder::{Builder, Field, memref_type},
    runtime::LAUNCH,
};
use melior::ir::{OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike};
use std::mem::{offset_of, size_of};
use symm_abi::LaunchCall;
use symm_ir::{
    diagnostics::{Failure, error},
    value::operand,
};

/// Sizes of the grid and of a block: the first operands of a launch.
const SIZES: usize = 6;

/// A kernel and its row in the table.
pub(super) struct Launcher<'n> {
    pub(super) name: &'n str,
    pub(super) number: i64,
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
            values.push(b.index_cast(size, b.int_type(32)));
        }
        for argument in launch.operands().skip(SIZES) {
            expand(&b, argument, &mut values).ok_or_else(|| {
                let message = format!("cannot pass {} to a kernel", argument.r#type());
                error(&launch, message).emit()
            })?;
        }
        let name = format!("{}.launch", self.name);
        let types: Vec<Type<'c>> = values.iter().map(|value| value.r#type()).collect();
        b.call(&name, &values, &[]);
        end.function(&name, &types, &[], |b, arguments| {
            self.body(b, arguments);
            b.op("func.return", &[], &[], &[]);
        });
        Ok(())
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

/// Appends the parameters that an argument becomes, in the order of
/// `--convert-gpu-to-nvvm`; fails for what does not fit eight bytes.
fn expand<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    argument: Value<'c, 'a>,
    values: &mut Vec<Value<'c, 'a>>,
) -> Option<()> {
    let r#type = argument.r#type();
    if r#type.is_mem_ref() {
        let memref = memref_type(argument);
        let descriptor = b.descriptor_of(argument, memref);
        let rank = memref.rank();
        for field in [Field::Allocated, Field::Aligned, Field::Offset] {
            values.push(b.field(descriptor, field, None));
        }
        for field in [Field::Sizes, Field::Strides] {
            values.extend((0..rank).map(|dimension| b.field(descriptor, field, Some(dimension))));
        }
        return Some(());
    }
    if r#type.is_index() {
        values.push(b.index_cast(argument, b.int_type(64)));
    } else if r#type.is_integer() || r#type.is_float() {
        values.push(argument);
    } else {
        return None;
    }
    Some(())
}
