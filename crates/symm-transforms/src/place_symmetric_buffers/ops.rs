// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What each op does with the memory space of the memrefs that it touches.

use super::{
    branches::CHOICES,
    pin::PinKind,
    survey::{Allocation, Need, Operand, Request, Survey, memref_arguments},
};
use melior::ir::{Attribute, BlockLike, OperationRef, Value, ValueLike, operation::OperationLike};
use symm_ir::{
    context::context_of,
    dialect::{Collective, SYMM_MEM, symm_mem_attribute},
    flow::{Forward, forwards, symbol_references},
    memref::{is_memref, memory_space},
    value, view,
};

/// Dialects whose ops take memrefs of any memory space where they have no memref
/// results.
const TRANSPARENT: [&str; 12] = [
    "affine",
    "arith",
    "bufferization",
    "c10d",
    "cf",
    "comm",
    "linalg",
    "memref",
    "scf",
    "symm_mem",
    "tensor",
    "vector",
];

/// Says whether the first result is a view of the first operand, or moves or
/// shares its memory, so that both are in one memory space.
fn keeps_space(op: OperationRef<'_, '_>, name: &str) -> bool {
    match name {
        "bufferization.clone"
        | "comm.peer"
        | "memref.extract_strided_metadata"
        | "memref.realloc"
        | "memref.reshape" => true,
        "memref.memory_space_cast" => false,
        _ => view::is_of_buffer(op),
    }
}

