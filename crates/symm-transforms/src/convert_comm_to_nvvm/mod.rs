// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-comm-to-nvvm`: accesses of memory that peers reach become PTX.

mod compare_exchange;
mod load;
mod ptx;
mod store;

use melior::ir::operation::OperationLike;
use mlir_sys::mlirGetDialectHandle__nvvm__;
use symm_ir::{
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    walk,
};

/// Lowers the accesses of `comm` for NVIDIA GPUs.
pub static CONVERT_COMM_TO_NVVM: PassDef = PassDef {
    argument: "convert-comm-to-nvvm",
    summary: "Lower the accesses of comm to PTX",
    description: "
`comm.load`, `comm.store` and `comm.compare_exchange` become `ld`, `st` and `atom.cas` of
global memory at system scope, as `nvvm.inline_ptx`: LLVM has no such accesses of vectors, and
lowers its own atomics to GPU scope (law L1). So what PTX says is what the op said: its order,
its width (law L3), and never a non-coherent load (law L5).

Runs on the `gpu.module`s that `--convert-symm-mem-to-gpu` makes, before the conversions to
LLVM. Host code stays as it is, also where the pass runs on the module around both.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "accesses",
        description: "loads, stores and exchanges lowered",
    }],
    dependent_dialects: &[mlirGetDialectHandle__nvvm__],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect(pass.operation()) {
        if walk::parent_named(op, "gpu.module").is_none() {
            continue;
        }
        let name = op.name();
        let name = name.as_string_ref();
        match name.as_str().unwrap_or_default() {
            "comm.load" => load::convert(op)?,
            "comm.store" => store::convert(op)?,
            "comm.compare_exchange" => compare_exchange::convert(op)?,
            _ => continue,
        }
        pass.count("accesses", 1);
    }
    Ok(())
}
