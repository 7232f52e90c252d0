// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What structured ops on tensors write over: one operand per result, the last ones.

use melior::ir::{BlockLike, OperationRef, RegionLike, operation::OperationLike};
use symm_ir::value::{Use, uses};

/// Returns the position of the first operand that a structured op on tensors writes
/// over.
pub(crate) fn first(op: OperationRef<'_, '_>) -> usize {
    op.operand_count().saturating_sub(op.result_count())
}

/// Says whether the body of a structured op looks at the elements of an operand, as far
/// as is seen.
pub(crate) fn is_read<'c: 'a, 'a>(user: Use<'c, 'a>) -> bool {
    let region = user.owner.region(0).ok();
    let body = region.and_then(|region| region.first_block());
    let element = body.and_then(|body| body.argument(user.operand).ok());
    element.is_none_or(|element| uses(element.into()).next().is_some())
}
