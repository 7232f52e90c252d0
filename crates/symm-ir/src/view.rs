// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ops whose first result is, or is part of, their first operand, and which look at no element.

use crate::value;
use melior::ir::{OperationRef, Value, operation::OperationLike};

/// Views of buffers that begin where the buffer does.
const WHOLE_BUFFERS: [&str; 7] = [
    "memref.assume_alignment",
    "memref.cast",
    "memref.collapse_shape",
    "memref.expand_shape",
    "memref.memory_space_cast",
    "memref.transpose",
    "vector.type_cast",
];

/// Views of buffers that may begin elsewhere.
const PARTS_OF_BUFFERS: [&str; 3] = ["memref.reinterpret_cast", "memref.subview", "memref.view"];

const VIEWS_OF_TENSORS: [&str; 5] = [
    "tensor.cast",
    "tensor.collapse_shape",
    "tensor.expand_shape",
    "tensor.extract_slice",
    "tensor.reshape",
];

/// Says whether an op is a view of a buffer.
pub fn is_of_buffer(op: OperationRef<'_, '_>) -> bool {
    begins_with_buffer(op) || is_one_of(op, &PARTS_OF_BUFFERS)
}

/// Says whether an op is a view of a buffer, and begins where that does.
pub fn begins_with_buffer(op: OperationRef<'_, '_>) -> bool {
    is_one_of(op, &WHOLE_BUFFERS)
}

/// Says whether an op is a view of a tensor.
pub fn is_of_tensor(op: OperationRef<'_, '_>) -> bool {
    is_one_of(op, &VIEWS_OF_TENSORS)
}

/// Returns what a value is a view of, as far as is seen, where `is_view` says which ops are views.
pub fn root<'c: 'a, 'a>(
    mut value: Value<'c, 'a>,
    is_view: impl Fn(OperationRef<'c, 'a>) -> bool,
) -> Value<'c, 'a> {
    while let Some(op) = value::defining_op(value)
        && is_view(op)
        && let Ok(source) = op.operand(0)
    {
        value = source;
    }
    value
}

fn is_one_of(op: OperationRef<'_, '_>, names: &[&str]) -> bool {
    let name = op.name();
    let name = name.as_string_ref();
    name.as_str().is_ok_and(|name| names.contains(&name))
}
