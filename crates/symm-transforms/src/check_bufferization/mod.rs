// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--check-bufferization`: what would fail where tensors become buffers is refused by
//! name.

mod constants;
mod returned;
mod tensors;

use std::collections::HashSet;
use symm_ir::{
    pass::{PassDef, PassResult, PassRun},
    walk,
};

/// Refuses what bufferization and what comes after it fail on.
pub static CHECK_BUFFERIZATION: PassDef = PassDef {
    argument: "check-bufferization",
    summary: "Refuse, by name, what cannot be bufferized",
    description: "
Refuses, with a way out, ops on tensors that bufferization does not know, constants of more than
2^30 bytes together or whose values in a `dense_resource` do not fit them, buffers that a
function returns with gaps or out of order, since no copy of these can be made for the caller,
and buffers that a function gets and gives back to another one, which would get a copy. Runs right before `--one-shot-bufferize`.
",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[],
    dependent_dialects: &[],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let mut bytes = 0;
    let calls = walk::collect_named(pass.operation(), "func.call");
    let called: HashSet<String> = calls.into_iter().filter_map(returned::callee).collect();
    for op in walk::collect(pass.operation()) {
        tensors::check(op)?;
        returned::check(op, &called)?;
        constants::check(op, &mut bytes)?;
    }
    pass.preserve_all_analyses();
    Ok(())
}
