// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What placement tells its users: remarks, warnings and statistics.

use super::{
    PASS,
    cost::Size,
    plan::{Class, Plan, operand_value},
    survey::{Allocation, Need, Operand, Request, Survey},
};
use melior::ir::{Attribute, ValueLike, operation::OperationLike};
use symm_ir::{
    diagnostics,
    dialect::symm_mem_group,
    memref::bytes,
    pass::{PassRun, StatisticDef},
    place,
    remark::{self, Kind},
};

const BUFFERS: &str = "buffers-placed";
const BYTES: &str = "bytes-placed";
const COPIES: &str = "copies-inserted";
const COPIED: &str = "bytes-copied";

/// What the pass counts.
pub const STATISTICS: &[StatisticDef] = &[
    StatisticDef {
        name: BUFFERS,
        description: "allocations moved to symmetric memory",
    },
    StatisticDef {
        name: BYTES,
        description: "bytes of the allocations moved, as far as their shapes are static",
    },
    StatisticDef {
        name: COPIES,
        description: "copies inserted",
    },
    StatisticDef {
        name: COPIED,
        description: "bytes of the copies inserted, as far as their shapes are static",
    },
];

/// Counts and reports what is done with a plan.
pub struct Report<'r, 'c, 'a> {
    run: &'r PassRun<'c, 'a>,
    plan: &'r Plan<'c, 'a>,
    // Reasons are put into words for those who listen only.
    remarks: bool,
}

impl<'r, 'c: 'a, 'a> Report<'r, 'c, 'a> {
    /// Begins the report of a run.
    pub fn new(run: &'r PassRun<'c, 'a>, plan: &'r Plan<'c, 'a>) -> Self {
        let remarks = remark::enabled(run.operation());
        Self { run, plan, remarks }
    }

    /// Reports the buffers that were moved, at the ops that need or request them.
    pub fn placed(&self, survey: &Survey<'c, 'a>) {
        for class in self.plan.classes().filter(|class| class.to.is_some()) {
            for allocation in &class.allocations {
                self.count_buffer(allocation);
            }
        }
        for need in survey.needs.iter().filter(|_| self.remarks) {
            self.need(need);
        }
        for request in &survey.requests {
            self.request(request);
        }
    }

    /// Reports copies around an op that needs an operand elsewhere than it is.
    pub fn copied(&self, need: &Need<'c, 'a>) {
        let size = bytes(operand_value(&need.operand).r#type());
        let copies = u64::from(need.reads) + u64::from(need.writes);
        self.count_copies(copies, size);
        let Some(class) = self.plan.class(need.operand.node).filter(|_| self.remarks) else {
            return;
        };
        remark::on(need.operand.op, Kind::Missed, PASS, "copied")
            .arg("Operand", need.operand.index)
            .arg("Group", group(need.space))
            .arg("Copies", copies)
            .arg("Size", Size(size))
            .because(class.obstacle())
            .emit();
    }

    /// Reports a copy out of symmetric memory where a buffer leaves the module.
    pub fn copied_out(&self, exit: &Operand<'c, 'a>) {
        let size = bytes(operand_value(exit).r#type());
        self.count_copies(1, size);
        remark::on(exit.op, Kind::Missed, PASS, "copied-out")
            .arg("Operand", exit.index)
            .arg("Size", Size(size))
            .because("callers of a public function expect ordinary memory")
            .emit();
    }

    fn need(&self, need: &Need<'c, 'a>) {
        let Need { operand, space, .. } = need;
        if let Some(class) = self.moved_to(operand, *space) {
            remark::on(operand.op, Kind::Passed, PASS, "placed")
                .arg("Operand", operand.index)
                .arg("Group", group(*space))
                .because(origin(class))
                .emit();
        }
    }

    fn request(&self, request: &Request<'c, 'a>) {
        let Some(class) = self.plan.class(request.node) else {
            return;
        };
        if class.space() == Some(request.space) {
            remark::on(request.op, Kind::Passed, PASS, "placed")
                .arg("Group", group(request.space))
                .because("it was requested")
                .emit();
            return;
        }
        let reason = class.obstacle();
        diagnostics::warning(
            &request.op,
            format!(
                "cannot be in symmetric memory of {}: {reason}",
                group(request.space)
            ),
        )
        .emit();
    }

    fn moved_to(&self, operand: &Operand<'c, 'a>, space: Attribute<'c>) -> Option<&Class<'c, 'a>> {
        self.plan
            .class(operand.node)
            .filter(|class| class.to == Some(space))
    }

    fn count_buffer(&self, allocation: &Allocation<'c, 'a>) {
        self.run.count(BUFFERS, 1);
        let value = allocation.op.result(0).ok();
        self.run.count(
            BYTES,
            value.and_then(|value| bytes(value.r#type())).unwrap_or(0),
        );
    }

    fn count_copies(&self, copies: u64, size: Option<u64>) {
        self.run.count(COPIES, copies);
        self.run
            .count(COPIED, size.unwrap_or(0).saturating_mul(copies));
    }
}

/// Says where the buffer of a class is allocated.
fn origin(class: &Class<'_, '_>) -> String {
    let Some(first) = class.allocations.first() else {
        return "no allocation reaches it".into();
    };
    let place = place::of(first.op.location());
    match class.allocations.len() - 1 {
        0 => format!("allocation at {place}"),
        more => format!("allocation at {place} and {more} more"),
    }
}

/// Returns the group of a symmetric memory space, as users write it.
fn group(space: Attribute<'_>) -> String {
    symm_mem_group(space).map_or_else(|| space.to_string(), |group| format!("@{group}"))
}
