// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--order-loops`: loops of products and sums in the order that vectorises.

mod permute;

use melior::ir::OperationRef;
use symm_ir::{
    linalg::{Position, generalize, is_contraction, parallel_loops, positions},
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Makes a parallel loop with unit stride the innermost.
pub static ORDER_LOOPS: PassDef = PassDef {
    argument: "order-loops",
    summary: "Make a parallel loop with unit stride the innermost loop of structured ops",
    description: "
The innermost loop of `linalg.matmul` is a sum, which LLVM must not reorder and so
cannot vectorise. This pass makes the loop over the last dimension of the output the
innermost one, where every input has it as its last dimension too or does not have it at
all: for a product, rows, sums, columns. The order of the sums of each element, and
with it every bit of the result, stays as it was.

Named contractions become `linalg.generic`. Runs before `--convert-linalg-to-loops`.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "reordered",
        description: "ops whose loops were reordered",
    }],
    dependent_dialects: &[],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if is_contraction(op) && !walk::is(op, "linalg.generic") {
            generalize(op);
        }
    }
    for op in walk::collect_named(pass.operation(), "linalg.generic") {
        if let Some(order) = order(op) {
            permute::loops(op, &order);
            pass.count("reordered", 1);
        }
    }
    Ok(())
}

/// Returns the loops of an op in a better order, outermost first, where there is
/// one.
fn order(op: OperationRef<'_, '_>) -> Option<Vec<usize>> {
    let parallel = parallel_loops(op)?;
    let operands = positions(op)?;
    let (output, inputs) = operands.split_last()?;
    let Some(Position::Loop(columns)) = output.last() else {
        return None;
    };
    let innermost = parallel.len() - 1;
    let sums = !parallel[innermost] && parallel[*columns];
    let is_columns = |position: &Position<'_>| *position == Position::Loop(*columns);
    let streams = |input: &Vec<Position<'_>>| match input.split_last() {
        Some((_, outer)) => !outer.iter().any(is_columns) && input.iter().all(is_loop),
        None => true,
    };
    let indexed = !walk::collect_named(op, "linalg.index").is_empty();
    if !sums || indexed || !output.iter().all(is_loop) || !inputs.iter().all(streams) {
        return None;
    }
    let others = (0..parallel.len()).filter(|one| one != columns);
    Some(others.chain([*columns]).collect())
}

fn is_loop(position: &Position<'_>) -> bool {
    matches!(position, Position::Loop(_))
}
