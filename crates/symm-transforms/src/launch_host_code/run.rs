// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Vector code of the host becomes launches of one thread.

use super::{
    NAME,
    access::{has_vector, is_access, is_pure, is_vector_access},
    kernel,
};
use crate::builder::{Builder, erase};
use melior::ir::{
    BlockLike, BlockRef, OperationRef, TypeLike, Value, ValueLike, operation::OperationLike,
};
use std::{collections::HashSet, iter};
use symm_ir::{
    diagnostics::{Failure, error},
    edit::{self, move_before, set_operand},
    linalg::is_structured,
    pass::{PassResult, PassRun},
    remark::{self, Kind},
    value::{Origin, defining_op, origin, result, uses},
    walk,
};

/// Ops that neither see what is in a buffer nor change it.
const BYSTANDERS: [&str; 4] = [
    "comm.rank",
    "memref.alloc",
    "memref.dealloc",
    "memref.get_global",
];

/// Ops of one block that become a launch, and those among them that free buffers,
/// which have to come after it.
#[derive(Default)]
struct Run<'c, 'a> {
    members: Vec<OperationRef<'c, 'a>>,
    /// The members, by address.
    addresses: HashSet<usize>,
    deallocations: Vec<OperationRef<'c, 'a>>,
}

/// Launches the vector code of the host inside an op.
pub(super) fn launch_in<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> PassResult {
    let regions: Vec<_> = OperationLike::regions(&op).collect();
    for block in regions.into_iter().flat_map(walk::blocks) {
        for run in runs(pass, block)? {
            run.launch()?;
            pass.count("runs", 1);
        }
        erase_unused(block);
    }
    Ok(())
}

/// Returns the runs of a block, and launches those inside its other ops.
fn runs<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    block: BlockRef<'c, 'a>,
) -> Result<Vec<Run<'c, 'a>>, Failure> {
    let mut runs = vec![Run::default()];
    for op in walk::operations(block) {
        let run = runs.last_mut().expect("there is one at least");
        if is_member(op) || is_pure(op) && run.feeds(op) {
            run.members.push(op);
            run.addresses.insert(address(op));
        } else if walk::is(op, "memref.dealloc") {
            run.deallocations.push(op);
        } else if !is_pure(op) && !BYSTANDERS.iter().any(|name| walk::is(op, name)) {
            runs.push(Run::default());
            if !walk::is(op, "gpu.launch") && !is_structured(op) {
                launch_in(pass, op)?;
            }
        }
    }
    // What accesses single elements only is code of the host.
    let has_vectors = |run: &Run<'c, 'a>| run.members.iter().any(|op| has_vector_access(*op));
    runs.retain(has_vectors);
    Ok(runs)
}

/// Says whether an op accesses buffers in a way that a kernel can.
fn is_member(op: OperationRef<'_, '_>) -> bool {
    if op.region_count() == 0 {
        return is_access(op);
    }
    has_vector_access(op)
        && kernel::foreign(op).is_none()
        && !walk::collect(op).iter().any(is_for_host)
}

/// Says whether the host, or more than one thread, is to do an op.
fn is_for_host(op: &OperationRef<'_, '_>) -> bool {
    let names = [
        "memref.alloc",
        "memref.alloca",
        "memref.copy",
        "memref.dealloc",
    ];
    is_structured(*op) || names.iter().any(|name| walk::is(*op, name))
}

fn has_vector_access(op: OperationRef<'_, '_>) -> bool {
    walk::collect(op).into_iter().any(is_vector_access)
}

