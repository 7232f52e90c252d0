// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Powers that are a few operations of any type: those by constants, and `math.rsqrt`.

use crate::builder::{Builder, element, erase, first_result, with_element};
use melior::ir::{
    Attribute, AttributeLike, OperationRef, TypeLike, Value, ValueLike,
    attribute::{FloatAttribute, IntegerAttribute},
    operation::OperationLike,
    r#type::IntegerType,
};
use mlir_sys::{
    mlirAttributeIsADenseElements, mlirDenseElementsAttrGetSplatValue, mlirDenseElementsAttrIsSplat,
};
use symm_ir::{
    diagnostics::Failure,
    value::{defining_op, replace_all_uses},
    walk,
};

/// Replaces such a power, and says whether it was one.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<bool, Failure> {
    let (b, base) = (Builder::before(op), op.operand(0)?);
    let value = if walk::is(op, "math.rsqrt") {
        Some(inverse(&b, root(&b, base)))
    } else if walk::is(op, "math.powf") || walk::is(op, "math.fpowi") {
        constant(op.operand(1)?).and_then(|exponent| power(&b, base, exponent))
    } else {
        None
    };
    let Some(value) = value else {
        return Ok(false);
    };
    replace_all_uses(first_result(op), value);
    erase(op);
    Ok(true)
}

/// Returns the number that all elements of a value are known to be.
fn constant(value: Value<'_, '_>) -> Option<f64> {
    let op = defining_op(value).filter(|op| walk::is(*op, "arith.constant"))?;
    let value = op.attribute("value").ok()?;
    let raw = value.to_raw();
    // SAFETY: the attribute is valid, and its kind is checked before it is asked.
    let number = unsafe {
        match mlirAttributeIsADenseElements(raw) && mlirDenseElementsAttrIsSplat(raw) {
            true => Attribute::from_raw(mlirDenseElementsAttrGetSplatValue(raw)),
            false => value,
        }
    };
    if let Ok(number) = FloatAttribute::try_from(number) {
        return Some(number.value());
    }
    let is_long = IntegerType::try_from(number.r#type()).is_ok_and(|r#type| r#type.width() > 64);
    let number = IntegerAttribute::try_from(number).ok();
    number
        .filter(|_| !is_long)
        .map(|number| number.value() as f64)
}

/// Builds a power where that is a root or a product. Longer products of f32 are less exact than
/// the function is.
fn power<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    base: Value<'c, 'a>,
    exponent: f64,
) -> Option<Value<'c, 'a>> {
    let whole = match element(base.r#type()).is_f64() {
        true => -f64::from(u16::MAX)..=f64::from(u16::MAX),
        false => -1.0..=3.0,
    };
    let size = if exponent.abs() == 0.5 {
        positive_root(b, base)
    } else if exponent.fract() == 0.0 && whole.contains(&exponent) {
        product(b, base, exponent.abs() as u64)
    } else {
        return None;
    };
    Some(match exponent < 0.0 {
        true => inverse(b, size),
        false => size,
    })
}

/// Builds a product of equal factors by squaring.
fn product<'c: 'a, 'a>(b: &Builder<'c, 'a>, base: Value<'c, 'a>, factors: u64) -> Value<'c, 'a> {
    let (mut rest, mut square, mut product) = (factors, base, None);
    while rest > 0 {
        if rest % 2 == 1 {
            product = Some(match product {
                Some(product) => b.binary("arith.mulf", product, square),
                None => square,
            });
        }
        rest /= 2;
        if rest > 0 {
            square = b.binary("arith.mulf", square, square);
        }
    }
    product.unwrap_or_else(|| b.float(base.r#type(), 1.0))
}

fn root<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
    b.value("math.sqrt", &[value], value.r#type(), &[])
}

/// Builds the power by 1/2, which of -0 is 0 and of -inf is inf.
fn positive_root<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
    let constant = |number| b.float(value.r#type(), number);
    let root = root(b, b.binary("arith.addf", value, constant(0.0)));
    // Ordered and equal.
    let predicate = [("predicate", b.int_attr(64, 1))];
    let truth = with_element(value.r#type(), b.int_type(1));
    let lowest = constant(f64::NEG_INFINITY);
    let is_lowest = b.value("arith.cmpf", &[value, lowest], truth, &predicate);
    b.select(is_lowest, constant(f64::INFINITY), root)
}

fn inverse<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
    b.binary("arith.divf", b.float(value.r#type(), 1.0), value)
}
