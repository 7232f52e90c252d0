// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--unshare-inits`: each user of an empty or filled tensor gets one of its own.
//!
//! ```text
//! %e = tensor.empty; a(%e); b(%e); scf.for { c(%e) }
//!   →   %e = tensor.empty; a(%e); %f = tensor.empty; b(%f); scf.for { %g = tensor.empty; c(%g) }
//! ```
//! The first user in the init's block keeps it. Around loops that run in parallel, and other ops with a body, the clone goes
//! before them: their bodies share it.

use crate::builder::first_result;
use melior::ir::{BlockLike, OperationRef, RegionRef, operation::OperationLike};
use mlir_sys::mlirGetDialectHandle__linalg__;
use symm_ir::{
    edit,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    rewriter::Rewriter,
    value, walk,
};

/// Clones empty and filled tensors that have several users.
pub static UNSHARE_INITS: PassDef = PassDef {
    argument: "unshare-inits",
    summary: "Give each user of an empty or filled tensor one of its own",
    description: "
`--cse` merges the zeros that accumulators start from. Bufferization then has to copy
them for all users but one. A fill costs less than a copy, and none at all where a
matrix product overwrites its result instead.

It merges empty tensors, too, and bufferization then gives one buffer to values that have
nothing to do with each other. If one of these must be in symmetric memory, all are, and a
result among them has to be copied out. A loop or a branch gets tensors of its own in it, so that
what it hands on is not copied out of one from outside. Runs on tensors.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "clones",
        description: "fills and empty tensors cloned",
    }],
    dependent_dialects: &[mlirGetDialectHandle__linalg__],
    run,
};

/// Loops and branches of one thread.
const AROUND: [&str; 4] = ["scf.for", "scf.if", "scf.index_switch", "scf.while"];

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let rewriter = Rewriter::new(pass.context());
    // A fill's clone uses the empty tensor of the original.
    for name in ["linalg.fill", "tensor.empty"] {
        for init in walk::collect_named(pass.operation(), name) {
            if init.result_count() == 1 {
                unshare(pass, &rewriter, init);
            }
        }
    }
    Ok(())
}

fn unshare<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    rewriter: &Rewriter<'c, 'a>,
    init: OperationRef<'c, 'a>,
) {
    let mut is_kept = false;
    for user in value::uses(first_result(init)).collect::<Vec<_>>() {
        let place = place(init, user.owner);
        if place.block() == init.block() && !is_kept {
            is_kept = true;
            continue;
        }
        let clone = rewriter.before(place).insert(edit::clone(init));
        rewriter.replace_use(user, first_result(clone));
        pass.count("clones", 1);
    }
    if !is_kept {
        rewriter.erase(init);
    }
}

/// Returns the op that a user's init goes before: the user, or the first op around it, as seen
/// from the block or the region that the init is in, that neither loops nor branches.
fn place<'c: 'a, 'a>(
    init: OperationRef<'c, 'a>,
    user: OperationRef<'c, 'a>,
) -> OperationRef<'c, 'a> {
    let mut place = user;
    let mut op = user;
    while op.block() != init.block()
        && region(op) != region(init)
        && let Some(around) = op.parent_operation()
    {
        if !AROUND.iter().any(|name| walk::is(around, name)) {
            place = around;
        }
        op = around;
    }
    place
}

fn region<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<RegionRef<'c, 'a>> {
    op.block()?.parent_region()
}
