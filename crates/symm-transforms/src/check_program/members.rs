// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which members of a group ops may name.

use crate::{attributes::symbol, group::Group};
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_ir::{
    diagnostics::error,
    dialect::symm_mem_group,
    memref::memory_space,
    pass::PassResult,
    value::{integer, operand},
    walk,
};

/// Ops with a peer, and which operand it is.
const PEERS: [(&str, usize); 3] = [("comm.peer", 1), ("comm.signal", 0), ("comm.wait", 0)];

/// Refuses a peer that is known not to be a member of the group. Not the verifier's to say: it must
/// not look at other ops, and where constants are propagated, code that never runs may name any.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, groups: &[Group]) -> PassResult {
    let Some((_, at)) = PEERS.iter().find(|(name, _)| walk::is(op, name)) else {
        return Ok(());
    };
    let Some(peer) = operand(op, *at).and_then(integer) else {
        return Ok(());
    };
    let name = match op.has_attribute("group") {
        true => Some(symbol(op, "group")?),
        false => memory_space(op.operand(0)?.r#type()).and_then(symm_mem_group),
    };
    let group = groups
        .iter()
        .find(|group| Some(&group.name) == name.as_ref());
    let Some(group) = group.filter(|group| !(0..group.size).contains(&peer)) else {
        return Ok(());
    };
    let message = format!(
        "peer {peer} is not a rank of @{}, which has {}",
        group.name, group.size
    );
    Err(error(&op, message).emit())
}
