// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! u = math.exp %x
//! math.expm1 %x   →   %x where u is 1, -1 where u - 1 is -1, u where it is infinite, else (u - 1) · (%x / math.log u)
//! ```
//! for floats and vectors of them; shorter ones than f32 are computed in f32. What rounding took from `u - 1` it took from
//! `log u` too (Kahan), where MLIR's own expansion, `u - 1`, has no right digit near 0.

use crate::builder::{Builder, FloatCompare, element, with_element};
use melior::ir::{OperationRef, Type, TypeLike, Value, ValueLike, operation::OperationLike};
use symm_ir::{diagnostics::Failure, walk};

/// Builds `math.expm1`; that of kernels stays, for `--approximate-math` has it.
pub(super) fn minus_one<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    if walk::parent_named(op, "gpu.module").is_some() {
        return Ok(None);
    }
    let x = op.operand(0)?;
    let r#type = x.r#type();
    let element = element(r#type);
    if element.is_f32() || element.is_f64() {
        return Ok(Some(near_zero(b, x)));
    }
    let is_wide = ["f80", "f128"].contains(&element.to_string().as_str());
    if is_wide {
        return Ok(None);
    }
    let wide = with_element(r#type, Type::float32(b.context()));
    let result = near_zero(b, b.convert("arith.extf", x, wide));
    Ok(Some(b.convert("arith.truncf", result, r#type)))
}

fn near_zero<'c: 'a, 'a>(b: &Builder<'c, 'a>, x: Value<'c, 'a>) -> Value<'c, 'a> {
    let r#type = x.r#type();
    let constant = |number| b.float(r#type, number);
    let is = |value, number| b.compare_floats(FloatCompare::Equal, value, constant(number));
    let function = |name, value| b.value(name, &[value], r#type, &[]);
    let power = function("math.exp", x);
    let difference = b.binary("arith.subf", power, constant(1.0));
    // Divided first: near the largest power, the product would be infinite.
    let quotient = b.binary("arith.divf", x, function("math.log", power));
    let product = b.binary("arith.mulf", difference, quotient);
    let result = b.select(is(power, f64::INFINITY), power, product);
    let result = b.select(is(difference, -1.0), constant(-1.0), result);
    b.select(is(power, 1.0), x, result)
}
