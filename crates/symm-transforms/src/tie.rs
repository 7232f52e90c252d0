// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which results may be in the buffers of which operands.

use crate::destination;
use melior::ir::{OperationRef, TypeLike, Value, ValueLike, operation::OperationLike};
use symm_ir::{
    linalg::is_structured,
    value::{Use, operand, result},
    view, walk,
};

/// A result that may be in the buffer of an operand.
pub(crate) struct Tie<'c, 'a> {
    /// The position of the operand.
    pub(crate) operand: usize,
    /// The operand.
    pub(crate) from: Value<'c, 'a>,
    /// The result.
    pub(crate) to: Value<'c, 'a>,
    /// What the op does to the buffer.
    pub(crate) kind: Kind,
}

/// What an op does to a buffer that it hands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Writes over it, without a look at what is there.
    Unread,
    /// Writes over it, or over an element, and what was there matters.
    Overwritten,
    /// Writes over a slice of it.
    SliceOverwritten,
    /// Nothing.
    View,
}

/// Ops whose result is their second operand with some elements changed.
const INSERTIONS: [&str; 3] = [
    "tensor.insert",
    "tensor.insert_slice",
    "vector.transfer_write",
];

/// Those of them that change a slice.
const SLICES: [&str; 2] = ["tensor.insert_slice", "vector.transfer_write"];

impl<'c: 'a, 'a> Tie<'c, 'a> {
    /// Returns the ties of an op on tensors.
    pub(crate) fn all(op: OperationRef<'c, 'a>) -> Vec<Self> {
        let is_one_of = |names: &[&str]| names.iter().any(|name| walk::is(op, name));
        let pairs = if is_structured(op) {
            let first = destination::first(op);
            (0..op.result_count()).map(|at| (first + at, at)).collect()
        } else if is_one_of(&INSERTIONS) {
            vec![(1, 0)]
        } else if view::is_of_tensor(op) {
            vec![(0, 0)]
        } else {
            Vec::new()
        };
        let tie = |(from, to): (usize, usize)| {
            let kind = if view::is_of_tensor(op) {
                Kind::View
            } else if is_structured(op)
                && !destination::is_read(Use {
                    owner: op,
                    operand: from,
                })
            {
                Kind::Unread
            } else if is_one_of(&SLICES) {
                Kind::SliceOverwritten
            } else {
                Kind::Overwritten
            };
            Some(Self {
                operand: from,
                from: operand(op, from).filter(|from| from.r#type().is_ranked_tensor())?,
                to: result(op, to)?,
                kind,
            })
        };
        pairs.into_iter().filter_map(tie).collect()
    }
}
