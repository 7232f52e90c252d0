// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Functions of complex numbers, by parts.

use crate::{builder::Builder, number_type::number_type};
use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike};
use symm_ir::diagnostics::{Failure, error};

/// What MLIR converts.
const CONVERTED: [&str; 9] = [
    "complex.abs",
    "complex.add",
    "complex.constant",
    "complex.create",
    "complex.div",
    "complex.im",
    "complex.mul",
    "complex.re",
    "complex.sub",
];

/// Refuses an op that nothing converts.
pub(super) fn check<'c: 'a, 'a>(
    _: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let name = op.name();
    let name = name.as_string_ref();
    if CONVERTED.contains(&name.as_str().unwrap_or_default()) {
        return Ok(None);
    }
    let message = "has no implementation; take the number apart by complex.re and complex.im, and \
                   use functions of math";
    Err(error(&op, message).emit())
}

/// Builds `complex.conj`.
pub(super) fn conjugate<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let (re, im) = parts(b, op.operand(0)?);
    Ok(Some(create(b, op, re, negative(b, im))))
}

/// Builds `complex.neg`.
pub(super) fn negate<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let (re, im) = parts(b, op.operand(0)?);
    Ok(Some(create(b, op, negative(b, re), negative(b, im))))
}

/// Builds `complex.eq`.
pub(super) fn equal<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    // Ordered and equal.
    compare(b, op, 1, "arith.andi").map(Some)
}

/// Builds `complex.neq`.
pub(super) fn unequal<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    // Unordered or unequal.
    compare(b, op, 13, "arith.ori").map(Some)
}

fn compare<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    predicate: i64,
    join: &str,
) -> Result<Value<'c, 'a>, Failure> {
    let (left, right) = (parts(b, op.operand(0)?), parts(b, op.operand(1)?));
    let part = |left, right| {
        let predicate = [("predicate", b.int_attr(64, predicate))];
        b.value("arith.cmpf", &[left, right], b.int_type(1), &predicate)
    };
    Ok(b.binary(join, part(left.0, right.0), part(left.1, right.1)))
}

fn parts<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> (Value<'c, 'a>, Value<'c, 'a>) {
    let part = |name| b.value(name, &[value], number_type(value.r#type()), &[]);
    (part("complex.re"), part("complex.im"))
}

fn negative<'c: 'a, 'a>(b: &Builder<'c, 'a>, part: Value<'c, 'a>) -> Value<'c, 'a> {
    b.value("arith.negf", &[part], part.r#type(), &[])
}

fn create<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    re: Value<'c, 'a>,
    im: Value<'c, 'a>,
) -> Value<'c, 'a> {
    let r#type = crate::builder::first_result(op).r#type();
    b.value("complex.create", &[re, im], r#type, &[])
}
