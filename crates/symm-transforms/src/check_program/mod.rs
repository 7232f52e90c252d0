// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--check-program`: what no artifact can hold is refused at once, and by name.

mod members;
mod types;

use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use std::iter;
use symm_abi::{ENTRY_PREFIX, RUNTIME_SYMBOL};
use symm_ir::{
    diagnostics::error,
    dialect::{Collective, symm_mem_group},
    linalg::is_structured,
    memref::memory_space,
    pass::{OptionDef, PassDef, PassResult, PassRun},
    text, walk,
};

use crate::{convert_launches_to_runtime::KERNELS, group::groups};

/// Refuses programs that cannot become an artifact.
pub static CHECK_PROGRAM: PassDef = PassDef {
    argument: "check-program",
    summary: "Refuse, by name, what no artifact can hold",
    description: "
Both pipelines begin with this pass, so that a program is refused where it says what cannot be
done, and not where that fails in the end. Refused are

- buffers of buffers, buffers whose layout has no strides, and buffers in a memory space other
  than that of a group, but for what is inside a kernel already;
- tensors with an encoding, and values of 2^63 bytes or more;
- floats other than f8E4M3FN, f8E5M2, f16, bf16, f32, f64 and, on CPU ranks, f80 and f128;
- ops that end the process, print, run beside others or before the runtime is there, and modules in
  the module;
- casts of buffers into the symmetric memory of a group, which is what has been allocated there;
- on GPUs, collectives of single elements, in the body of an op of linalg;
- peers that are constant and no members of their group;
- launches of kernels apart from the program, and atomic updates by a region;
- ops that are not known, and symbols whose names the compiler needs.
",
    anchor: Some("builtin.module"),
    options: &[OptionDef::text(
        "device",
        "cpu",
        "what the program is to run on: cpu or cuda",
    )],
    statistics: &[],
    dependent_dialects: &[],
    run,
};

/// Ops that no artifact can have, and what to do about it.
const REFUSED: [(&str, &str); 9] = [
    (
        "async.execute",
        "runs beside other ops, which nothing here does; take what is in it out of it",
    ),
    (
        "builtin.module",
        "is inside another module; a program is one module",
    ),
    (
        "cf.assert",
        "ends the process when it fails, and other ranks with it; return the condition as a result",
    ),
    (
        "gpu.launch_func",
        "launches a kernel apart from the program; put what the kernel does into a gpu.launch",
    ),
    (
        "llvm.mlir.global_ctors",
        "has code run before there is a runtime; call it from an entry",
    ),
    (
        "llvm.mlir.global_dtors",
        "has code run when there is no runtime any more; call it from an entry",
    ),
    (
        "memref.generic_atomic_rmw",
        "has a region that buffers cannot be followed through; use memref.atomic_rmw",
    ),
    (
        "transform.named_sequence",
        "says how a program is to be changed, and is no part of it; run --transform-interpreter before",
    ),
    (
        "vector.print",
        "prints by a library of MLIR's, which artifacts do not have; return the value as a result",
    ),
];

/// Ops that give a buffer another memory space.
const CASTS: [&str; 2] = [
    "builtin.unrealized_conversion_cast",
    "memref.memory_space_cast",
];

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let (floats, is_cuda) = match pass.options().text("device").as_str() {
        "cpu" => (types::FLOATS, false),
        "cuda" => (&types::FLOATS[..types::ON_GPUS], true),
        other => {
            let message = format!("expected device to be cpu or cuda, got '{other}'");
            return Err(error(&module, message).emit());
        }
    };
    for op in walk::children(module) {
        check_name(op)?;
    }
    let groups = groups(module)?;
    for op in walk::collect(module).into_iter().skip(1) {
        if let Some((_, message)) = REFUSED.iter().find(|(name, _)| walk::is(op, name)) {
            return Err(error(&op, *message).emit());
        }
        check_known(op)?;
        check_cast(op)?;
        members::check(op, &groups)?;
        if is_cuda {
            check_body(op)?;
        }
        types::check(op, floats)?;
    }
    pass.preserve_all_analyses();
    Ok(())
}

/// Refuses an op that no dialect has: nothing is known of what it does, and passes of MLIR rely on
/// what they think its regions are.
fn check_known(op: OperationRef<'_, '_>) -> PassResult {
    match walk::is_registered(op) {
        true => Ok(()),
        false => Err(error(
            &op,
            "is no op that is known here; express it in ops that are",
        )
        .emit()),
    }
}

/// Refuses to call a buffer symmetric that was not allocated so: the memory space is the proof that
/// peers find theirs at the same place.
fn check_cast<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    if !CASTS.iter().any(|name| walk::is(op, name)) {
        return Ok(());
    }
    let group = |r#type| memory_space(r#type).and_then(symm_mem_group);
    let operands: Vec<_> = op.operands().map(|operand| operand.r#type()).collect();
    let is_proved = |name: &String| {
        operands
            .iter()
            .any(|r#type| group(*r#type).as_ref() == Some(name))
    };
    let mut results = op.results().filter_map(|result| group(result.r#type()));
    let Some(name) = results.find(|name| !is_proved(name)) else {
        return Ok(());
    };
    let from = operands
        .first()
        .map(|r#type| format!(", got one of type {type}"));
    let message = format!(
        "makes no buffer symmetric{}; allocate it by memref.alloc in #comm.symm_mem<@{name}>, and \
         copy what is to be in it",
        from.unwrap_or_default()
    );
    Err(error(&op, message).emit())
}

/// Refuses collectives of single elements on GPUs, where a body becomes a kernel, and a collective is
/// the host's.
fn check_body<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    if Collective::of(op).is_none() {
        return Ok(());
    }
    let mut around = iter::successors(op.parent_operation(), |op| op.parent_operation());
    let Some(body) = around.find(|op| is_structured(*op)) else {
        return Ok(());
    };
    let message = "is in the body of an op that becomes a kernel; communicate the whole tensor or \
                   buffer before or after that op";
    Err(error(&op, message)
        .note_at(body.location(), "the op")
        .emit())
}

/// Refuses a symbol that has a name of the compiler's.
fn check_name<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let Some(name) = text::symbol_name(op) else {
        return Ok(());
    };
    let is_reserved = [RUNTIME_SYMBOL, KERNELS].contains(&name.as_str())
        || [ENTRY_PREFIX, "_mlir_memref_to_llvm_"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if is_reserved {
        let message = format!("has the name @{name}, which the compiler needs; rename it");
        return Err(error(&op, message).emit());
    }
    Ok(())
}
