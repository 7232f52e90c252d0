// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--expand-small-floats`: conversions of 8- and 16-bit floats in integer
//! arithmetic.

mod decode;
mod encode;
mod format;

use crate::builder::{Builder, erase, first_result};
use format::Format;
use melior::ir::{
    OperationRef, Value, ValueLike, attribute::IntegerAttribute, operation::OperationLike,
};
use mlir_sys::mlirGetDialectHandle__arith__;
use symm_ir::{
    diagnostics::{Failure, error},
    pass::{PassDef, PassResult, PassRun},
    value::replace_all_uses,
    walk,
};

/// Expands conversions that LLVM has no instruction for.
pub static EXPAND_SMALL_FLOATS: PassDef = PassDef {
    argument: "expand-small-floats",
    summary: "Expand conversions of f16, bf16 and f8 into integer arithmetic",
    description: "
Rewrites `arith.extf` and `arith.truncf` from and to f16, bf16, f8E4M3FN and f8E5M2 in
integer arithmetic without branches, which vectorises, needs no library of a C compiler
(libgcc 12 has no conversion to bf16) and gives the same bits on every machine.
Rounding is to nearest, ties to even, once, also from f64. Too large a value becomes an
infinity, in f8E4M3FN, which has none, NaN.

Vectors are converted alike. Runs after `--arith-emulate-unsupported-floats`, which
leaves nothing but conversions of these types.
",
    anchor: None,
    options: &[],
    statistics: &[],
    dependent_dialects: &[mlirGetDialectHandle__arith__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if walk::is(op, "arith.extf") {
            extend(op)?;
        } else if walk::is(op, "arith.truncf") {
            truncate(op)?;
        }
    }
    Ok(())
}

fn extend<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let (from, to) = (op.operand(0)?, first_result(op).r#type());
    let Some(format) = Format::of(from.r#type()) else {
        return Ok(());
    };
    let b = Builder::before(op);
    let wide = decode::decode(&b, &format, from);
    let value = match Format::of(to) {
        Some(target) => encode::encode(&b, &target, wide),
        None => b.convert("arith.extf", wide, to),
    };
    replace(op, value);
    Ok(())
}

fn truncate<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let (from, to) = (op.operand(0)?, first_result(op).r#type());
    let Some(target) = Format::of(to) else {
        return Ok(());
    };
    check_rounding(op)?;
    let b = Builder::before(op);
    let wide = match Format::of(from.r#type()) {
        Some(format) => decode::decode(&b, &format, from),
        None => from,
    };
    replace(op, encode::encode(&b, &target, wide));
    Ok(())
}

/// Refuses any rounding but to nearest, ties to even, which is 0.
fn check_rounding<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<(), Failure> {
    let Ok(mode) = op.attribute("roundingmode") else {
        return Ok(());
    };
    match IntegerAttribute::try_from(mode) {
        Ok(mode) if mode.value() != 0 => Err(error(
            &op,
            "rounds in a way that is not supported: expected to_nearest_even",
        )
        .emit()),
        _ => Ok(()),
    }
}

fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>, value: Value<'c, 'a>) {
    replace_all_uses(first_result(op), value);
    erase(op);
}
