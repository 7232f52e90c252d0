// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--guard-bufferization`: One-Shot Bufferize gets no chance to give one buffer to two values.

mod loops;
mod partial;
mod root;

use mlir_sys::{mlirGetDialectHandle__arith__, mlirGetDialectHandle__bufferization__};
use symm_ir::{
    linalg::is_structured,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Keeps One-Shot Bufferize from sharing buffers that it must not share.
pub static GUARD_BUFFERIZATION: PassDef = PassDef {
    argument: "guard-bufferization",
    summary: "Copy and mark what One-Shot Bufferize would give one buffer, though it is two values",
    description: "
Two things `--one-shot-bufferize` of LLVM 22 does not see, and then lets a program write over a
value that it still needs:

- With `allow-return-allocs-from-loops`, a loop may hand a tensor from outside to its next
  iteration, or one tensor as two. The iteration writes to it in place. Here the loop hands on a
  copy, unless the tensor is the loop's own or was made in the iteration, and is handed on once.
- A `linalg.generic` that does not look at what its result begins with, and does not write all
  of it either, keeps the rest. Bufferization forgets that rest where it takes another buffer.
  Here the body looks at it, by an op that does nothing and is folded away later.

Runs on tensors, right before bufferization.
",
    anchor: None,
    options: &[],
    statistics: &[
        StatisticDef {
            name: "copies",
            description: "tensors that loops hand on, copied",
        },
        StatisticDef {
            name: "marked",
            description: "results whose rest is kept",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__bufferization__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if is_structured(op) {
            pass.count("marked", partial::mark(op));
        } else {
            pass.count("copies", loops::guard(op)?);
        }
    }
    Ok(())
}
