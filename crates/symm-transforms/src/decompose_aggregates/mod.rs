// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--decompose-aggregates`: softmax, packing and bitcasts of tensors become the ops
//! that they stand for.

mod bitcast;
mod softmax;

use melior::ir::OperationRef;
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__bufferization__,
    mlirGetDialectHandle__linalg__, mlirGetDialectHandle__math__, mlirGetDialectHandle__tensor__,
};
use symm_ir::{
    diagnostics::Failure,
    linalg::{is_aggregate, lower_packing},
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Decomposes softmax, packing and bitcasts.
pub static DECOMPOSE_AGGREGATES: PassDef = PassDef {
    argument: "decompose-aggregates",
    summary: "Replace softmax, packing and bitcasts of tensors by the ops that they stand for",
    description: "
A `linalg.softmax` becomes the largest element of each row, the exponentials of what is left
when it is subtracted, their sum, and the quotient. Large elements do not overflow; a NaN makes
its row NaN, and so does a positive infinity. Of f16, bf16 and f8 all this is computed in f32 and
rounded once, as other reductions are: a sum of many small numbers in bf16 would stop growing.

On buffers it is computed on tensors and then written to the output, which may be the input.

A `linalg.pack` becomes padding, where it has any, a `tensor.expand_shape` and a transposition, a
`linalg.unpack` a transposition, a `tensor.collapse_shape` and a slice. A `tensor.bitcast` between
floats and signless integers becomes an `arith.bitcast`. What has unknown sizes where MLIR needs known
ones, and integers with a sign, stay.

Runs on tensors, before fusion.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "decomposed",
        description: "ops replaced",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__bufferization__,
        mlirGetDialectHandle__linalg__,
        mlirGetDialectHandle__math__,
        mlirGetDialectHandle__tensor__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if decompose(op)? {
            pass.count("decomposed", 1);
        }
    }
    Ok(())
}

/// Decomposes an op, and says whether it did.
fn decompose<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<bool, Failure> {
    if is_aggregate(op) {
        softmax::decompose(op)?;
        return Ok(true);
    }
    if walk::is(op, bitcast::NAME) {
        return Ok(bitcast::convert(op));
    }
    Ok(lower_packing(op))
}
