// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What can be part of a kernel, and what has to be changed for that.

use super::access::{BRANCHES, ENDS, is_access, is_pure, names};
use crate::{
    builder::{Builder, erase, first_result, memref_type},
    convert_linalg_to_gpu::{copy, launch::hoist},
};
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_ir::{
    diagnostics::error,
    linalg::is_structured,
    memref::{bytes, is_static},
    pass::PassResult,
    value::replace_all_uses,
    walk,
};

/// Most bytes of a buffer that a thread has for itself.
const MAX_BYTES: u64 = 4096;

/// Loops of many iterations at a time, and parts of ops.
const OTHERS: [&str; 6] = [
    "linalg.index",
    "linalg.yield",
    "memref.atomic_yield",
    "scf.parallel",
    "scf.reduce",
    "scf.reduce.return",
];

/// Ops that are taken out of a kernel, or made something else.
const CHANGED: [&str; 6] = [
    "comm.rank",
    "memref.alloc",
    "memref.alloca",
    "memref.copy",
    "memref.dealloc",
    "memref.get_global",
];

/// Returns the first op, of an op and those inside it, that a kernel cannot have.
pub(super) fn foreign<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    let lists = [&BRANCHES[..], &ENDS, &OTHERS, &CHANGED];
    let is_fine = |op: &OperationRef<'c, 'a>| {
        let (name, _) = names(*op);
        is_access(*op)
            || is_pure(*op)
            || is_structured(*op)
            || lists.iter().any(|list| list.contains(&name.as_str()))
    };
    walk::collect(op).into_iter().find(|op| !is_fine(op))
}

/// Makes what is inside a loop fit for a kernel: buffers of its own become memory of
/// the thread, copies loops, and what only the host knows comes before it.
pub(super) fn prepare<'c: 'a, 'a>(outer: OperationRef<'c, 'a>) -> PassResult {
    hoist(outer);
    for op in walk::collect(outer) {
        match names(op).0.as_str() {
            "memref.alloc" | "memref.alloca" => keep_in_thread(outer, op)?,
            "memref.copy" => {
                let (from, to) = (op.operand(0)?, op.operand(1)?);
                if from != to {
                    copy::structured(&Builder::before(op), from, to);
                }
                erase(op);
            }
            "memref.dealloc" => erase(op),
            _ => {}
        }
    }
    Ok(())
}

/// Makes an allocation memory of the thread that runs an iteration.
fn keep_in_thread<'c: 'a, 'a>(outer: OperationRef<'c, 'a>, op: OperationRef<'c, 'a>) -> PassResult {
    let buffer = first_result(op);
    let size = bytes(buffer.r#type()).filter(|_| is_static(buffer.r#type()));
    if size.is_none_or(|size| size > MAX_BYTES) {
        let message = format!(
            "expected a buffer of a known size of at most {MAX_BYTES} bytes inside a kernel, got \
             {}; allocate it outside of the loop",
            buffer.r#type()
        );
        return Err(error(&op, message).emit());
    }
    let start = walk::children(outer)
        .next()
        .ok_or("a loop has no body".to_owned())?;
    let b = Builder::before(start);
    let own = b.allocate("memref.alloca", memref_type(buffer), &[]);
    replace_all_uses(buffer, own);
    erase(op);
    Ok(())
}
