// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--launch-host-code`: parallel loops and vector code on buffers are run by the GPU.

mod access;
mod kernel;
mod run;
mod vectors;

use crate::convert_linalg_to_gpu::launch::wrap;
use melior::ir::{OperationRef, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__gpu__, mlirGetDialectHandle__linalg__,
    mlirGetDialectHandle__memref__,
};
use symm_ir::{
    diagnostics::error,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    remark::{self, Kind},
    walk,
};

/// The name of the pass, in flags, pipelines and remarks.
const NAME: &str = "launch-host-code";

/// Puts loops and vector code into launches.
pub static LAUNCH_HOST_CODE: PassDef = PassDef {
    argument: NAME,
    summary: "Put parallel loops and vector code that work on buffers into launches",
    description: "
An `scf.parallel` of the host whose body reads or writes elements of buffers, by itself or by
ops of `vector`, is put into a `gpu.launch` of one thread, with all that is in it: loops,
branches, ops of linalg, copies and buffers of known size, which become memory of the thread.
`--distribute-launches` gives it a thread per iteration. One that only has ops of linalg in
it stays a loop of the host, whose ops become launches of their own. `--scf-forall-to-parallel`
and `--lower-affine` come before and make the loops of other dialects ones of this kind. A loop
that reduces to a value is an error: no host waits for it.

Ops of `vector` on buffers, with the computations between them, become a launch of one thread
for each run of such ops that no other work interrupts, loops of them included. **One thread
is slow**: `--raise-vectors` has taken away what can be spread over threads, and what is left
is for the odd few elements. What such a launch computes is in buffers; a value that the host or
another launch would use is an error, as is a vector of more than 256 elements in any launch,
which would not fit into the registers of a thread.

Remarks of the category `launch-host-code` name each launch and its threads.

Runs on buffers, before `--convert-linalg-to-gpu`.
",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[
        StatisticDef {
            name: "loops",
            description: "parallel loops put into launches",
        },
        StatisticDef {
            name: "runs",
            description: "launches of one thread for vector code",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__gpu__,
        mlirGetDialectHandle__linalg__,
        mlirGetDialectHandle__memref__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for function in walk::collect_named(pass.operation(), "func.func") {
        loops(pass, function)?;
        run::launch_in(pass, function)?;
    }
    for launch in walk::collect_named(pass.operation(), "gpu.launch") {
        vectors::check(launch)?;
    }
    Ok(())
}

/// Launches the outermost parallel loops that access buffers.
fn loops<'c: 'a, 'a>(pass: &PassRun<'c, 'a>, around: OperationRef<'c, 'a>) -> PassResult {
    for op in walk::children(around).collect::<Vec<_>>() {
        if !walk::is(op, "scf.parallel") || !access::inside(op) {
            if !walk::is(op, "gpu.launch") {
                loops(pass, op)?;
            }
            continue;
        }
        if let Some(foreign) = kernel::foreign(op) {
            let message = "cannot be part of a kernel; take it out of the scf.parallel or \
                           scf.forall that accesses elements of buffers";
            return Err(error(&foreign, message)
                .note_at(op.location(), "the loop")
                .emit());
        }
        if op.result_count() > 0 {
            let message = "reduces to a value of the host, which does not wait for the GPU; \
                           write to a buffer and reduce it with linalg.reduce";
            return Err(error(&op, message).emit());
        }
        kernel::prepare(op)?;
        remark::on(op, Kind::Passed, NAME, "kernel")
            .arg("Threads", "one per iteration")
            .emit();
        wrap(op);
        pass.count("loops", 1);
    }
    Ok(())
}
