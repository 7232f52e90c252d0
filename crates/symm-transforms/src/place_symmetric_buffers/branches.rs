// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Branches that ranks may take differently. Symmetric buffers are allocated by all ranks in one order, and an op that needs
//! one gets the same on all of them. What comes out of such a branch is neither sure to be allocated by all nor to be the same
//! one, so it stays where it is, and the op gets a copy.

use super::{
    classes::Node,
    ops::memref_result,
    pin::{PinKind, symbol},
    survey::Survey,
};
use melior::ir::{
    BlockLike, BlockRef, OperationRef, RegionLike, Value, ValueLike, operation::OperationLike,
};
use std::{
    cell::RefCell,
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

/// Ops whose results may be another number on each rank; of a function, nobody looks at how it comes to its own.
const SOURCES: [&str; 9] = [
    "affine.load",
    "comm.compare_exchange",
    "comm.load",
    "comm.rank",
    "func.call",
    "memref.atomic_rmw",
    "memref.load",
    "vector.load",
    "vector.transfer_read",
];

impl<'c: 'a, 'a> Survey<'c, 'a> {
    /// Pins what comes out of a branch that ranks may take differently, and what is allocated in one, where it goes to an op
    /// that needs symmetric memory and is not in that branch itself.
    pub fn pin_branches(&mut self) {
        let mut needs: HashMap<usize, Vec<OperationRef<'c, 'a>>> = HashMap::new();
        for at in 0..self.needs.len() {
            let operand = self.needs[at].operand;
            let class = self.classes.find(operand.node).index();
            needs.entry(class).or_default().push(operand.op);
        }
        let calls = std::mem::take(&mut self.functions.calls);
        let mut branches = Branches::new(&calls);
        for (node, around) in self.outcomes(&mut branches) {
            let class = self.classes.find(node).index();
            let needing = needs.get(&class).map_or(&[][..], |needing| needing);
            let is_apart = |branch: &OperationRef<'c, 'a>| {
                let is_outside = |need: &OperationRef<'c, 'a>| !branches.has(*branch, *need);
                needing.iter().any(is_outside) && branches.differs(*branch)
            };
            if let Some(branch) = around.into_iter().find(is_apart) {
                self.pin(node, PinKind::Branch, branch);
            }
        }
        self.functions.calls = calls;
    }

    /// Returns the memrefs that branches and loops give or that are made in them, with these.
    fn outcomes(
        &mut self,
        branches: &mut Branches<'_, 'c, 'a>,
    ) -> Vec<(Node, Vec<OperationRef<'c, 'a>>)> {
        let chosen = std::mem::take(&mut self.choices).into_iter();
        let mut outcomes: Vec<_> = chosen.map(|(op, node)| (node, vec![op])).collect();
        for made in &self.allocations {
            outcomes.push((made.node, branches.around(made.op)));
        }
        // What a function gives back may be made there, or copied for its caller.
        for call in branches.calls {
            for value in (0..call.result_count()).filter_map(|at| memref_result(*call, at)) {
                outcomes.push((self.classes.node(value), branches.around(*call)));
            }
        }
        outcomes
    }
}

/// The branches and loops of a module.
struct Branches<'s, 'c, 'a> {
    calls: &'s [OperationRef<'c, 'a>],
    differ: RefCell<HashMap<usize, bool>>,
    around: HashMap<String, Vec<OperationRef<'c, 'a>>>,
}

impl<'s, 'c: 'a, 'a> Branches<'s, 'c, 'a> {
    fn new(calls: &'s [OperationRef<'c, 'a>]) -> Self {
        Self {
            calls,
            differ: RefCell::default(),
            around: HashMap::new(),
        }
    }

    /// Says whether ranks may run a branch or a loop differently.
    fn differs(&self, branch: OperationRef<'c, 'a>) -> bool {
        let key = branch.to_raw().ptr as usize;
        if let Some(known) = self.differ.borrow().get(&key) {
            return *known;
        }
        let differs = Numbers::new(self.calls).choice_differs(branch);
        self.differ.borrow_mut().insert(key, differs);
        differs
    }

    /// Returns the branches and loops that an op is run in: those around it, and around the calls of its function.
    fn around(&mut self, op: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
        let parents = iter::successors(op.parent_operation(), |op| op.parent_operation());
        let is_choice = |op: &OperationRef<'c, 'a>| CHOICES.iter().any(|name| walk::is(*op, name));
        let mut found: Vec<_> = parents.filter(is_choice).collect();
        if let Some(name) = function_of(op) {
            found.extend(self.around_calls(name));
        }
        found
    }

    fn around_calls(&mut self, function: String) -> Vec<OperationRef<'c, 'a>> {
        if let Some(known) = self.around.get(&function) {
            return known.clone();
        }
        // Recursion ends here.
        self.around.insert(function.clone(), Vec::new());
        let calls: Vec<_> = calls_of(self.calls, &function).collect();
        let mut found: Vec<_> = calls
            .into_iter()
            .flat_map(|call| self.around(call))
            .collect();
        let mut seen = HashSet::new();
        found.retain(|op| seen.insert(op.to_raw().ptr as usize));
        self.around.insert(function, found.clone());
        found
    }

    /// Says whether an op is run in a branch whenever it is run: it is in it, or in a function that only it calls.
    fn has(&self, branch: OperationRef<'c, 'a>, op: OperationRef<'c, 'a>) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![op];
        while let Some(op) = open.pop() {
            if is_in(op, branch) {
                continue;
            }
            let name = function_of(op).unwrap_or_default();
            let mut calls = calls_of(self.calls, &name).peekable();
            if calls.peek().is_none() {
                return false;
            }
            if seen.insert(name.clone()) {
                open.extend(calls);
            }
        }
        true
    }
}

fn function_of(op: OperationRef<'_, '_>) -> Option<String> {
    walk::parent_named(op, "func.func").and_then(text::symbol_name)
}

fn calls_of<'s, 'c: 'a, 'a>(
    calls: &'s [OperationRef<'c, 'a>],
    function: &'s str,
) -> impl Iterator<Item = OperationRef<'c, 'a>> {
    calls
        .iter()
        .copied()
        .filter(move |call| symbol(*call, "callee") == function)
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
