// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Host code does not see what is in buffers.

use crate::number_type::made;
use melior::ir::{OperationRef, Type, TypeLike, ValueLike, operation::OperationLike};
use symm_ir::{diagnostics::error, memref::is_memref, pass::PassResult, view, walk};

/// Dialects whose ops on the host hand buffers on without looking into them.
const HARMLESS: [&str; 6] = ["arith", "builtin", "cf", "comm", "func", "scf"];

/// Ops whose regions the GPU runs.
const DEVICE: [&str; 2] = ["gpu.launch", "gpu.module"];

/// Primitives that work on memory of peers.
const PRIMITIVES: [&str; 7] = [
    "comm.compare_exchange",
    "comm.load",
    "comm.next_epoch",
    "comm.peer",
    "comm.signal",
    "comm.store",
    "comm.wait",
];

/// Ops that look at no element, besides views.
const BLIND: [&str; 5] = [
    "memref.alloc",
    "memref.dealloc",
    "memref.dim",
    "memref.extract_aligned_pointer_as_index",
    "memref.extract_strided_metadata",
];

/// Reports the first op that takes or makes a tensor, which is in no memory.
pub(super) fn check_bufferized<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> PassResult {
    let has_tensor = |op: &OperationRef<'c, 'a>| {
        let operands = op.operands().map(|operand| operand.r#type());
        operands.chain(made(*op)).any(is_tensor)
    };
    match walk::collect(module).into_iter().find(has_tensor) {
        Some(op) => {
            let message = "has a tensor and no buffer; run --one-shot-bufferize first";
            Err(error(&op, message).emit())
        }
        None => Ok(()),
    }
}

fn is_tensor(r#type: Type<'_>) -> bool {
    r#type.is_ranked_tensor() || r#type.is_unranked_tensor()
}

/// Reports the first op of the host that reads or writes a buffer, or has one where
/// the GPU has none.
pub(super) fn check<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> PassResult {
    for op in walk::collect(module) {
        if DEVICE
            .iter()
            .any(|name| walk::is(op, name) || walk::parent_named(op, name).is_some())
        {
            continue;
        }
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        if name == "memref.alloca" {
            let message = "is in the memory of the host; pass the values as an argument, or \
                           compute them with linalg.generic";
            return Err(error(&op, message).emit());
        }
        if PRIMITIVES.contains(&name) {
            let message = "is a primitive of kernels, which a program for GPUs cannot have in its \
                           host code; use an op of symm_mem";
            return Err(error(&op, message).emit());
        }
        let takes_buffer = op.operands().any(|operand| is_memref(operand.r#type()));
        if takes_buffer && !is_harmless(op, name) {
            return Err(error(&op, reason(op, name)).emit());
        }
    }
    Ok(())
}

/// Says why the host can't do an op, and what to do about it.
fn reason(op: OperationRef<'_, '_>, name: &str) -> &'static str {
    let dialect = name.split('.').next().unwrap_or_default();
    let is_in_loop = walk::parent_named(op, "scf.parallel").is_some();
    match dialect {
        "c10d" | "symm_mem" => {
            "is a collective, which --convert-symm-mem-to-gpu makes a call of the runtime; run it \
             before this pass"
        }
        "vector" => {
            "is vector code, which --launch-host-code makes a kernel; run it before this pass"
        }
        _ if name == "memref.reshape" => {
            "reads the shape out of a buffer of the GPU on the host; use tensor.expand_shape and \
             tensor.collapse_shape, or those of memref"
        }
        _ if is_in_loop => {
            "is in a parallel loop, which --launch-host-code makes a kernel; run it before this pass"
        }
        _ => {
            "reads or writes a buffer of the GPU on the host; express it as linalg.generic, or put \
             it into an scf.forall"
        }
    }
}

fn is_harmless(op: OperationRef<'_, '_>, name: &str) -> bool {
    let dialect = name.split('.').next().unwrap_or_default();
    HARMLESS.contains(&dialect) || BLIND.contains(&name) || view::is_of_buffer(op)
}
