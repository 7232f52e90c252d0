// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What structured ops on tensors write over: one operand per result, the last ones.

use melior::ir::{BlockLike, OperationRef, RegionLike, operation::OperationLike};
use symm_ir::{
    linalg::{Position, positions},
    value::{Use, uses},
};

/// Returns the position of the first operand that a structured op on tensors writes
/// over.
pub(crate) fn first(op: OperationRef<'_, '_>) -> usize {
    op.operand_count().saturating_sub(op.result_count())
}

/// Says whether it matters what the tensor is that a structured op writes over: the op looks at its elements or, as far as
/// is seen, leaves some as they are.
pub(crate) fn is_read<'c: 'a, 'a>(user: Use<'c, 'a>) -> bool {
    is_used(user) || !is_all_written(user)
}

/// Says whether a structured op writes every element of the tensor that it writes over: each of its dimensions is a loop of
/// its own.
pub(crate) fn is_all_written<'c: 'a, 'a>(user: Use<'c, 'a>) -> bool {
    let places = positions(user.owner).and_then(|mut all| {
        let is_known = user.operand < all.len();
        is_known.then(|| all.swap_remove(user.operand))
    });
    places.is_some_and(|places| {
        let is_loop = |place: &Position<'c>| matches!(place, Position::Loop(_));
        let is_other = |at: usize| !places[..at].contains(&places[at]);
        places.iter().all(is_loop) && (0..places.len()).all(is_other)
    })
}

/// Says whether the body of a structured op looks at the elements of an operand, as far
/// as is seen.
pub(crate) fn is_used<'c: 'a, 'a>(user: Use<'c, 'a>) -> bool {
    let region = user.owner.region(0).ok();
    let body = region.and_then(|region| region.first_block());
    let element = body.and_then(|body| body.argument(user.operand).ok());
    element.is_none_or(|element| uses(element.into()).next().is_some())
}