impl<'c: 'a, 'a> Run<'c, 'a> {
    /// Says whether an op uses what the run computes.
    fn feeds(&self, op: OperationRef<'c, 'a>) -> bool {
        let is_member = |value: Value<'c, 'a>| defining_op(value).is_some_and(|op| self.has(op));
        walk::collect(op)
            .iter()
            .any(|op| op.operands().any(is_member))
    }

    /// Moves the run into a launch, where its last op is.
    fn launch(&self) -> PassResult {
        let Some(last) = self.members.last() else {
            return Ok(());
        };
        self.check_uses()?;
        remark::on(*last, Kind::Missed, NAME, "kernel")
            .arg("Threads", "one")
            .because("its vector code is none that --raise-vectors spreads over threads")
            .emit();
        for op in &self.members {
            kernel::prepare(*op)?;
        }
        let mut end = None;
        let b = Builder::after(*last);
        let one = b.index(1);
        let launch = b.launch([one; 6], &[], |b, _| {
            end = Some(b.op("gpu.terminator", &[], &[], &[]))
        });
        let end = end.ok_or("a launch has no end".to_owned())?;
        for op in &self.members {
            move_before(*op, end);
        }
        let after = Builder::after(launch);
        for op in &self.deallocations {
            after.adopt(*op);
        }
        walk::collect(launch)
            .into_iter()
            .skip(1)
            .try_for_each(|op| bring_vectors(launch, op))
    }

    /// Reports a value that is used by what comes after the run.
    fn check_uses(&self) -> PassResult {
        for op in &self.members {
            for value in (0..op.result_count()).filter_map(|index| result(*op, index)) {
                let outside = uses(value).find(|user| !self.contains(user.owner));
                if let Some(user) = outside {
                    let message = "hands a value of a kernel on to what is no part of it, for \
                                   which no host waits; write it to a buffer";
                    let note = "used here";
                    let error = error(op, message).note_at(user.owner.location(), note);
                    return Err(error.emit());
                }
            }
        }
        Ok(())
    }

    fn has(&self, op: OperationRef<'c, 'a>) -> bool {
        self.addresses.contains(&address(op))
    }

    /// Says whether an op is a member, or inside one.
    fn contains(&self, op: OperationRef<'c, 'a>) -> bool {
        iter::successors(Some(op), |op| op.parent_operation()).any(|op| self.has(op))
    }
}

fn address(op: OperationRef<'_, '_>) -> usize {
    op.to_raw().ptr as usize
}

/// Copies the vectors that an op in a launch uses into the launch: a kernel has no
/// vectors for arguments.
fn bring_vectors<'c: 'a, 'a>(launch: OperationRef<'c, 'a>, op: OperationRef<'c, 'a>) -> PassResult {
    for (index, value) in op.operands().enumerate().collect::<Vec<_>>() {
        if !value.r#type().is_vector() || is_inside(launch, value) {
            continue;
        }
        let Origin::Result(source, at) = origin(value) else {
            let message = "uses a vector that the host hands on from one iteration to the next; \
                           keep it in a buffer";
            return Err(error(&op, message).emit());
        };
        if !is_pure(source) {
            let message = "makes a vector that a kernel would need as an argument; write it to a \
                           buffer";
            return Err(error(&source, message)
                .note_at(op.location(), "used here")
                .emit());
        }
        let clone = Builder::before(op).insert(edit::clone(source));
        set_operand(op, index, clone.result(at)?.into());
        for op in walk::collect(clone) {
            bring_vectors(launch, op)?;
        }
    }
    Ok(())
}

/// Says whether a value is made inside a launch.
fn is_inside<'c: 'a, 'a>(launch: OperationRef<'c, 'a>, value: Value<'c, 'a>) -> bool {
    let around = match origin(value) {
        Origin::Result(op, _) => op.parent_operation(),
        Origin::Argument(block, _) => block.parent_operation(),
    };
    iter::successors(around, |op| op.parent_operation()).any(|op| op == launch)
}

/// Erases vectors of the host that only kernels used, and have their own copies of.
fn erase_unused(block: BlockRef<'_, '_>) {
    let mut ops: Vec<_> = walk::operations(block).collect();
    while let Some(op) = ops.pop() {
        if is_pure(op)
            && has_vector(op)
            && op
                .results()
                .all(|result| uses(result.into()).next().is_none())
        {
            erase(op);
        }
    }
}
