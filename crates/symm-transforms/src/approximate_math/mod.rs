// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--approximate-math`: functions of `math` become arithmetic.

mod elements;
mod function;
mod intrinsic;
mod library;
mod power;
mod widen;

use crate::builder::element;
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__llvm__, mlirGetDialectHandle__math__,
    mlirGetDialectHandle__scf__, mlirGetDialectHandle__vector__,
};
use symm_ir::{
    diagnostics::{Failure, error},
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Replaces functions that GPUs have no instruction for.
pub static APPROXIMATE_MATH: PassDef = PassDef {
    argument: "approximate-math",
    summary: "Replace functions of math by arithmetic in f32",
    description: "
PTX has no function library: what is not an instruction must become arithmetic. Functions on f32 become calls of functions
that are put into the module, with what they call. LLVM inlines them, but for vectors of more than 16 elements. They are right for every argument: subnormal
numbers are not flushed, angles of any size are reduced by as many digits of pi as that takes, and infinities, NaN and the signs of
zero are those of C's functions. Their results are off by at most this many units in the last place:

| units | functions |
|---|---|
| 0 | `arith.remf` |
| 1 | `cbrt`, `exp`, `exp2`, `log`, `log2`, `log10` |
| 1.5 | `acos`, `cosh`, `erf`, `expm1`, `fpowi`, `log1p`, `powf`, `rsqrt` |
| 2 | `asin`, `asinh`, `atan`, `atan2`, `cos`, `sin`, `sincos` |
| 2.5 | `acosh`, `atanh`, `sinh`, `tanh` |
| 3.5 | `erfc` |
| 4 | `tan` |

Powers whose exponent is constant, and 1/2, -1/2 or a whole number from -1 to 3, are a root or products, off by at most 2. So
are those of f64 by 1/2 and by whole numbers of 16 bits, which are less exact, and `rsqrt` of f64. Functions on f16 and bf16 are computed
in f32, those on vectors element by element. What is left after that and is no instruction, such as other functions on f64,
is refused by name.

Runs on a module or a `gpu.module`, before `scf` is lowered.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "functions",
        description: "functions put into modules",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__math__,
        mlirGetDialectHandle__scf__,
        mlirGetDialectHandle__vector__,
    ],
    run,
};

/// Functions on floats that are instructions, and LLVM's intrinsics for them. The
/// conversion to NVVM would call functions of a library that is not there.
const INTRINSICS: [(&str, &str); 11] = [
    ("arith.maxnumf", "llvm.maxnum"),
    ("arith.minnumf", "llvm.minnum"),
    ("math.absf", "llvm.fabs"),
    ("math.ceil", "llvm.ceil"),
    ("math.copysign", "llvm.copysign"),
    ("math.floor", "llvm.floor"),
    ("math.fma", "llvm.fma"),
    ("math.round", "llvm.round"),
    ("math.roundeven", "llvm.roundeven"),
    ("math.sqrt", "llvm.sqrt"),
    ("math.trunc", "llvm.trunc"),
];

/// What `--convert-math-to-llvm` turns into instructions.
const CONVERTED: [&str; 7] = [
    "math.absi",
    "math.ctlz",
    "math.ctpop",
    "math.cttz",
    "math.isfinite",
    "math.isinf",
    "math.isnan",
];

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in functions(pass.operation()) {
        widen::replace(op)?;
    }
    for op in functions(pass.operation()) {
        if !power::replace(op)? {
            function::replace(op)?;
        }
    }
    pass.count("functions", library::add(pass)?);
    for op in walk::collect(pass.operation()) {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        if let Some(intrinsic) = intrinsic_of(name) {
            intrinsic::replace(op, intrinsic);
        }
    }
    match functions(pass.operation()).next() {
        Some(op) => Err(unknown(op)),
        None => Ok(()),
    }
}

/// Returns the functions inside an op that are not converted as they are.
fn functions<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> impl Iterator<Item = OperationRef<'c, 'a>> {
    walk::collect(op).into_iter().filter(|op| {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        name == "arith.remf" || name.starts_with("math.") && !CONVERTED.contains(&name)
    })
}

fn intrinsic_of(name: &str) -> Option<&'static str> {
    let (_, intrinsic) = INTRINSICS.iter().find(|(other, _)| *other == name)?;
    Some(intrinsic)
}

/// Refuses a function that nothing is known of.
fn unknown(op: OperationRef<'_, '_>) -> Failure {
    let is_f32 = op
        .operand(0)
        .is_ok_and(|operand| element(operand.r#type()).to_string() == "f32");
    let message = match is_f32 {
        true => "has no implementation on GPUs; express it by others, as '--expand-functions' does",
        false => "has no implementation on GPUs for this type; use f32",
    };
    error(&op, message).emit()
}
