// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-symm-mem-to-cpu`: collectives become calls.

mod collective;
mod element;
mod kernel;
mod layout;
mod mismatch;

use crate::{
    action::{self, Action},
    buffer_table,
    builder::erase,
    module_state::ModuleState,
    overlap::Overlap,
};
use kernel::Kernels;
use melior::ir::OperationRef;
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__complex__, mlirGetDialectHandle__func__,
    mlirGetDialectHandle__memref__, mlirGetDialectHandle__scf__,
};
use symm_abi::Buffer;
use symm_ir::{
    diagnostics::Failure,
    dialect::mlirGetDialectHandle__comm__,
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
};

/// Turns collectives on memrefs into calls of kernels and of the library.
pub static CONVERT_SYMM_MEM_TO_CPU: PassDef = PassDef {
    argument: "convert-symm-mem-to-cpu",
    summary: "Generate the CPU kernels of collectives",
    description: "
Each op of `symm_mem` becomes a call of a private function that is generated once
per algorithm, reduction, element type, group and memory layout, and is made of
`comm` primitives, `scf`, `memref` and `arith`. Extents are arguments, so one kernel
serves every shape. Each `c10d` op that is left becomes a call of the runtime's
library; `c10d.wait_tensor` goes away, for both have finished when they return.

Each kernel announces itself to the runtime with the number of the op, which is its
position in the module's attribute `symm.ops`; a wait that fails ends the kernel
before it touches data. So does one whose operands turn out to have different extents.

Runs on bufferized IR, after `--place-symmetric-buffers` and after buffers have been
given their deallocations. `--convert-comm-to-llvm` comes next.
",
    anchor: Some("builtin.module"),
    options: &[OptionDef::bool(
        "test-without-exit-barrier",
        false,
        "for tests only: leave out the barrier that keeps buffers alive until every rank has \
         read them",
    )],
    statistics: &[
        StatisticDef {
            name: "kernels",
            description: "calls of generated kernels",
        },
        StatisticDef {
            name: "library-calls",
            description: "calls of the runtime's library",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__comm__,
        mlirGetDialectHandle__complex__,
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let ops = action::converted(module);
    if ops.is_empty() {
        pass.preserve_all_analyses();
        return Ok(());
    }
    let mut conversion = Conversion::new(pass)?;
    for op in ops {
        conversion.convert(op)?;
    }
    conversion.module.write_table();
    buffer_table::write(pass.context(), module, &conversion.buffers);
    Ok(())
}

/// What the conversion of a module's ops shares.
struct Conversion<'p, 'c, 'a> {
    module: ModuleState<'p, 'c, 'a>,
    kernels: Kernels<'c, 'a>,
    buffers: Vec<Buffer>,
    overlap: Overlap,
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    fn new(pass: &'p PassRun<'c, 'a>) -> Result<Self, Failure> {
        let module = ModuleState::new(pass)?;
        let test = pass.options().bool("test-without-exit-barrier");
        Ok(Self {
            kernels: Kernels::new(module.body, test),
            buffers: buffer_table::read(pass.operation())?,
            overlap: Overlap::of(pass.operation()),
            module,
        })
    }

    fn convert(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        match action::of(op, "CPU")? {
            Action::Wait => {}
            Action::Barrier => self.barrier(op)?,
            Action::OneShot => self.one_shot(op)?,
            Action::OneShotCopy => self.one_shot_copy(op)?,
            Action::TwoShot => self.two_shot(op)?,
            Action::Library(kind) => self.module.call_library(op, kind)?,
        }
        erase(op);
        Ok(())
    }
}
