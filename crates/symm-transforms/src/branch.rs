// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Branches: each result is what one of the regions yields at its position.

use melior::ir::{BlockLike, OperationRef, Value, operation::OperationLike};
use symm_ir::{value::operand, walk};

const BRANCHES: [&str; 3] = ["scf.execute_region", "scf.if", "scf.index_switch"];

/// Says whether an op is a branch.
pub fn is_branch(op: OperationRef<'_, '_>) -> bool {
    BRANCHES.iter().any(|name| walk::is(op, name))
}

/// Returns what the regions of a branch yield at a position; nothing of other ops.
pub fn yielded<'c: 'a, 'a>(op: OperationRef<'c, 'a>, at: usize) -> Vec<Option<Value<'c, 'a>>> {
    if !is_branch(op) {
        return Vec::new();
    }
    let blocks = op.regions().flat_map(walk::blocks);
    let yields = blocks.filter_map(|block| block.terminator());
    let yields = yields.filter(|op| walk::is(*op, "scf.yield"));
    yields.map(|op| operand(op, at)).collect()
}
