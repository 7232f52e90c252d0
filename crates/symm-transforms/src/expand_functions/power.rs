// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! math.ipowi %b, %e   →   select (bit i of %e) then p·b^(2^i) else p, over all bits i but the sign;
//!                         for negative %e: 1, -1 or 0
//! ```
//! for integers of any width and vectors of them; products wrap. 0 to a negative power, which is undefined, is 0.

use crate::builder::{Builder, Compare, element};
use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike, r#type::IntegerType};
use symm_ir::diagnostics::Failure;

/// Builds `math.ipowi`: for each bit of the exponent a square, without a branch.
pub(super) fn integer<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let (base, exponent) = (op.operand(0)?, op.operand(1)?);
    let r#type = base.r#type();
    let width = IntegerType::try_from(element(r#type))?.width();
    let constant = |number| b.int(r#type, number);
    let (zero, one) = (constant(0), constant(1));
    let (mut power, mut square) = (one, base);
    for bit in 0..i64::from(width.saturating_sub(1)) {
        let bit = b.binary(
            "arith.andi",
            exponent,
            b.binary("arith.shli", one, constant(bit)),
        );
        let product = b.mul(power, square);
        power = b.select(b.compare(Compare::Eq, bit, zero), power, product);
        square = b.mul(square, square);
    }
    let is_negative = b.compare(Compare::Slt, exponent, zero);
    Ok(Some(b.select(
        is_negative,
        inverse(b, base, exponent),
        power,
    )))
}

/// Builds a negative power: of 1 and -1 it is one of these, else less than 1.
fn inverse<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    base: Value<'c, 'a>,
    exponent: Value<'c, 'a>,
) -> Value<'c, 'a> {
    let constant = |number| b.int(base.r#type(), number);
    let (zero, one) = (constant(0), constant(1));
    let is_even = b.compare(Compare::Eq, b.binary("arith.andi", exponent, one), zero);
    let sign = b.select(is_even, one, base);
    let is_minus_one = b.compare(Compare::Eq, base, constant(-1));
    let is_one = b.compare(Compare::Eq, base, one);
    b.select(is_minus_one, sign, b.select(is_one, one, zero))
}
