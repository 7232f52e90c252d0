// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-symm-mem-to-cpu`: collectives become calls.

mod collective;
mod element;
mod kernel;
mod layout;

use crate::{
    action::{self, Action},
    buffer_table,
    builder::{Builder, erase},
    group::{Group, group_of, groups},
    library,
    op_table::{self, Entry},
    runtime::{self, COLLECTIVE, Function},
};
use kernel::Kernels;
use melior::ir::{BlockRef, OperationRef, RegionLike, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__complex__, mlirGetDialectHandle__func__,
    mlirGetDialectHandle__memref__, mlirGetDialectHandle__scf__,
};
use symm_abi::{Buffer, CollectiveKind};
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
before it touches data.

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
    op_table::write(pass.context(), module, &conversion.table);
    buffer_table::write(pass.context(), module, &conversion.buffers);
    Ok(())
}

/// What the conversion of a module's ops shares.
struct Conversion<'p, 'c, 'a> {
    pass: &'p PassRun<'c, 'a>,
    body: BlockRef<'c, 'a>,
    groups: Vec<Group>,
    kernels: Kernels<'c, 'a>,
    table: Vec<Entry>,
    buffers: Vec<Buffer>,
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    fn new(pass: &'p PassRun<'c, 'a>) -> Result<Self, Failure> {
        let module = pass.operation();
        let body = module
            .region(0)?
            .first_block()
            .ok_or("the module has no body".to_owned())?;
        Ok(Self {
            pass,
            body,
            groups: groups(module)?,
            kernels: Kernels::new(body, pass.options().bool("test-without-exit-barrier")),
            table: op_table::read(module),
            buffers: buffer_table::read(module),
        })
    }

    fn convert(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        match action::of(op, "CPU")? {
            Action::Wait => {}
            Action::Barrier => self.barrier(op)?,
            Action::OneShot => self.one_shot(op)?,
            Action::OneShotCopy => self.one_shot_copy(op)?,
            Action::TwoShot => self.two_shot(op)?,
            Action::Library(kind) => self.library(op, kind)?,
        }
        erase(op);
        Ok(())
    }

    fn library(&mut self, op: OperationRef<'c, 'a>, kind: CollectiveKind) -> PassResult {
        let group = self.group(op)?;
        self.declare(&[COLLECTIVE]);
        let number = self.record(op, &group, "library", Vec::new());
        library::call(op, &group, kind, number)?;
        self.pass.count("library-calls", 1);
        Ok(())
    }

    /// Enters an op into the table and returns its number.
    fn record(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        algorithm: &str,
        phases: Vec<String>,
    ) -> i64 {
        op_table::enter(&mut self.table, op, group, algorithm, phases)
    }

    /// Returns the group of an op.
    fn group(&self, op: OperationRef<'c, 'a>) -> Result<Group, Failure> {
        group_of(&self.groups, op)
    }

    /// Declares functions of the runtime that are not declared yet.
    fn declare(&mut self, functions: &[Function]) {
        let b = Builder::at_end(
            self.pass.context(),
            self.pass.operation().location(),
            self.body,
        );
        runtime::declare(&b, functions, &mut |name| self.kernels.is_new(name));
    }
}
