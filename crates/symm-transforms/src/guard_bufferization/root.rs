// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whose buffer a tensor may be in.

use crate::{branch, tie::Tie};
use melior::ir::{BlockLike, BlockRef, OperationRef, RegionLike, Value, operation::OperationLike};
use std::iter;
use symm_ir::{
    dialect::Collective,
    value::{Origin, operand, origin, result},
    walk,
};

/// A tensor whose buffer another one may be in.
#[derive(Clone, Copy)]
pub(super) enum Root<'c, 'a> {
    /// An argument of the body.
    Argument(Value<'c, 'a>),
    /// One that is made in the body.
    Made(Value<'c, 'a>),
    /// One from outside, or of which nothing is known.
    Other(Value<'c, 'a>),
}

impl<'c, 'a> Root<'c, 'a> {
    pub(super) fn value(&self) -> Value<'c, 'a> {
        match *self {
            Self::Argument(value) | Self::Made(value) | Self::Other(value) => value,
        }
    }
}

/// The body of a loop, or of one of its regions.
pub(super) struct Body<'c, 'a> {
    block: BlockRef<'c, 'a>,
}

/// Ops whose results are in buffers of their own.
const MAKERS: [&str; 5] = [
    "bufferization.alloc_tensor",
    "tensor.empty",
    "tensor.from_elements",
    "tensor.generate",
    "tensor.pad",
];

impl<'c: 'a, 'a> Body<'c, 'a> {
    pub(super) fn new(block: BlockRef<'c, 'a>) -> Self {
        Self { block }
    }

    pub(super) fn terminator(&self) -> Option<OperationRef<'c, 'a>> {
        self.block.terminator()
    }

    /// Says whether a value is the body's: an argument of it, or a result of an op in it.
    pub(super) fn has(&self, value: Value<'c, 'a>) -> bool {
        match origin(value) {
            Origin::Argument(block, _) => self.is_around(block),
            Origin::Result(op, _) => op.block().is_some_and(|block| self.is_around(block)),
        }
    }

    fn is_around(&self, block: BlockRef<'c, 'a>) -> bool {
        let outwards = |block: &BlockRef<'c, 'a>| block.parent_operation()?.block();
        iter::successors(Some(block), outwards).any(|block| block == self.block)
    }

    /// Returns the tensors in whose buffers a tensor may be.
    pub(super) fn roots(&self, value: Value<'c, 'a>) -> Vec<Root<'c, 'a>> {
        if !self.has(value) {
            return vec![Root::Other(value)];
        }
        match origin(value) {
            Origin::Argument(block, _) if block == self.block => vec![Root::Argument(value)],
            Origin::Argument(block, at) => self.roots_of_argument(value, block, at),
            Origin::Result(op, at) => self.roots_of_result(value, op, at),
        }
    }

    /// The first region of an inner `scf.while` begins with what the loop does.
    fn roots_of_argument(
        &self,
        value: Value<'c, 'a>,
        block: BlockRef<'c, 'a>,
        at: usize,
    ) -> Vec<Root<'c, 'a>> {
        let around = block.parent_operation();
        let around = around.filter(|op| {
            let region = op.region(0).ok();
            walk::is(*op, "scf.while")
                && region.and_then(|region| region.first_block()) == Some(block)
        });
        match around.and_then(|op| operand(op, at)) {
            Some(first) => self.roots(first),
            None => vec![Root::Other(value)],
        }
    }

    fn roots_of_result(
        &self,
        value: Value<'c, 'a>,
        op: OperationRef<'c, 'a>,
        at: usize,
    ) -> Vec<Root<'c, 'a>> {
        if is_one_of(op, &MAKERS) || Collective::of(op).is_some_and(|op| !op.is_in_place()) {
            return vec![Root::Made(value)];
        }
        let sources: Vec<_> = sources(op, at).into_iter().flatten().collect();
        if sources.is_empty() {
            return vec![Root::Other(value)];
        }
        sources
            .into_iter()
            .flat_map(|source| self.roots(source))
            .collect()
    }
}

/// Returns the tensors one of whose buffers a result is in, where that is known. What an inner loop hands on is its own, or
/// made in it: its result is in a buffer of its own, or in that which it began with.
fn sources<'c: 'a, 'a>(op: OperationRef<'c, 'a>, at: usize) -> Vec<Option<Value<'c, 'a>>> {
    if branch::is_branch(op) {
        return branch::yielded(op, at);
    }
    if walk::is(op, "arith.select") {
        return vec![operand(op, 1), operand(op, 2)];
    }
    if walk::is(op, "scf.while") {
        let first = op.region(0).ok().and_then(|region| region.first_block());
        let condition = first.and_then(|block| block.terminator());
        return vec![condition.and_then(|condition| operand(condition, at + 1))];
    }
    if walk::is(op, "scf.for") || walk::is(op, "scf.forall") {
        let first = op.operand_count() - op.result_count();
        return vec![operand(op, first + at)];
    }
    if walk::is(op, "c10d.wait_tensor") || Collective::of(op).is_some() {
        return vec![operand(op, at)];
    }
    let is_result = |tie: &Tie<'c, 'a>| Some(tie.to) == result(op, at);
    let ties = Tie::all(op).into_iter().filter(is_result);
    ties.map(|tie| Some(tie.from)).collect()
}

fn is_one_of(op: OperationRef<'_, '_>, names: &[&str]) -> bool {
    names.iter().any(|name| walk::is(op, name))
}
