// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--unshare-fills`: each user of a filled tensor gets one of its own.

use crate::builder::first_result;
use melior::ir::{Operation, OperationRef, operation::OperationLike};
use mlir_sys::{mlirGetDialectHandle__linalg__, mlirOperationClone};
use symm_ir::{
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    rewriter::Rewriter,
    value::{self, Use},
    walk,
};

/// Clones fills that have several users.
pub static UNSHARE_FILLS: PassDef = PassDef {
    argument: "unshare-fills",
    summary: "Give each user of a filled tensor a fill of its own",
    description: "
`--cse` merges the zeros that accumulators start from. Bufferization then has to copy
them for all users but one. A fill costs less than a copy, and none at all where a
matrix product overwrites its result instead. Runs on tensors.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef { name: "clones", description: "fills cloned" }],
    dependent_dialects: &[mlirGetDialectHandle__linalg__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let rewriter = Rewriter::new(pass.context());
    for fill in walk::collect_named(pass.operation(), "linalg.fill") {
        if fill.result_count() == 0 {
            continue;
        }
        let uses: Vec<Use<'_, '_>> = value::uses(first_result(fill)).collect();
        for other in uses.iter().skip(1) {
            let clone = rewriter.after(fill).insert(clone(fill));
            rewriter.replace_use(*other, first_result(clone));
            pass.count("clones", 1);
        }
    }
    Ok(())
}

fn clone<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Operation<'c> {
    // SAFETY: the operation is valid; nobody else owns its clone.
    unsafe { Operation::from_raw(mlirOperationClone(op.to_raw())) }
}