impl<'c: 'a, 'a> Survey<'c, 'a> {
    /// Records what an op does; not what is inside it.
    pub fn visit_op(&mut self, op: OperationRef<'c, 'a>) {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        match name {
            "comm.group" => self.scopes.extend(op.parent_operation()),
            "func.func" => self.enter_function(op),
            "func.call" => self.functions.calls.push(op),
            "func.return" => self.functions.returns.push(op),
            "memref.alloc" => self.allocate(op),
            "memref.alloca" => self.pin_results(op, PinKind::Stack),
            "memref.get_global" => self.pin_results(op, PinKind::Global),
            "memref.store" => self.store(op),
            "memref.distinct_objects" => {
                for index in 0..op.operand_count() {
                    self.tie_result(op, index, index);
                }
            }
            "arith.select" => {
                self.tie_result(op, 1, 0);
                self.tie_result(op, 2, 0);
            }
            _ if keeps_space(op, name) => self.tie_result(op, 0, 0),
            _ => self.visit_other(op, name),
        }
        self.request(op);
        if CHOICES.contains(&name) {
            self.choose(op);
        }
    }

    /// Records that a number decides which memrefs the results of an op are.
    fn choose(&mut self, op: OperationRef<'c, 'a>) {
        for index in 0..op.result_count() {
            if let Some(value) = memref_result(op, index) {
                let node = self.classes.node(value);
                self.choices.push((op, node));
            }
        }
    }

    fn visit_other(&mut self, op: OperationRef<'c, 'a>, name: &str) {
        if let Some(collective) = Collective::of(op) {
            return self.visit_collective(collective);
        }
        if has_control_flow(op)
            && let Some(forwards) = forwards(op)
        {
            return self.forward(op, &forwards);
        }
        let dialect = name.split_once('.').map_or("", |(dialect, _)| dialect);
        if !TRANSPARENT.contains(&dialect) {
            self.visit_opaque(op);
        }
    }

    fn visit_collective(&mut self, collective: Collective<'c, 'a>) {
        let op = collective.op();
        for index in collective.symmetric_operands() {
            let Some(operand) = self.operand(op, index) else {
                self.tensors.push(op);
                continue;
            };
            self.needs.push(Need {
                operand,
                space: symm_mem_attribute(context_of(&op), &collective.group()),
                reads: collective.reads(index),
                writes: collective.writes(index),
            });
        }
    }

    fn forward(&mut self, op: OperationRef<'c, 'a>, forwards: &[Forward<'c, 'a>]) {
        for Forward { from, to } in forwards {
            let from = from.filter(|value| is_memref(value.r#type()));
            let to = to.filter(|value| is_memref(value.r#type()));
            let nodes = (
                from.map(|v| self.classes.node(v)),
                to.map(|v| self.classes.node(v)),
            );
            match nodes {
                (Some(a), Some(b)) if space_of(from) == space_of(to) => {
                    self.classes.explain(b);
                    self.classes.tie(a, b);
                }
                (a, b) => {
                    for (node, kind) in [(a, PinKind::Taken), (b, PinKind::Made)] {
                        if let Some(node) = node {
                            self.pin(node, kind, op);
                        }
                    }
                }
            }
        }
    }

    /// Nothing is known of the op: it may keep no memref, unless it ends its
    /// block, but it takes those of ordinary memory only. Its results and what
    /// it passes to its blocks stay unexplained.
    fn visit_opaque(&mut self, op: OperationRef<'c, 'a>) {
        self.functions.references.extend(symbol_references(op));
        let operands = self.operands(op);
        if operands.is_empty() && op.successor_count() == 0 {
            return;
        }
        if !is_terminator(op) {
            self.loans.extend(operands);
            return;
        }
        for Operand { node, .. } in operands {
            self.pin(node, PinKind::Taken, op);
        }
        for argument in OperationLike::successors(&op).flat_map(memref_arguments) {
            let node = self.classes.node(argument);
            self.pin(node, PinKind::Made, op);
        }
    }

    fn allocate(&mut self, op: OperationRef<'c, 'a>) {
        if let Some(value) = memref_result(op, 0) {
            let node = self.classes.node(value);
            self.classes.explain(node);
            self.allocations.push(Allocation { op, node });
        }
    }

    /// A memref that is stored comes back as what it was stored as.
    fn store(&mut self, op: OperationRef<'c, 'a>) {
        if let Some(stored) = self.operand(op, 0) {
            self.pin(stored.node, PinKind::Stored, op);
        }
    }

    fn request(&mut self, op: OperationRef<'c, 'a>) {
        let Some(value) = memref_result(op, 0) else {
            return;
        };
        if let Some(space) = requested(op) {
            let node = self.classes.node(value);
            self.requests.push(Request { op, node, space });
        }
    }

    fn tie_result(&mut self, op: OperationRef<'c, 'a>, operand: usize, result: usize) {
        let (Some(from), Some(to)) = (self.operand(op, operand), memref_result(op, result)) else {
            return;
        };
        let to = self.classes.node(to);
        self.classes.explain(to);
        self.classes.tie(from.node, to);
    }

    fn pin_results(&mut self, op: OperationRef<'c, 'a>, kind: PinKind) {
        for index in 0..op.result_count() {
            if let Some(value) = memref_result(op, index) {
                let node = self.classes.node(value);
                self.pin(node, kind, op);
            }
        }
    }
}

/// Returns the memory that an allocation is requested to be in.
pub fn requested<'c>(op: OperationRef<'c, '_>) -> Option<Attribute<'c>> {
    op.discardable_attribute(SYMM_MEM).ok()
}

/// Returns a result of an op, where it is a memref.
pub fn memref_result<'c: 'a, 'a>(op: OperationRef<'c, 'a>, index: usize) -> Option<Value<'c, 'a>> {
    let value = value::result(op, index)?;
    is_memref(value.r#type()).then_some(value)
}

fn space_of<'c>(value: Option<Value<'c, '_>>) -> Option<Option<Attribute<'c>>> {
    value.map(|value| memory_space(value.r#type()))
}

fn has_control_flow(op: OperationRef<'_, '_>) -> bool {
    op.region_count() > 0 || op.successor_count() > 0 || is_terminator(op)
}

/// Says whether an op ends its block, or may: of an op that isn't registered MLIR
/// does not know.
fn is_terminator(op: OperationRef<'_, '_>) -> bool {
    op.next_in_block().is_none()
        && (op.successor_count() > 0
            || op.type_id().is_none()
            || op.block().and_then(|block| block.terminator()).is_some())
}
