// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! symm_mem.… outs(%o)        or inout(%o)
//! …                          nothing that may start an asynchronous collective into %o
//! c10d.wait_tensor %o   →    (nothing)
//! ```
//! where `%o` is one memref and both are in one block. What was started before the collective
//! cannot be waited for any more: the collective would have raced with it.

use super::staging;
use melior::ir::{BlockRef, OperationRef, Value, operation::OperationLike};
use std::collections::{HashMap, HashSet};
use symm_ir::{
    dialect::{Collective, c10d::WaitTensorOperation},
    pass::PassRun,
    rewriter::Rewriter,
    value::{self, Origin},
    walk,
};

/// Erases waits on memrefs whose contents are there.
pub fn erase(pass: &PassRun<'_, '_>) {
    let mut done = Vec::new();
    scan_inside(pass.operation(), &mut done);
    let rewriter = Rewriter::new(pass.context());
    for wait in &done {
        rewriter.erase(*wait);
    }
    pass.count("waits", done.len() as u64);
}

/// Finds the waits inside an op; says whether it may start asynchronous collectives.
fn scan_inside<'c: 'a, 'a>(op: OperationRef<'c, 'a>, done: &mut Vec<OperationRef<'c, 'a>>) -> bool {
    let mut starts = false;
    for region in OperationLike::regions(&op) {
        for block in walk::blocks(region) {
            starts |= scan_block(block, done);
        }
    }
    starts
}

fn scan_block<'c: 'a, 'a>(block: BlockRef<'c, 'a>, done: &mut Vec<OperationRef<'c, 'a>>) -> bool {
    let mut arrived = Arrived::default();
    let mut starts = false;
    for op in walk::operations(block) {
        if let Some(collective) = Collective::of(op) {
            starts |= collective.is_async();
            arrived.collective(collective);
        } else if walk::is(op, WaitTensorOperation::name()) {
            let on_memref = op.result_count() == 0;
            if on_memref && op.operand(0).is_ok_and(|buffer| arrived.contains(buffer)) {
                done.push(op);
            }
        } else if is_call(op) || scan_inside(op, done) {
            starts = true;
            arrived = Arrived::default();
        }
    }
    starts
}

/// Says whether an op runs code that is elsewhere.
fn is_call(op: OperationRef<'_, '_>) -> bool {
    const CALLS: [&str; 4] = [
        "func.call",
        "func.call_indirect",
        "llvm.call",
        "llvm.invoke",
    ];
    op.name()
        .as_string_ref()
        .as_str()
        .is_ok_and(|name| CALLS.contains(&name))
}

/// The buffers that collectives filled before they returned, and that nothing can
/// be on its way to.
#[derive(Default)]
struct Arrived {
    in_allocations: HashMap<usize, HashSet<usize>>,
    elsewhere: HashSet<usize>,
}

/// What memory a buffer is part of.
enum Memory {
    Allocation(usize),
    Argument,
    Unknown,
}

impl Arrived {
    fn contains(&self, buffer: Value<'_, '_>) -> bool {
        match Memory::of(buffer) {
            Memory::Allocation(root) => self
                .in_allocations
                .get(&root)
                .is_some_and(|views| views.contains(&key(buffer))),
            _ => self.elsewhere.contains(&key(buffer)),
        }
    }

    fn collective<'c: 'a, 'a>(&mut self, collective: Collective<'c, 'a>) {
        let output = collective.is_in_place().then(|| collective.input());
        let Some(buffer) = output.or_else(|| collective.output_buffer()) else {
            return;
        };
        if collective.is_async() {
            self.forget(Memory::of(buffer));
        } else {
            match Memory::of(buffer) {
                Memory::Allocation(root) => {
                    self.in_allocations
                        .entry(root)
                        .or_default()
                        .insert(key(buffer));
                }
                _ => {
                    self.elsewhere.insert(key(buffer));
                }
            }
        }
    }

    /// Something is on its way to a buffer. Two allocations share nothing, and an
    /// argument shares nothing with what its function allocates.
    fn forget(&mut self, memory: Memory) {
        self.elsewhere.clear();
        match memory {
            Memory::Allocation(root) => {
                self.in_allocations.remove(&root);
            }
            Memory::Argument => {}
            Memory::Unknown => self.in_allocations.clear(),
        }
    }
}

impl Memory {
    fn of<'c: 'a, 'a>(buffer: Value<'c, 'a>) -> Self {
        let root = staging::root(buffer);
        match value::origin(root) {
            Origin::Result(op, _)
                if walk::is(op, "memref.alloc") || walk::is(op, "memref.alloca") =>
            {
                Self::Allocation(key(root))
            }
            Origin::Argument(block, _) if staging::is_entry(block) => Self::Argument,
            _ => Self::Unknown,
        }
    }
}

fn key(value: Value<'_, '_>) -> usize {
    use melior::ir::ValueLike;
    value.to_raw().ptr as usize
}
