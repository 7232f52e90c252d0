// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The process groups of a module.

use crate::attributes::symbol;
use melior::ir::{
    Attribute, OperationRef,
    attribute::{ArrayAttribute, IntegerAttribute},
    operation::OperationLike,
};
use symm_ir::{
    diagnostics::{Failure, error},
    text, walk,
};

/// The most members of a group that can be lowered, each of which is named in tables.
const MOST_MEMBERS: i64 = 1 << 16;

/// A process group, as `comm.group` declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its symbol, without `@`.
    pub name: String,
    /// Its position among the groups of the module: its number at run time.
    pub index: u32,
    /// The number of its members.
    pub size: i64,
    /// Says whether it has symmetric memory.
    pub symm_mem: bool,
    /// The world ranks of its members, in order.
    pub ranks: Vec<i64>,
}

/// Returns the groups of a module, in order.
///
/// # Errors
///
/// Reports a group that is too large to be lowered.
pub fn groups<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Result<Vec<Group>, Failure> {
    walk::children(module)
        .filter(|op| walk::is(*op, "comm.group"))
        .zip(0..)
        .map(|(op, index)| group(op, index))
        .collect()
}

/// Returns the group that an op names.
///
/// # Errors
///
/// Reports an op whose group is not among these.
pub fn group_of<'c: 'a, 'a>(groups: &[Group], op: OperationRef<'c, 'a>) -> Result<Group, Failure> {
    let name = symbol(op, "group")?;
    let found = groups.iter().find(|group| group.name == name).cloned();
    found.ok_or_else(|| error(&op, format!("uses unknown group @{name}")).emit())
}

fn group<'c: 'a, 'a>(op: OperationRef<'c, 'a>, index: u32) -> Result<Group, Failure> {
    let size = op.attribute("size").map(integer).unwrap_or_default();
    if size > MOST_MEMBERS {
        let message = format!("expected at most {MOST_MEMBERS} members to lower it, got {size}");
        return Err(error(&op, message).emit());
    }
    let ranks = match op.attribute("ranks").and_then(ArrayAttribute::try_from) {
        Ok(list) => (0..list.len())
            .filter_map(|i| list.element(i).ok())
            .map(integer)
            .collect(),
        Err(_) => (0..size).collect(),
    };
    Ok(Group {
        name: text::symbol_name(op).unwrap_or_default(),
        index,
        size,
        symm_mem: op.has_attribute("symm_mem"),
        ranks,
    })
}

fn integer(attribute: Attribute<'_>) -> i64 {
    IntegerAttribute::try_from(attribute).map_or(0, |integer| integer.signed_value())
}
