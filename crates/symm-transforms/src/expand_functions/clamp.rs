// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! math.clampf %x to [%lower, %upper]   →   maximumf (minimumf %x, %upper), %lower
//! ```
//! for floats and vectors of them. NaNs are handed on.

use crate::builder::Builder;
use melior::ir::{OperationRef, Value, operation::OperationLike};
use symm_ir::diagnostics::Failure;

/// Builds `math.clampf %x to [%lower, %upper]`. MLIR's own expansion takes the bounds
/// the other way round.
pub(super) fn clamp<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let (value, lower, upper) = (op.operand(0)?, op.operand(1)?, op.operand(2)?);
    let smaller = b.binary("arith.minimumf", value, upper);
    Ok(Some(b.binary("arith.maximumf", smaller, lower)))
}
