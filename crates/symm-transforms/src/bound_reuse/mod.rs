// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--bound-reuse`: no buffer is handed on for ever.

use crate::{
    builder::Builder,
    tie::{Kind, Tie},
};
use melior::ir::{Value, ValueLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__bufferization__,
    mlirGetDialectHandle__tensor__,
};
use std::collections::HashMap;
use symm_ir::{
    edit::set_operand,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Begins a new tensor in long chains of ops that write over each other's results.
pub static BOUND_REUSE: PassDef = PassDef {
    argument: "bound-reuse",
    summary: "Begin a new tensor after many ops that each write over the result of the one before",
    description: "
`--one-shot-bufferize` gives one buffer to a chain of ops that each write over the result of
the one before, and compares all reads and writes of it with each other, for each op: a
chain of a thousand ops takes minutes. After 32 of them this pass has the next op that does not
look at what is there write over a new, empty tensor. A copy costs the program more: one is
made only after 256 ops, or before an op that changes a slice after 64, since slices take the
longest to compare. Runs on tensors, before bufferization.
",
    anchor: None,
    options: &[],
    statistics: &[
        StatisticDef {
            name: "empty",
            description: "chains that go on in an empty tensor",
        },
        StatisticDef {
            name: "copies",
            description: "chains that go on in a copy",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__bufferization__,
        mlirGetDialectHandle__tensor__,
    ],
    run,
};

/// Returns the most ops that share one buffer, before one that hands it on in this way.
/// Bufferization takes about a second for so many.
fn max_length(kind: Kind) -> usize {
    match kind {
        Kind::Unread => 32,
        Kind::SliceOverwritten => 64,
        Kind::Overwritten => 256,
        Kind::View => usize::MAX,
    }
}

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let mut lengths = HashMap::new();
    for op in walk::collect(pass.operation()) {
        for tie in Tie::all(op) {
            let mut length = 1 + lengths.get(&key(tie.from)).copied().unwrap_or(0);
            let b = Builder::before(op);
            if length > max_length(tie.kind) {
                let (statistic, fresh) = match tie.kind {
                    Kind::Unread => ("empty", b.empty_like(tie.from)),
                    _ => ("copies", b.copy_of_tensor(tie.from)),
                };
                set_operand(op, tie.operand, fresh);
                pass.count(statistic, 1);
                length = 1;
            }
            lengths.insert(key(tie.to), length);
        }
    }
    Ok(())
}

fn key(value: Value<'_, '_>) -> usize {
    value.to_raw().ptr as usize
}
