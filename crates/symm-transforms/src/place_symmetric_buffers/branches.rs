// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Branches that ranks may take differently. Symmetric buffers are allocated by all ranks in one order, and an op that needs
//! one gets the same on all of them. What comes out of such a branch is neither sure to be allocated by all nor to be the same
//! one, so it stays where it is, and the op gets a copy.

use super::{
    pin::{PinKind, symbol},
    survey::Survey,
};
use melior::ir::{
    BlockLike, BlockRef, OperationRef, RegionLike, Value, ValueLike, operation::OperationLike,
};
use std::{
    collections::{HashMap, HashSet},
    iter,
};
use symm_ir::{
    text,
    value::{Origin, operand, origin},
    walk,
};

/// Ops that choose what their results are by a number: a condition, or bounds.
pub const CHOICES: [&str; 5] = [
    "arith.select",
    "scf.for",
    "scf.if",
    "scf.index_switch",
    "scf.while",
];

/// Ops whose results may be another number on each rank.
const SOURCES: [&str; 5] = [
    "comm.load",
    "comm.rank",
    "memref.load",
    "tensor.extract",
    "vector.load",
];

impl<'c: 'a, 'a> Survey<'c, 'a> {
    /// Pins what comes out of a branch that ranks may take differently, where it goes to an op that needs symmetric memory
    /// and is not in that branch itself.
    pub fn pin_branches(&mut self) {
        let mut needs: HashMap<usize, Vec<OperationRef<'c, 'a>>> = HashMap::new();
        for at in 0..self.needs.len() {
            let operand = self.needs[at].operand;
            let class = self.classes.find(operand.node).index();
            needs.entry(class).or_default().push(operand.op);
        }
        for (op, node) in std::mem::take(&mut self.choices) {
            let class = self.classes.find(node).index();
            let Some(needing) = needs.get(&class) else {
                continue;
            };
            let differs = Numbers::new(&self.functions.calls).choice_differs(op);
            if differs && !needing.iter().all(|need| self.is_inside(*need, op)) {
                self.pin(node, PinKind::Branch, op);
            }
        }
    }

    /// Says whether an op is run from inside another one: it is in it, or in a function that is called there.
    fn is_inside(&self, op: OperationRef<'c, 'a>, branch: OperationRef<'c, 'a>) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![op];
        while let Some(op) = open.pop() {
            if is_in(op, branch) {
                continue;
            }
            let function = walk::parent_named(op, "func.func");
            let name = function.and_then(text::symbol_name).unwrap_or_default();
            let calls = self.functions.calls.iter();
            let calls: Vec<_> = calls
                .filter(|call| symbol(**call, "callee") == name)
                .collect();
            if calls.is_empty() {
                return false;
            }
            if seen.insert(name.clone()) {
                open.extend(calls);
            }
        }
        true
    }
}

fn is_in<'c: 'a, 'a>(op: OperationRef<'c, 'a>, around: OperationRef<'c, 'a>) -> bool {
    iter::successors(op.parent_operation(), |op| op.parent_operation()).any(|op| op == around)
}

/// Which numbers may differ between ranks: what comes of a rank's number or of what is in buffers. An argument of a function
/// is what its calls pass.
struct Numbers<'s, 'c, 'a> {
    calls: &'s [OperationRef<'c, 'a>],
    seen: HashSet<usize>,
}

impl<'s, 'c: 'a, 'a> Numbers<'s, 'c, 'a> {
    fn new(calls: &'s [OperationRef<'c, 'a>]) -> Self {
        Self {
            calls,
            seen: HashSet::new(),
        }
    }

    /// Says whether the number that an op chooses by may differ.
    fn choice_differs(&mut self, op: OperationRef<'c, 'a>) -> bool {
        let numbers = match walk::is(op, "scf.for") {
            true => 0..3,
            false => 0..1,
        };
        if walk::is(op, "scf.while") {
            let condition = op
                .region(0)
                .ok()
                .and_then(|region| region.first_block()?.terminator());
            return condition
                .and_then(|op| operand(op, 0))
                .is_none_or(|value| self.differs(value));
        }
        numbers
            .into_iter()
            .any(|at| operand(op, at).is_some_and(|value| self.differs(value)))
    }

    fn differs(&mut self, value: Value<'c, 'a>) -> bool {
        if !self.seen.insert(value.to_raw().ptr as usize) {
            return false;
        }
        match origin(value) {
            Origin::Result(op, _) => self.is_of_different(op),
            Origin::Argument(block, at) => self.argument_differs(block, at),
        }
    }

    fn is_of_different(&mut self, op: OperationRef<'c, 'a>) -> bool {
        walk::collect(op).into_iter().any(|op| {
            SOURCES.iter().any(|name| walk::is(op, name))
                || op.operands().any(|operand| self.differs(operand))
        })
    }

    fn argument_differs(&mut self, block: BlockRef<'c, 'a>, at: usize) -> bool {
        let Some(around) = block.parent_operation() else {
            return true;
        };
        if !walk::is(around, "func.func") {
            return self.is_of_different(around);
        }
        let name = text::symbol_name(around).unwrap_or_default();
        let calls = self
            .calls
            .iter()
            .filter(|call| symbol(**call, "callee") == name);
        calls
            .filter_map(|call| operand(*call, at))
            .any(|value| self.differs(value))
    }
}
