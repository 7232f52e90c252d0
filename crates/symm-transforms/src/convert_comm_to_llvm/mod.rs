// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-comm-to-llvm`: the primitives of `comm` become loads, stores and
//! calls of the runtime.

mod memory;
mod primitive;
mod space;
mod table;
mod view;

use crate::{
    builder::erase,
    group::{Group, groups},
};
use melior::ir::{OperationRef, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__func__, mlirGetDialectHandle__llvm__,
    mlirGetDialectHandle__scf__,
};
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::Collective,
    pass::{OptionDef, PassDef, PassResult, PassRun},
    walk,
};
use view::Views;

/// Lowers `comm` to what the runtime's table offers.
pub static CONVERT_COMM_TO_LLVM: PassDef = PassDef {
    argument: "convert-comm-to-llvm",
    summary: "Lower the primitives of comm and symmetric buffers to the CPU runtime",
    description: "
Signals become release stores and waits acquire loads of 32 bits at system scope
(law L1); a wait polls a few times and then asks the runtime, which knows the bound
(law L10). A peer's buffer is found at the same offset in the peer's segment.

Allocations in symmetric memory become calls of the runtime, and the memory space
`#comm.symm_mem` disappears from all types: for LLVM, symmetric memory is memory. The
functions of the runtime get bodies that go through the table at `symm_rt`, which the
runtime fills in after it has loaded the program; so an artifact has no undefined
symbols of Symm. Groups go away; their order is their number at run time.

Runs after `--convert-symm-mem-to-cpu` and before the conversions to LLVM.
",
    anchor: Some("builtin.module"),
    options: &[OptionDef::int(
        "spin-limit",
        256,
        "how often a wait polls before it asks the runtime; negative: it asks at once",
    )],
    statistics: &[],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let mut conversion = Conversion {
        groups: groups(module)?,
        views: Views::default(),
        spin_limit: pass.options().int("spin-limit"),
    };
    for op in walk::collect(module) {
        conversion.convert(op)?;
    }
    space::strip(module);
    table::define(pass.context(), module)?;
    for op in walk::children(module) {
        if walk::is(op, "comm.group") {
            erase(op);
        }
    }
    Ok(())
}

/// What the conversion of a module's ops shares.
struct Conversion<'c, 'a> {
    groups: Vec<Group>,
    views: Views<'c, 'a>,
    spin_limit: i64,
}

impl<'c: 'a, 'a> Conversion<'c, 'a> {
    fn convert(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        if Collective::of(op).is_some() {
            return Err(error(&op, "is still here; run --convert-symm-mem-to-cpu first").emit());
        }
        let name = op.name();
        let name = name.as_string_ref();
        match name.as_str().unwrap_or_default() {
            "comm.rank" => self.rank(op),
            "comm.next_epoch" => self.next_epoch(op),
            "comm.signal" => self.signal(op),
            "comm.wait" => self.wait(op),
            "comm.peer" => self.peer(op),
            "memref.alloc" => self.allocate(op),
            "memref.dealloc" => self.deallocate(op),
            "memref.memory_space_cast" => self.cast(op),
            "memref.alloca" | "memref.global" | "memref.realloc" => self.refuse(op),
            _ => Ok(()),
        }
    }

    fn group(&self, op: OperationRef<'c, 'a>, name: &str) -> Result<&Group, Failure> {
        let found = self.groups.iter().find(|group| group.name == name);
        found.ok_or_else(|| error(&op, format!("uses unknown group @{name}")).emit())
    }
}
