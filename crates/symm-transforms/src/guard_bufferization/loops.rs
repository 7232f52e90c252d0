// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! scf.for iter_args(%a, %b) { …; scf.yield %t, %t }
//!   →   scf.for iter_args(%a, %b) { …; %copy = bufferization.alloc_tensor() copy(%t); scf.yield %t, %copy }
//! ```
//! for each tensor that a loop hands to its next iteration, or to its other region, and that
//! - is of outside the loop; or
//! - is in the buffer of one that is handed on before it; or,
//! - in `scf.while`, may be in a buffer of outside. Of `scf.for`, bufferization copies these itself.

use super::root::{Body, Root};
use crate::builder::Builder;
use melior::ir::{OperationRef, RegionLike, TypeLike, Value, ValueLike, operation::OperationLike};
use symm_ir::{diagnostics::Failure, edit::set_operand, value::operand, walk};

/// Copies what a loop must not hand on as it is; returns how many tensors.
pub(super) fn guard(op: OperationRef<'_, '_>) -> Result<u64, Failure> {
    let is_while = walk::is(op, "scf.while");
    if !is_while && !walk::is(op, "scf.for") {
        return Ok(0);
    }
    let mut copies = 0;
    for at in 0..op.region_count() {
        if let Some(block) = op.region(at)?.first_block() {
            copies += guard_body(&Body::new(block), is_while);
        }
    }
    Ok(copies)
}

fn guard_body<'c: 'a, 'a>(body: &Body<'c, 'a>, is_while: bool) -> u64 {
    let Some(terminator) = body.terminator() else {
        return 0;
    };
    let mut copies = 0;
    let mut handed: Vec<Value<'c, 'a>> = Vec::new();
    for at in 0..terminator.operand_count() {
        let Some(value) = operand(terminator, at).filter(|value| value.r#type().is_ranked_tensor())
        else {
            continue;
        };
        let roots = body.roots(value);
        let is_shared = roots.iter().any(|root| handed.contains(&root.value()));
        let may_be_outside = roots.iter().any(|root| matches!(root, Root::Other(_)));
        if is_shared || !body.has(value) || is_while && may_be_outside {
            let copy = Builder::before(terminator).copy_of_tensor(value);
            set_operand(terminator, at, copy);
            copies += 1;
        } else {
            handed.extend(roots.iter().map(Root::value));
        }
    }
    copies
}
