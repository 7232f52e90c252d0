// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One walk that finds everything placement decides on.

use super::{
    classes::{Classes, Node},
    functions::Functions,
    pin::{Pin, PinKind},
};
use melior::ir::{Attribute, BlockLike, OperationRef, Value, ValueLike, operation::OperationLike};
use symm_ir::{
    memref::is_memref,
    value::{Origin, origin},
    walk,
};

/// An operand with its node.
#[derive(Clone, Copy)]
pub struct Operand<'c, 'a> {
    /// The op.
    pub op: OperationRef<'c, 'a>,
    /// The position among its operands.
    pub index: usize,
    /// The node of the value.
    pub node: Node,
}

/// An operand that must be in symmetric memory.
#[derive(Clone, Copy)]
pub struct Need<'c, 'a> {
    /// The operand.
    pub operand: Operand<'c, 'a>,
    /// The memory that it must be in.
    pub space: Attribute<'c>,
    /// Whether the op reads it.
    pub reads: bool,
    /// Whether the op overwrites it.
    pub writes: bool,
}

/// An allocation that the user wants in symmetric memory.
#[derive(Clone, Copy)]
pub struct Request<'c, 'a> {
    /// The allocation.
    pub op: OperationRef<'c, 'a>,
    /// The node of its result.
    pub node: Node,
    /// The memory that it shall be in.
    pub space: Attribute<'c>,
}

/// An allocation that can be made in another memory space.
#[derive(Clone, Copy)]
pub struct Allocation<'c, 'a> {
    /// The allocation.
    pub op: OperationRef<'c, 'a>,
    /// The node of its result.
    pub node: Node,
}

/// What a module has that placement decides on, in program order.
#[derive(Default)]
pub struct Survey<'c, 'a> {
    /// Which memrefs must be in one memory space.
    pub classes: Classes<'c, 'a>,
    /// The operands that must be in symmetric memory.
    pub needs: Vec<Need<'c, 'a>>,
    /// The allocations that shall be in symmetric memory.
    pub requests: Vec<Request<'c, 'a>>,
    /// The allocations that can be made elsewhere.
    pub allocations: Vec<Allocation<'c, 'a>>,
    /// The memrefs that must stay in the memory space that they are in.
    pub pins: Vec<(Node, Pin<'c, 'a>)>,
    /// Operands of ops that take a memref of ordinary memory and give it back:
    /// symmetric memory is lent to them through a cast of its type.
    pub loans: Vec<Operand<'c, 'a>>,
    /// Operands that leave the module for good, as ordinary memory.
    pub exits: Vec<Operand<'c, 'a>>,
    /// The memrefs that ops choose by a number, with the ops.
    pub choices: Vec<(OperationRef<'c, 'a>, Node)>,
    /// The functions.
    pub functions: Functions<'c, 'a>,
    /// Ops that are not bufferized and need a symmetric operand.
    pub tensors: Vec<OperationRef<'c, 'a>>,
    /// The ops with a symbol table that declare process groups.
    pub scopes: Vec<OperationRef<'c, 'a>>,
}

impl<'c: 'a, 'a> Survey<'c, 'a> {
    /// Surveys a module.
    pub fn of(module: OperationRef<'c, 'a>) -> Self {
        let mut survey = Self::default();
        survey.visit(module);
        survey.connect_functions();
        survey.pin_branches();
        survey.pin_unexplained();
        survey
    }

    fn visit(&mut self, op: OperationRef<'c, 'a>) {
        self.visit_op(op);
        if op.region_count() == 0 {
            return;
        }
        for region in OperationLike::regions(&op) {
            for block in walk::blocks(region) {
                for value in memref_arguments(block) {
                    self.classes.node(value);
                }
                for child in walk::operations(block) {
                    self.visit(child);
                }
            }
        }
    }

    /// Returns an operand with its node, where it is a memref.
    pub fn operand(&mut self, op: OperationRef<'c, 'a>, index: usize) -> Option<Operand<'c, 'a>> {
        let value = OperationLike::operand(&op, index).ok()?;
        is_memref(value.r#type()).then(|| Operand {
            op,
            index,
            node: self.classes.node(value),
        })
    }

    /// Returns the memref operands of an op.
    pub fn operands(&mut self, op: OperationRef<'c, 'a>) -> Vec<Operand<'c, 'a>> {
        (0..op.operand_count())
            .filter_map(|index| self.operand(op, index))
            .collect()
    }

    /// Says that a memref must stay in the memory space that it is in.
    pub fn pin(&mut self, node: Node, kind: PinKind, op: OperationRef<'c, 'a>) {
        self.classes.explain(node);
        self.pins.push((node, Pin { kind, op }));
    }

    /// Pins the memrefs that come from where nothing is known.
    fn pin_unexplained(&mut self) {
        let unexplained: Vec<_> = self.classes.unexplained().collect();
        for (node, value) in unexplained {
            let op = match origin(value) {
                Origin::Result(op, _) => Some(op),
                Origin::Argument(block, _) => BlockLike::parent_operation(&block),
            };
            if let Some(op) = op {
                self.pins.push((
                    node,
                    Pin {
                        kind: PinKind::Made,
                        op,
                    },
                ));
            }
        }
    }
}

/// Returns the memrefs among the arguments of a block.
pub fn memref_arguments<'c: 'a, 'a>(
    block: melior::ir::BlockRef<'c, 'a>,
) -> impl Iterator<Item = Value<'c, 'a>> {
    (0..block.argument_count())
        .filter_map(move |index| BlockLike::argument(&block, index).ok())
        .map(Value::from)
        .filter(|value| is_memref(value.r#type()))
}
