// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--approximate-math`: functions of `math` become arithmetic.

mod intrinsic;

use melior::ir::operation::OperationLike;
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__llvm__, mlirGetDialectHandle__math__,
    mlirGetDialectHandle__vector__,
};
use symm_ir::{
    diagnostics::error,
    linalg::approximate_math,
    pass::{PassDef, PassResult, PassRun},
    walk,
};

/// Replaces functions that GPUs have no instruction for.
pub static APPROXIMATE_MATH: PassDef = PassDef {
    argument: "approximate-math",
    summary: "Replace functions of math by polynomials in f32",
    description: "
PTX has no function library: what is not an instruction must become arithmetic. Functions
on f32 become MLIR's own polynomials, with errors of a few units in the last place;
functions on shorter floats are computed in f32. Vectors are computed element by element. What is left after that and is no
instruction, such as functions on f64, is refused by name.
",
    anchor: None,
    options: &[],
    statistics: &[],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__math__,
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
    if !approximate_math(pass.operation()) {
        return Err(error(&pass.operation(), "cannot approximate functions of math").emit());
    }
    for op in walk::collect(pass.operation()) {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        if let Some((_, intrinsic)) = INTRINSICS.iter().find(|(other, _)| *other == name) {
            intrinsic::replace(op, intrinsic);
        } else if name.starts_with("math.") && !CONVERTED.contains(&name) {
            let message = "has no implementation on GPUs for this type; use f32";
            return Err(error(&op, message).emit());
        }
    }
    Ok(())
}
