// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Symmetric memory: allocated and freed by the runtime.

use super::{Conversion, primitive::replace};
use crate::{
    builder::{Builder, dynamic, erase, first_result, memref_type, shape},
    group::Group,
    runtime,
};
use melior::ir::{
    OperationRef, ShapedTypeLike, Type, Value, ValueLike,
    attribute::{IntegerAttribute, TypeAttribute},
    operation::OperationLike,
};
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::symm_mem_group,
    memref::{self, has_identity_layout, is_too_large, memory_space},
    pass::PassResult,
};

/// Alignment where the program asks for none: a cache line.
const ALIGNMENT: i64 = 64;

/// The largest alignment of a symmetric heap.
const MAX_ALIGNMENT: i64 = 4096;

impl<'c: 'a, 'a> Conversion<'c, 'a> {
    pub(super) fn allocate(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let result = first_result(op);
        let Some(group) = self.space(op, result.r#type())? else {
            return Ok(());
        };
        if !has_identity_layout(result.r#type()) {
            let message = format!("expected a row-major buffer, got {}", result.r#type());
            return Err(error(&op, message).emit());
        }
        let alignment = match op.attribute("alignment") {
            Ok(alignment) => IntegerAttribute::try_from(alignment)?.signed_value(),
            Err(_) => ALIGNMENT,
        };
        if alignment > MAX_ALIGNMENT {
            let message = format!(
                "asks for an alignment of {alignment} in symmetric memory, expected at most \
                 {MAX_ALIGNMENT}"
            );
            return Err(error(&op, message).emit());
        }
        if is_too_large(result.r#type()) {
            let message = format!(
                "asks for more symmetric memory than there can be, for a {}",
                result.r#type()
            );
            return Err(error(&op, message).emit());
        }
        let b = Builder::before(op);
        let element = element_bytes(op, result.r#type())?;
        let sizes = sizes(&b, op)?;
        let strides = strides(&b, &sizes);
        let wide = b.int_type(64);
        let bytes = sizes.iter().fold(b.int(wide, element), |bytes, size| {
            // Rather too much, which the heap refuses, than what is left of it.
            b.saturating_mul(bytes, *size)
        });
        let operands = [b.i32(i64::from(group.index)), bytes, b.int(wide, alignment)];
        let address = runtime::ALLOC.call_value(&b, &operands);
        let descriptor = b.descriptor(address, &sizes, &strides);
        replace(op, b.unrealized(descriptor, result.r#type()));
        Ok(())
    }

    pub(super) fn deallocate(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let buffer = op.operand(0)?;
        let Some(group) = self.space(op, buffer.r#type())? else {
            return Ok(());
        };
        let b = Builder::before(op);
        let name = "memref.extract_aligned_pointer_as_index";
        let address = b.value(name, &[buffer], b.index_type(), &[]);
        let address = b.index_cast(address, b.int_type(64));
        let address = b.value("llvm.inttoptr", &[address], b.pointer_type(), &[]);
        runtime::FREE.call(&b, &[b.i32(i64::from(group.index)), address]);
        erase(op);
        Ok(())
    }

    /// A cast between symmetric and ordinary memory changes nothing any more.
    pub(super) fn cast(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (from, to) = (op.operand(0)?, first_result(op));
        let groups = [self.space(op, from.r#type())?, self.space(op, to.r#type())?];
        if groups.iter().any(Option::is_some) {
            replace(op, from);
        }
        Ok(())
    }

    /// Refuses symmetric memory that no runtime hands out.
    pub(super) fn refuse(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let global = op
            .attribute("type")
            .ok()
            .and_then(|r#type| TypeAttribute::try_from(r#type).ok());
        let types = op.results().map(|result| result.r#type());
        for r#type in types.chain(global.map(|global| global.value())) {
            if self.space(op, r#type)?.is_some() {
                let message = "cannot be in symmetric memory; use memref.alloc";
                return Err(error(&op, message).emit());
            }
        }
        Ok(())
    }

    /// Returns the group in whose symmetric memory a type lies.
    fn space(&self, op: OperationRef<'c, 'a>, r#type: Type<'c>) -> Result<Option<Group>, Failure> {
        match memory_space(r#type).and_then(symm_mem_group) {
            Some(name) => Ok(Some(self.group(op, &name)?.clone())),
            None => Ok(None),
        }
    }
}

/// Returns the bytes of one element.
fn element_bytes<'c: 'a, 'a>(op: OperationRef<'c, 'a>, r#type: Type<'c>) -> Result<i64, Failure> {
    let element = memref_type(first_result(op)).element();
    let one = melior::ir::r#type::MemRefType::new(element, &[], None, None);
    memref::bytes(one.into())
        .map(|bytes| bytes as i64)
        .ok_or_else(|| {
            error(
                &op,
                format!("cannot allocate {} in symmetric memory", r#type),
            )
            .emit()
        })
}

/// Builds the extents of an allocation in 64 bits.
fn sizes<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Vec<Value<'c, 'a>>, Failure> {
    let wide = b.int_type(64);
    let mut dynamic_sizes = op.operands();
    shape(memref_type(first_result(op)))
        .into_iter()
        .map(|extent| match extent {
            extent if extent != dynamic() => Ok(b.int(wide, extent)),
            _ => {
                let size = dynamic_sizes.next().ok_or("expected a size".to_owned())?;
                Ok(b.index_cast(size, wide))
            }
        })
        .collect()
}

/// Builds the strides of a row-major buffer.
fn strides<'c: 'a, 'a>(b: &Builder<'c, 'a>, sizes: &[Value<'c, 'a>]) -> Vec<Value<'c, 'a>> {
    let mut stride = b.int(b.int_type(64), 1);
    let mut strides: Vec<_> = sizes
        .iter()
        .rev()
        .map(|size| {
            let this = stride;
            stride = b.mul(stride, *size);
            this
        })
        .collect();
    strides.reverse();
    strides
}
