// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What kind of a float a value is: compared in its own type, for a number that is
//! subnormal there may be normal in a wider one.

use crate::builder::{Builder, FloatCompare, element, with_element};
use melior::ir::{OperationRef, Type, Value, ValueLike, operation::OperationLike};
use symm_ir::diagnostics::{Failure, error};

/// Builds `math.isinf`.
pub(super) fn is_infinite<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let value = op.operand(0)?;
    Ok(Some(match infinity(b, value.r#type()) {
        Some(infinity) => b.compare_floats(FloatCompare::Equal, magnitude(b, value), infinity),
        None => b.int(truth(b, value.r#type()), 0),
    }))
}

/// Builds `math.isnormal`.
pub(super) fn is_normal<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let value = op.operand(0)?;
    let r#type = value.r#type();
    let Some(least) = least_normal(r#type) else {
        let message = format!("has no implementation for {}; use f64", element(r#type));
        return Err(error(&op, message).emit());
    };
    let magnitude = magnitude(b, value);
    let is_large = b.compare_floats(
        FloatCompare::GreaterOrEqual,
        magnitude,
        b.float(r#type, least),
    );
    Ok(Some(match infinity(b, r#type) {
        Some(infinity) => {
            let is_finite = b.compare_floats(FloatCompare::Less, magnitude, infinity);
            b.binary("arith.andi", is_large, is_finite)
        }
        None => is_large,
    }))
}

/// Returns the smallest normal number of a type.
fn least_normal(r#type: Type<'_>) -> Option<f64> {
    let exponent = match element(r#type).to_string().as_str() {
        "f8E4M3FN" => -6,
        "f8E5M2" | "f16" => -14,
        "bf16" | "f32" => -126,
        "f64" => -1022,
        _ => return None,
    };
    Some(f64::from(exponent).exp2())
}

/// Builds the infinity of a type, where it has one.
fn infinity<'c: 'a, 'a>(b: &Builder<'c, 'a>, r#type: Type<'c>) -> Option<Value<'c, 'a>> {
    let has_infinity = element(r#type).to_string() != "f8E4M3FN";
    has_infinity.then(|| b.float(r#type, f64::INFINITY))
}

fn magnitude<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
    b.value("math.absf", &[value], value.r#type(), &[])
}

/// Returns the type of whether something holds for each element of a type.
fn truth<'c: 'a, 'a>(b: &Builder<'c, 'a>, r#type: Type<'c>) -> Type<'c> {
    with_element(r#type, b.int_type(1))
}
