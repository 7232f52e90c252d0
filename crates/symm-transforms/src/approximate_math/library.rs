// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The library of functions, which is written in MLIR.

use crate::builder::Builder;
use melior::ir::{Module, OperationRef, RegionLike, operation::OperationLike};
use std::{
    collections::{HashMap, HashSet},
    iter,
};
use symm_ir::{
    context::context_of,
    diagnostics::{Failure, error},
    edit,
    pass::PassRun,
    text::{attribute, symbol_name},
    walk,
};

/// What the symbols of the library's functions begin with.
pub(super) const PREFIX: &str = "symm.";

const SOURCE: &str = concat!(
    include_str!("functions/exponential.mlir"),
    include_str!("functions/gauss.mlir"),
    include_str!("functions/hyperbolic.mlir"),
    include_str!("functions/inverse.mlir"),
    include_str!("functions/logarithmic.mlir"),
    include_str!("functions/power.mlir"),
    include_str!("functions/remainder.mlir"),
    include_str!("functions/trigonometric.mlir"),
);

/// Puts the functions that are called into the modules that they are called from, with what
/// these call, and says how many these were.
pub(super) fn add(pass: &PassRun<'_, '_>) -> Result<u64, Failure> {
    let calls = callees(pass.operation());
    let Some((call, _)) = calls.first() else {
        return Ok(0);
    };
    if !is_module(pass.operation()) {
        let message = "needs a function of the module: run the pass on that";
        return Err(error(call, message).emit());
    }
    let library = Module::parse(pass.context(), SOURCE);
    let library = library.ok_or_else(|| error(call, "cannot read the functions").emit())?;
    let functions: HashMap<_, _> = walk::children(library.as_operation())
        .filter_map(|function| Some((symbol_name(function)?, function)))
        .collect();
    let mut there: HashMap<usize, HashSet<String>> = HashMap::new();
    let mut added = 0;
    for (call, callee) in calls {
        let mut around = iter::successors(Some(call), |op| op.parent_operation());
        let Some(module) = around.find(|op| is_module(*op)) else {
            continue;
        };
        let there = there
            .entry(module.to_raw().ptr as usize)
            .or_insert_with(|| walk::children(module).filter_map(symbol_name).collect());
        let mut wanted = vec![callee];
        while let Some(name) = wanted.pop() {
            let Some(function) = functions.get(&name).filter(|_| there.insert(name.clone())) else {
                continue;
            };
            wanted.extend(callees(*function).into_iter().map(|(_, callee)| callee));
            append(module, *function)?;
            added += 1;
        }
    }
    Ok(added)
}

fn is_module(op: OperationRef<'_, '_>) -> bool {
    walk::is(op, "gpu.module") || walk::is(op, "builtin.module")
}

/// Returns the calls of functions of the library inside an op, and what they call.
fn callees<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Vec<(OperationRef<'c, 'a>, String)> {
    walk::collect_named(op, "llvm.call")
        .into_iter()
        .filter_map(|call| Some((call, attribute(call, "callee")?)))
        .filter(|(_, callee)| callee.starts_with(PREFIX))
        .collect()
}

fn append<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
    function: OperationRef<'c, '_>,
) -> Result<(), Failure> {
    let Some(block) = module.region(0)?.first_block() else {
        return Err(error(&module, "has no body").emit());
    };
    let b = Builder::at_end(context_of(&module), module.location(), block);
    b.insert(edit::clone(function));
    Ok(())
}
