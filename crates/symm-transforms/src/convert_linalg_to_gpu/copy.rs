// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! memref.copy %from, %to   →   call @symm_rt.copy(&to, &from, bytes)     both are contiguous
//!                          →   linalg.copy ins(%from) outs(%to)          else, as a kernel
//!                          →                                             a buffer to itself
//! ```
//! Both are ranked; a copy between parts of one buffer that overlap means nothing in MLIR.

use super::report;
use crate::{
    builder::{Builder, erase, memref_type},
    runtime::COPY,
};
use melior::ir::{OperationRef, ShapedTypeLike, Value, ValueLike, operation::OperationLike};
use symm_ir::{
    diagnostics::error,
    memref::{bytes, has_identity_layout, is_static},
    pass::{PassResult, PassRun},
};

/// Turns a `memref.copy` into a call of the runtime where both sides are
/// contiguous, and into a `linalg.copy` otherwise.
pub(super) fn convert<'c: 'a, 'a>(pass: &PassRun<'c, 'a>, op: OperationRef<'c, 'a>) -> PassResult {
    let (from, to) = (op.operand(0)?, op.operand(1)?);
    let b = Builder::before(op);
    if [from, to].iter().any(|buffer| !is_ranked(*buffer)) {
        return Err(error(&op, "expected ranked buffers on a GPU").emit());
    }
    if from == to {
        erase(op);
        return Ok(());
    }
    if ![from, to]
        .iter()
        .all(|buffer| has_identity_layout(buffer.r#type()))
    {
        structured(&b, from, to);
    } else if let Some(bytes) = total(&b, from) {
        COPY.call(&b, &[b.address(to), b.address(from), bytes]);
        pass.count("copies", 1);
        report::copy(op);
    }
    erase(op);
    Ok(())
}

fn is_ranked(buffer: Value<'_, '_>) -> bool {
    use melior::ir::TypeLike;
    buffer.r#type().is_mem_ref()
}

/// Builds the bytes of a contiguous buffer; nothing where there are none.
fn total<'c: 'a, 'a>(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Option<Value<'c, 'a>> {
    let wide = b.int_type(64);
    if is_static(buffer.r#type()) {
        let bytes = bytes(buffer.r#type())?;
        return (bytes > 0).then(|| b.int(wide, bytes as i64));
    }
    let one = melior::ir::r#type::MemRefType::new(memref_type(buffer).element(), &[], None, None);
    let element = b.index(bytes(one.into())? as i64);
    let total = (0..memref_type(buffer).rank()).fold(element, |product, dimension| {
        b.mul(product, b.dim(buffer, dimension))
    });
    Some(b.index_cast(total, wide))
}

/// Builds a copy element by element.
pub(crate) fn structured<'c: 'a, 'a>(b: &Builder<'c, 'a>, from: Value<'c, 'a>, to: Value<'c, 'a>) {
    let element = memref_type(from).element();
    let body = b.nested(&[element, element], |b, arguments| {
        b.op("linalg.yield", &[arguments[0]], &[], &[]);
    });
    let segments = b.segments(&[1, 1]);
    let attributes = [("operandSegmentSizes", segments)];
    b.op_with_regions("linalg.copy", &[from, to], &[], &attributes, vec![body]);
}
