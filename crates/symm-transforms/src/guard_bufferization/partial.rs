// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! linalg.generic outs(%t) { ^bb0(%in, %out): yield %in }
//!   →   linalg.generic outs(%t) { ^bb0(%in, %out): select true, %out, %out; yield %in }
//! ```
//! where `%t` is a tensor, the body does not use `%out`, and the op does not write every element of `%t`: say only its
//! diagonal, or one of its rows.

use crate::{builder::Builder, destination};
use melior::ir::{BlockLike, OperationRef, RegionLike, operation::OperationLike};
use symm_ir::value::Use;

/// Marks what an op keeps of its results; returns of how many.
pub(super) fn mark<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> u64 {
    let results = destination::first(op)..op.operand_count();
    let marked = results.filter(|operand| mark_one(op, *operand).is_some());
    marked.count() as u64
}

fn mark_one<'c: 'a, 'a>(owner: OperationRef<'c, 'a>, operand: usize) -> Option<()> {
    let user = Use { owner, operand };
    if destination::is_used(user) || destination::is_all_written(user) {
        return None;
    }
    let body = owner.region(0).ok()?.first_block()?;
    let rest = body.argument(operand).ok()?.into();
    let b = Builder::before(body.terminator()?);
    b.select(b.int(b.int_type(1), 1), rest, rest);
    Some(())
}
