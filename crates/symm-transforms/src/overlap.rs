// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether two buffers may share memory.

use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike};
use symm_ir::{memref::memory_space, value::defining_op, walk};

/// Says whether two buffers may have memory in common. Buffers in different
/// memory spaces, and in different allocations, do not.
pub fn may_overlap<'c: 'a, 'a>(one: Value<'c, 'a>, other: Value<'c, 'a>) -> bool {
    if memory_space(one.r#type()) != memory_space(other.r#type()) {
        return false;
    }
    match (allocation(one), allocation(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// Returns the allocation that a buffer is a part of, where it is seen.
pub fn allocation<'c: 'a, 'a>(mut buffer: Value<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    loop {
        let op = defining_op(buffer)?;
        if walk::is(op, "memref.alloc") || walk::is(op, "memref.alloca") {
            return Some(op);
        }
        if !VIEWS.iter().any(|name| walk::is(op, name)) {
            return None;
        }
        buffer = op.operand(0).ok()?;
    }
}

const VIEWS: [&str; 7] = [
    "memref.cast",
    "memref.collapse_shape",
    "memref.expand_shape",
    "memref.reinterpret_cast",
    "memref.subview",
    "memref.transpose",
    "memref.view",
];
