// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--expand-functions`: functions that MLIR converts no further become ones that it
//! does.

mod clamp;
mod classify;
mod complex;
mod exponential;
mod fused;
mod power;

use crate::builder::{Builder, erase, first_result};
use melior::ir::{OperationRef, Value, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__complex__, mlirGetDialectHandle__math__,
};
use symm_ir::{
    diagnostics::Failure,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    value::replace_all_uses,
    walk,
};

/// Expands functions of math and complex.
pub static EXPAND_FUNCTIONS: PassDef = PassDef {
    argument: "expand-functions",
    summary: "Express functions that MLIR has no conversion of by others",
    description: "
Expresses, by `arith` and by functions that are converted further, on numbers and vectors:

- `math.isinf` and `math.isnormal`, by comparisons in the type itself;
- `math.expm1` outside of kernels, by `exp` and `log` so that it is right near 0, off by at most 3 units in the last place;
- `math.clampf`, as the larger of the lower bound and the smaller of value and upper bound;
- `math.ipowi`, by repeated squaring; a negative power of 0 is 0;
- `math.fma` of f8, in f32;
- `complex.neg`, `complex.conj`, `complex.eq` and `complex.neq`, by parts.

All other functions of complex numbers but `complex.abs` and the four operations are refused. Runs
before `--arith-emulate-unsupported-floats`.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "expanded",
        description: "functions expanded",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__complex__,
        mlirGetDialectHandle__math__,
    ],
    run,
};

/// Builds what an op computes, before it; `None` where it stays.
type Expansion<'c, 'a> =
    fn(&Builder<'c, 'a>, OperationRef<'c, 'a>) -> Result<Option<Value<'c, 'a>>, Failure>;

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        let Some(expansion) = expansion(op) else {
            continue;
        };
        if let Some(value) = expansion(&Builder::before(op), op)? {
            replace_all_uses(first_result(op), value);
            erase(op);
            pass.count("expanded", 1);
        }
    }
    Ok(())
}

fn expansion<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Expansion<'c, 'a>> {
    let name = op.name();
    let name = name.as_string_ref();
    Some(match name.as_str().unwrap_or_default() {
        "complex.conj" => complex::conjugate,
        "complex.eq" => complex::equal,
        "complex.neg" => complex::negate,
        "complex.neq" => complex::unequal,
        "math.clampf" => clamp::clamp,
        "math.expm1" => exponential::minus_one,
        "math.fma" => fused::multiply_add,
        "math.ipowi" => power::integer,
        "math.isinf" => classify::is_infinite,
        "math.isnormal" => classify::is_normal,
        name if name.starts_with("complex.") => complex::check,
        _ => return None,
    })
}
