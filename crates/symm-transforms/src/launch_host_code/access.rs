// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which ops access elements of buffers, and which only compute.

use melior::ir::{OperationRef, TypeLike, ValueLike, operation::OperationLike};
use symm_ir::{memref::is_memref, walk};

/// Ops of `memref` that read or write elements.
const ELEMENTS: [&str; 4] = [
    "memref.atomic_rmw",
    "memref.generic_atomic_rmw",
    "memref.load",
    "memref.store",
];

/// Dialects whose ops without regions compute, and nothing else.
const COMPUTE: [&str; 5] = ["arith", "complex", "index", "math", "ub"];

/// Loops and branches of one thread.
pub(super) const BRANCHES: [&str; 5] = [
    "scf.for",
    "scf.if",
    "scf.index_switch",
    "scf.while",
    "vector.mask",
];

/// What ends the blocks of these.
pub(super) const ENDS: [&str; 3] = ["scf.condition", "scf.yield", "vector.yield"];

/// Returns the name of an op, and its dialect.
pub(super) fn names(op: OperationRef<'_, '_>) -> (String, String) {
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    let dialect = name.split('.').next().unwrap_or_default();
    (name.to_owned(), dialect.to_owned())
}

/// Says whether an op reads or writes elements of a buffer; not what is inside it.
pub(super) fn is_access(op: OperationRef<'_, '_>) -> bool {
    ELEMENTS.iter().any(|name| walk::is(op, name)) || is_vector_access(op)
}

/// Says whether an op of `vector` reads or writes a buffer.
pub(super) fn is_vector_access(op: OperationRef<'_, '_>) -> bool {
    let takes_buffer = || op.operands().any(|operand| is_memref(operand.r#type()));
    names(op).1 == "vector" && takes_buffer() && !is_view(op)
}

/// Says whether an op inside an op, or itself, reads or writes elements of a buffer.
pub(super) fn inside(op: OperationRef<'_, '_>) -> bool {
    walk::collect(op).into_iter().any(is_access)
}

/// Says whether an op has a vector among its operands or results.
pub(super) fn has_vector(op: OperationRef<'_, '_>) -> bool {
    op.operands().any(|operand| operand.r#type().is_vector())
        || op.results().any(|result| result.r#type().is_vector())
}

/// Says whether an op makes another view of a buffer.
pub(super) fn is_view(op: OperationRef<'_, '_>) -> bool {
    let makes_buffer = op.results().any(|result| is_memref(result.r#type()));
    let takes_buffer = op.operands().any(|operand| is_memref(operand.r#type()));
    makes_buffer && takes_buffer && ["memref", "vector"].contains(&names(op).1.as_str())
}

/// Says whether an op, with all inside it, computes its results from values, without
/// a look into memory.
pub(super) fn is_pure(op: OperationRef<'_, '_>) -> bool {
    if op.region_count() == 0 {
        return computes(op);
    }
    let is_part = |op: OperationRef<'_, '_>| {
        computes(op)
            || BRANCHES.contains(&names(op).0.as_str())
            || ENDS.contains(&names(op).0.as_str())
    };
    op.result_count() > 0 && walk::collect(op).into_iter().all(is_part)
}

fn computes(op: OperationRef<'_, '_>) -> bool {
    if op.region_count() > 0 || op.result_count() == 0 {
        return false;
    }
    let (name, dialect) = names(op);
    match dialect.as_str() {
        "memref" => is_view(op) || name == "memref.dim",
        "vector" => !is_vector_access(op),
        _ => COMPUTE.contains(&dialect.as_str()),
    }
}
