// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether two buffers may share memory.

use melior::ir::{BlockLike, OperationRef, RegionLike, Value, ValueLike, operation::OperationLike};
use std::iter;
use symm_ir::{
    memref::memory_space,
    value::{Origin, defining_op, operand, origin},
    walk,
};

/// Says whether two buffers may have memory in common. Buffers in different
/// memory spaces, and in different allocations, do not; nor does an allocation with
/// an argument of a block around it or a global, which were there before it.
pub fn may_overlap<'c: 'a, 'a>(one: Value<'c, 'a>, other: Value<'c, 'a>) -> bool {
    if memory_space(one.r#type()) != memory_space(other.r#type()) {
        return false;
    }
    match (allocation(one), allocation(other)) {
        (Some(one), Some(other)) => one == other,
        (Some(allocation), None) => !is_older(other, allocation),
        (None, Some(allocation)) => !is_older(one, allocation),
        (None, None) => true,
    }
}

/// Says whether a buffer was there before an allocation was made: one that a function or the
/// body of a loop got, before what it makes itself.
fn is_older<'c: 'a, 'a>(buffer: Value<'c, 'a>, allocation: OperationRef<'c, 'a>) -> bool {
    match origin(root(buffer)) {
        Origin::Result(op, _) => walk::is(op, "memref.get_global"),
        Origin::Argument(block, _) => {
            let around = iter::successors(Some(allocation), |op| op.parent_operation());
            around.into_iter().any(|op| op.block() == Some(block))
        }
    }
}

/// Says whether a buffer is, or is a view of, an argument of a function.
pub fn is_function_argument(buffer: Value<'_, '_>) -> bool {
    let Origin::Argument(block, _) = origin(root(buffer)) else {
        return false;
    };
    let function = block
        .parent_operation()
        .filter(|op| walk::is(*op, "func.func"));
    let entry = function.and_then(|op| op.region(0).ok()?.first_block());
    entry == Some(block)
}

/// Returns the allocation that a buffer is a part of, where it is seen.
pub fn allocation<'c: 'a, 'a>(buffer: Value<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    let op = defining_op(root(buffer))?;
    (walk::is(op, "memref.alloc") || walk::is(op, "memref.alloca")).then_some(op)
}

/// Returns the buffer that a buffer is a view of, as far as is seen.
pub fn root<'c: 'a, 'a>(mut buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    while let Some(op) = defining_op(buffer)
        && VIEWS.iter().any(|name| walk::is(op, name))
        && let Some(viewed) = operand(op, 0)
    {
        buffer = viewed;
    }
    buffer
}

/// Ops whose result is a view of their first operand.
pub const VIEWS: [&str; 7] = [
    "memref.cast",
    "memref.collapse_shape",
    "memref.expand_shape",
    "memref.reinterpret_cast",
    "memref.subview",
    "memref.transpose",
    "memref.view",
];
