// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Buffers that functions return.

use crate::{
    branch::yielded,
    create_entry_points::may_be_contiguous,
    overlap::{is_function_argument, root},
};
use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike, r#type::MemRefType};
use std::collections::HashSet;
use symm_ir::{
    diagnostics::error,
    memref::is_memref,
    pass::PassResult,
    text,
    value::{Origin, operand, origin},
    walk,
};

/// Refuses a returned buffer that a copy in a row-major one cannot stand for.
///
/// And one that is, or may be, an argument of a function that the program calls: the caller would get a copy of its own
/// buffer, and not see what happens to that.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, called: &HashSet<String>) -> PassResult {
    if !walk::is(op, "func.return") {
        return Ok(());
    }
    for (index, value) in op.operands().enumerate() {
        let buffer = MemRefType::try_from(value.r#type());
        if let Some(buffer) = buffer.ok().filter(|buffer| !may_be_contiguous(*buffer)) {
            let message = format!(
                "expected result #{index} to be row-major and contiguous, got {buffer}; return a \
                 copy of it in a fresh buffer"
            );
            return Err(error(&op, message).emit());
        }
    }
    let function = op.parent_operation();
    let name = function.and_then(text::symbol_name).unwrap_or_default();
    let gives_back = |(_, value): &(usize, Value<'c, 'a>)| may_be_argument(*value);
    match op.operands().enumerate().find(gives_back) {
        Some((index, _)) if called.contains(&name) => {
            let message = format!(
                "gives back, as result #{index}, a buffer that @{name} was given, of which its caller \
                 would get a copy; have the caller use the buffer that it has"
            );
            Err(error(&op, message).emit())
        }
        _ => Ok(()),
    }
}

/// Returns the name of the function that a call is of.
pub(super) fn callee(call: OperationRef<'_, '_>) -> Option<String> {
    text::attribute(call, "callee")
}

/// Says whether a buffer is, or is a view of, an argument of the function, or may be by a choice or a branch.
fn may_be_argument<'c: 'a, 'a>(value: Value<'c, 'a>) -> bool {
    if !is_memref(value.r#type()) {
        return false;
    }
    let root = root(value);
    let Origin::Result(op, at) = origin(root) else {
        return is_function_argument(root);
    };
    let choices = match walk::is(op, "arith.select") {
        true => vec![operand(op, 1), operand(op, 2)],
        false => yielded(op, at),
    };
    choices.into_iter().flatten().any(may_be_argument)
}
