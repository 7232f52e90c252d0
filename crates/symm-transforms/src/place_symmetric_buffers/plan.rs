// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which class of memrefs goes where, and why the others stay.

use super::{
    classes::Node,
    cost::Cost,
    pin::{Pin, PinKind, spell},
    survey::{Allocation, Need, Operand, Survey},
};
use melior::ir::{Attribute, OperationRef, Value, ValueLike, operation::OperationLike};
use std::fmt;
use symm_ir::memref::memory_space;

/// A class that some op needs, or the user wants, in symmetric memory.
#[derive(Default)]
pub struct Class<'c, 'a> {
    /// The memory space that it is in.
    pub from: Option<Attribute<'c>>,
    /// The memory space that it goes to, where it is moved.
    pub to: Option<Attribute<'c>>,
    /// Its allocations.
    pub allocations: Vec<Allocation<'c, 'a>>,
    pin: Option<Pin<'c, 'a>>,
    exit: Option<OperationRef<'c, 'a>>,
    exits: Cost,
    wants: Vec<Want<'c>>,
}

/// A memory space that a class is needed or requested in.
struct Want<'c> {
    space: Attribute<'c>,
    requested: bool,
    copies: Cost,
}

/// What is to be done with each class.
pub struct Plan<'c, 'a> {
    classes: Vec<Class<'c, 'a>>,
    /// The position of each node's class.
    of_node: Vec<Option<usize>>,
}

/// Why an operand or an allocation is not in the memory that it shall be in.
pub enum Obstacle<'c, 'a> {
    /// Something holds it where it is.
    Pinned(Pin<'c, 'a>),
    /// It is somewhere by its own type, or went there for others.
    Elsewhere(Option<Attribute<'c>>),
}

impl<'c: 'a, 'a> Plan<'c, 'a> {
    /// Decides for each class that an op needs, or the user wants, in symmetric
    /// memory.
    pub fn of(survey: &mut Survey<'c, 'a>) -> Self {
        let mut plan = Self {
            classes: Vec::new(),
            of_node: Vec::new(),
        };
        plan.collect_wants(survey);
        plan.spread(survey);
        plan.collect_facts(survey);
        for class in &mut plan.classes {
            class.to = class.choose();
        }
        plan
    }

    /// Returns the class of a node, where an op needs it, or the user wants it,
    /// in symmetric memory.
    pub fn class(&self, node: Node) -> Option<&Class<'c, 'a>> {
        self.of_node
            .get(node.index())
            .copied()
            .flatten()
            .map(|index| &self.classes[index])
    }

    /// Returns where a node goes, if it is moved.
    pub fn destination(&self, node: Node) -> Option<Attribute<'c>> {
        self.class(node)?.to
    }

    /// Returns the classes.
    pub fn classes(&self) -> impl Iterator<Item = &Class<'c, 'a>> {
        self.classes.iter()
    }

    /// Says whether any class is moved.
    pub fn moves_any(&self) -> bool {
        self.classes.iter().any(|class| class.to.is_some())
    }

    /// Finds the classes that somebody wants elsewhere.
    fn collect_wants(&mut self, survey: &mut Survey<'c, 'a>) {
        self.of_node = vec![None; survey.classes.len()];
        for need in &survey.needs {
            let root = survey.classes.find(need.operand.node);
            self.open(root).want(need.space, false, need_cost(need));
        }
        for request in &survey.requests {
            let root = survey.classes.find(request.node);
            self.open(root).want(request.space, true, Cost::default());
        }
    }

    fn open(&mut self, root: Node) -> &mut Class<'c, 'a> {
        let next = self.classes.len();
        let index = *self.of_node[root.index()].get_or_insert(next);
        if index == next {
            self.classes.push(Class::default());
        }
        &mut self.classes[index]
    }

    /// Gives every node the class of its representative.
    fn spread(&mut self, survey: &mut Survey<'c, 'a>) {
        for node in survey.classes.nodes() {
            let root = survey.classes.find(node);
            self.of_node[node.index()] = self.of_node[root.index()];
        }
    }

    fn collect_facts(&mut self, survey: &Survey<'c, 'a>) {
        for (node, value) in survey.classes.values() {
            if let Some(class) = self.class_mut(node) {
                class.from = memory_space(value.r#type());
            }
        }
        for (node, pin) in &survey.pins {
            if let Some(class) = self.class_mut(*node) {
                class.pin.get_or_insert(*pin);
            }
        }
        for exit in &survey.exits {
            if let Some(class) = self.class_mut(exit.node) {
                class.exit.get_or_insert(exit.op);
                class.exits.add(operand_value(exit), 1);
            }
        }
        for allocation in &survey.allocations {
            if let Some(class) = self.class_mut(allocation.node) {
                class.allocations.push(*allocation);
            }
        }
    }

    fn class_mut(&mut self, node: Node) -> Option<&mut Class<'c, 'a>> {
        self.of_node[node.index()].map(|index| &mut self.classes[index])
    }
}

impl<'c: 'a, 'a> Class<'c, 'a> {
    /// Returns the memory space that the class is in after placement.
    pub fn space(&self) -> Option<Attribute<'c>> {
        self.to.or(self.from)
    }

    /// Returns why the class isn't in another memory space than it is.
    pub fn obstacle(&self) -> Obstacle<'c, 'a> {
        if let (None, None, Some(pin)) = (self.to, self.from, self.pin) {
            return Obstacle::Pinned(pin);
        }
        let function = self.exit.and_then(|exit| exit.parent_operation());
        if let (None, None, Some(op)) = (self.to, self.from, function) {
            return Obstacle::Pinned(Pin {
                kind: PinKind::Result,
                op,
            });
        }
        Obstacle::Elsewhere(self.space())
    }

    fn want(&mut self, space: Attribute<'c>, requested: bool, copies: Cost) {
        match self.wants.iter_mut().find(|want| want.space == space) {
            Some(want) => {
                want.requested |= requested;
                want.copies += copies;
            }
            None => self.wants.push(Want {
                space,
                requested,
                copies,
            }),
        }
    }

    /// Decides where the class goes. What is typed stays. Of several groups, one
    /// that was requested wins, then the one whose ops would copy most, then the
    /// first. Nothing moves for less than it costs to copy it out of the module.
    fn choose(&self) -> Option<Attribute<'c>> {
        if self.from.is_some() || self.pin.is_some() {
            return None;
        }
        let mut wants = self.wants.iter();
        let mut best = wants.next()?;
        for want in wants {
            let better = if want.requested == best.requested {
                want.copies.exceeds(&best.copies)
            } else {
                want.requested
            };
            if better {
                best = want;
            }
        }
        let pays = best.requested || !self.exits.exceeds(&best.copies);
        pays.then_some(best.space)
    }
}

impl fmt::Display for Obstacle<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(pin) => pin.fmt(formatter),
            Self::Elsewhere(space) => write!(formatter, "the buffer is in {}", spell(*space)),
        }
    }
}

/// Returns what it costs to copy an operand before and after its op.
fn need_cost(need: &Need<'_, '_>) -> Cost {
    let mut cost = Cost::default();
    cost.add(
        operand_value(&need.operand),
        u64::from(need.reads) + u64::from(need.writes),
    );
    cost
}

/// Returns the value of an operand.
pub fn operand_value<'c: 'a, 'a>(operand: &Operand<'c, 'a>) -> Value<'c, 'a> {
    OperationLike::operand(&operand.op, operand.index).expect("an operand that the survey saw")
}
