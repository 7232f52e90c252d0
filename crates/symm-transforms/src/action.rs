// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which ops the conversions to CPU and to GPUs take, and as what. Both match on
//! [`Action`], so that a new op is not forgotten in either.

use crate::library;
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_abi::CollectiveKind;
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::Collective,
    memref::is_memref,
    walk,
};

/// What an op asks of the ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// `c10d.wait_tensor`
    Wait,
    /// `symm_mem.barrier`
    Barrier,
    /// `symm_mem.one_shot_all_reduce`
    OneShot,
    /// `symm_mem.one_shot_all_reduce_copy`
    OneShotCopy,
    /// `symm_mem.two_shot_all_reduce_`
    TwoShot,
    /// A `c10d` op that stays.
    Library(CollectiveKind),
}

/// Returns the ops of a module that are converted, in its order.
pub(crate) fn converted<'c, 'a>(module: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    let is_converted = |op: &OperationRef<'c, 'a>| {
        Collective::of(*op).is_some()
            || walk::is(*op, "symm_mem.barrier")
            || walk::is(*op, "c10d.wait_tensor")
    };
    walk::collect(module)
        .into_iter()
        .filter(is_converted)
        .collect()
}

/// Returns what an op asks for; `device` is where, in words.
///
/// # Errors
///
/// Fails, after a diagnostic, for an op on tensors and for one that nobody implements.
pub(crate) fn of(op: OperationRef<'_, '_>, device: &str) -> Result<Action, Failure> {
    if op.operands().any(|operand| !is_memref(operand.r#type())) {
        return Err(error(&op, "works on tensors; run --one-shot-bufferize first").emit());
    }
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    Ok(match name {
        "c10d.wait_tensor" => Action::Wait,
        "symm_mem.barrier" => Action::Barrier,
        "symm_mem.one_shot_all_reduce" => Action::OneShot,
        "symm_mem.one_shot_all_reduce_copy" => Action::OneShotCopy,
        "symm_mem.two_shot_all_reduce_" => Action::TwoShot,
        _ => match library::kind(name) {
            Some(kind) => Action::Library(kind),
            None => return Err(error(&op, format!("has no implementation on {device}")).emit()),
        },
    })
}
