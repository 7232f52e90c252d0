// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What an op does with a tensor.

use crate::destination;
use symm_ir::{
    linalg::{Position, is_structured, parallel_loops, positions},
    value::Use,
    walk,
};

/// What an op does with a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It looks at it, or hands it on.
    Read,
    /// It has a loop over the elements, and reads one in each iteration.
    ReadByElement,
    /// It begins with what is there, and writes over it.
    Overwritten,
    /// It writes over it.
    Unread,
}

impl Role {
    /// Returns what an op does with one of its operands.
    pub(super) fn of<'c: 'a, 'a>(user: Use<'c, 'a>) -> Self {
        let op = user.owner;
        if walk::is(op, "scf.for") {
            return Self::Overwritten;
        }
        if !is_structured(op) {
            return Self::Read;
        }
        match (
            user.operand >= destination::first(op),
            destination::is_read(user),
        ) {
            (true, true) => Self::Overwritten,
            (true, false) => Self::Unread,
            (false, _) if walk::is(op, "linalg.generic") && others_bound_loops(user) => {
                Self::ReadByElement
            }
            (false, _) => Self::Read,
        }
    }
}

/// Says whether every loop of an op is over a dimension of another operand.
fn others_bound_loops<'c: 'a, 'a>(user: Use<'c, 'a>) -> bool {
    let (Some(loops), Some(positions)) = (parallel_loops(user.owner), positions(user.owner)) else {
        return false;
    };
    let others = positions
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != user.operand);
    let bounded: Vec<_> = others.flat_map(|(_, positions)| positions).collect();
    (0..loops.len()).all(|of| bounded.contains(&&Position::Loop(of)))
}
