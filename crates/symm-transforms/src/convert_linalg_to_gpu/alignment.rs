// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether a matrix begins where the library can take it. Allocations and arguments do, so
//! this is about offsets.

use crate::builder::{dynamic, memref_type};
use melior::ir::{
    OperationRef, TypeLike, Value, ValueLike, attribute::DenseI64ArrayAttribute,
    operation::OperationLike,
};
use symm_abi::cuda::MATRIX_ALIGN;
use symm_ir::{
    value::{defining_op, operand},
    view, walk,
};

/// Says whether a buffer begins at a multiple of the alignment of matrices. Where a loop says
/// where it begins, as it does for the weights of a layer, each step has to be such a multiple.
pub(super) fn is_sound<'c: 'a, 'a>(buffer: Value<'c, 'a>, element_bytes: u64) -> bool {
    if !buffer.r#type().is_mem_ref() {
        return false;
    }
    let (_, offset) = memref_type(buffer).strides_and_offset();
    if offset != dynamic() {
        return is_multiple(offset, element_bytes);
    }
    let Some(op) = defining_op(buffer) else {
        return false;
    };
    (view::begins_with_buffer(op) || has_sound_steps(op, element_bytes).unwrap_or(false))
        && operand(op, 0).is_some_and(|source| is_sound(source, element_bytes))
}

/// Says whether a subview moves the beginning by multiples only, whatever its indices are.
fn has_sound_steps(view: OperationRef<'_, '_>, element_bytes: u64) -> Option<bool> {
    if !walk::is(view, "memref.subview") {
        return None;
    }
    let offsets = DenseI64ArrayAttribute::try_from(view.attribute("static_offsets").ok()?).ok()?;
    let (strides, _) = memref_type(operand(view, 0)?).strides_and_offset();
    let is_sound = |(dimension, stride): (usize, &i64)| match offsets.element(dimension).ok()? {
        0 => Some(true),
        _ if *stride == dynamic() => None,
        at if at == dynamic() => Some(is_multiple(*stride, element_bytes)),
        at => Some(is_multiple(at.checked_mul(*stride)?, element_bytes)),
    };
    let mut dimensions = strides.iter().enumerate();
    Some(dimensions.all(|dimension| is_sound(dimension).unwrap_or(false)))
}

fn is_multiple(elements: i64, element_bytes: u64) -> bool {
    let bytes = elements.unsigned_abs().checked_mul(element_bytes);
    bytes.is_some_and(|bytes| bytes.is_multiple_of(MATRIX_ALIGN))
}
