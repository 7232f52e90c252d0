// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--place-symmetric-buffers`: buffers that peers read get the memory space that
//! peers can read.

mod branches;
mod classes;
mod copies;
mod cost;
mod functions;
mod ops;
mod pin;
mod plan;
mod report;
mod retype;
mod survey;

use self::{plan::Plan, report::Report, survey::Survey};
use melior::ir::{Attribute, OperationRef, operation::OperationLike};
use mlir_sys::{mlirGetDialectHandle__arith__, mlirGetDialectHandle__memref__};
use std::collections::HashMap;
use symm_ir::{
    diagnostics::{self, Failure},
    dialect::mlirGetDialectHandle__comm__,
    edit::set_attribute,
    pass::{PassDef, PassResult, PassRun},
    rewriter::Rewriter,
};

const PASS: &str = "place-symmetric-buffers";
const PLACED: &str = "comm.placed";

/// The pass.
pub static PLACE_SYMMETRIC_BUFFERS: PassDef = PassDef {
    argument: PASS,
    summary: "Put the buffers of collectives where their peers can reach them",
    description: DESCRIPTION,
    anchor: Some("builtin.module"),
    options: &[],
    statistics: report::STATISTICS,
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__comm__,
        mlirGetDialectHandle__memref__,
    ],
    run,
};

const DESCRIPTION: &str = r#"
Runs on bufferized IR. From each operand that must be in symmetric memory (the op
interface says which) and from each allocation with a request, it follows views,
casts, control flow and calls to the allocations, and changes the memory space of
these and of everything between to `#comm.symm_mem<@group>`:

```mlir
%p = memref.alloc() : memref<8xf32>
symm_mem.one_shot_all_reduce<sum> ins(%p : memref<8xf32>) outs(%r : memref<8xf32>) on @tp
```
becomes
```mlir
%p = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
symm_mem.one_shot_all_reduce<sum> ins(%p : memref<8xf32, #comm.symm_mem<@tp>>)
    outs(%r : memref<8xf32>) on @tp
```

Where no allocation can be changed, the operand is copied into a fresh symmetric
buffer right before the op, and back after it if the op overwrites it: arguments of
public functions, globals, buffers on the stack, buffers in other memory spaces,
buffers that another group needs too, what ops make of which nothing is known, and what
comes out of a branch or a loop that ranks may run differently: one that depends on
`comm.rank` or on what is in buffers.
A buffer that a public function returns is copied where it is returned, unless
copying at the collectives costs less. Ops of which nothing is known, and external
functions, get symmetric memory as ordinary memory through a
`memref.memory_space_cast`, without a copy.

Explicit memory spaces stay as they are. A request that cannot be met is a warning;
none is left. In the end `comm.placed` is set on the module, and from then on the
verifier insists on symmetric operands. A second run changes nothing.

Run it after bufferization and before the passes that insert deallocations. Buffers
are placed across calls of private functions only, so make helpers private. Each operand that was placed or copied is a remark (`--remarks-filter=place-symmetric-buffers`).
"#;

fn run(run: &PassRun<'_, '_>) -> PassResult {
    let module = run.operation();
    let mut survey = Survey::of(module);
    for op in &survey.tensors {
        diagnostics::error(
            op,
            "has no buffers to place; run --one-shot-bufferize first",
        )
        .emit();
    }
    if !survey.tensors.is_empty() {
        return Err(Failure::Emitted);
    }
    let plan = Plan::of(&mut survey);
    let report = Report::new(run, &plan);
    retype::retype(&survey, &plan);
    report.placed(&survey);
    let changed = connect(run, &survey, &plan, &report) | plan.moves_any();
    let marked = mark(run, module, &survey);
    if !changed && !marked {
        run.preserve_all_analyses();
    }
    Ok(())
}

/// Inserts what goes between the classes that moved and those that stayed, and
/// says whether there was any.
fn connect<'c: 'a, 'a>(
    run: &PassRun<'c, 'a>,
    survey: &Survey<'c, 'a>,
    plan: &Plan<'c, 'a>,
    report: &Report<'_, 'c, 'a>,
) -> bool {
    let rewriter = Rewriter::new(run.context());
    let mut changed = false;
    let mut outside = HashMap::new();
    for loan in survey
        .loans
        .iter()
        .filter(|loan| plan.destination(loan.node).is_some())
    {
        copies::lend(loan, &rewriter);
        changed = true;
    }
    for exit in survey
        .exits
        .iter()
        .filter(|exit| plan.destination(exit.node).is_some())
    {
        if copies::copy_out(exit, &mut outside, &rewriter) {
            report.copied_out(exit);
        }
        changed = true;
    }
    for need in &survey.needs {
        let space = plan
            .class(need.operand.node)
            .and_then(|class| class.space());
        if space != Some(need.space) {
            report.copied(need);
            copies::copy_through(need, &rewriter);
            changed = true;
        }
    }
    changed
}

/// Says that symmetric buffers are placed, on each module in which groups are
/// declared; returns whether any did not say so already.
fn mark<'c: 'a, 'a>(
    run: &PassRun<'c, 'a>,
    module: OperationRef<'c, 'a>,
    survey: &Survey<'c, 'a>,
) -> bool {
    let mut changed = false;
    for scope in survey.scopes.iter().chain([&module]) {
        if !scope.has_attribute(PLACED) {
            set_attribute(*scope, PLACED, Attribute::unit(run.context()));
            changed = true;
        }
    }
    changed
}
