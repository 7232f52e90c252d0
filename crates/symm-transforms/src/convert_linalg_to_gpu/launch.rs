// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ops become kernels of one thread.

use crate::builder::Builder;
use melior::ir::OperationRef;
use symm_ir::{edit::move_before, walk};

/// Puts an op into a `gpu.launch` of its own.
pub(crate) fn wrap<'c: 'a, 'a>(op: OperationRef<'c, 'a>) {
    let b = Builder::before(op);
    let one = b.index(1);
    let mut end = None;
    b.launch([one; 6], &[], |b, _| {
        end = Some(b.op("gpu.terminator", &[], &[], &[]))
    });
    // Not before: the launch takes its place in front of the op.
    if let Some(end) = end {
        move_before(op, end);
    }
}

/// Moves what only the host knows, numbers of ranks and where constants are, to before the op that it
/// is in and that a kernel does. They are the same wherever they are asked for.
pub(crate) fn hoist<'c: 'a, 'a>(outer: OperationRef<'c, 'a>) {
    for op in walk::collect(outer) {
        if walk::is(op, "comm.rank") || walk::is(op, "memref.get_global") {
            move_before(op, outer);
        }
    }
}
