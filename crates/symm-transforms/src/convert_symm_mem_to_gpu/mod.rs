// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-symm-mem-to-gpu`: collectives become calls of the CUDA runtime.

mod all_reduce;
mod shape;

use crate::{
    action::{self, Action},
    builder::{Builder, erase},
    cuda_table,
    gpu_target::Target,
    group::{Group, group_of, groups},
    library,
    op_table::{self, Entry},
    runtime::{self, COLLECTIVE, Function},
};
use melior::ir::{BlockRef, OperationRef, RegionLike, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__func__, mlirGetDialectHandle__gpu__,
    mlirGetDialectHandle__llvm__, mlirGetDialectHandle__memref__, mlirGetDialectHandle__nvvm__,
    mlirGetDialectHandle__scf__, mlirGetDialectHandle__vector__,
};
use symm_abi::{CollectiveKind, cuda::Cuda, gpu::LaunchTable};
use symm_ir::{
    diagnostics::Failure,
    dialect::mlirGetDialectHandle__comm__,
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
};

/// The options that say for which GPU.
pub const CHIP: OptionDef =
    OptionDef::text("chip", "sm_90", "the oldest GPU that is to run the program");

/// The option that says in which version of PTX.
pub const PTX_VERSION: OptionDef = OptionDef::int(
    "ptx-version",
    0,
    "version of the PTX times ten, such as 83; 0: the oldest that does for the chip",
);

/// Turns collectives on memrefs into calls of the CUDA runtime.
pub static CONVERT_SYMM_MEM_TO_GPU: PassDef = PassDef {
    argument: "convert-symm-mem-to-gpu",
    summary: "Generate the GPU kernels of collectives, and launch them",
    description: "
Each all-reduce of `symm_mem` becomes a call of the runtime's `all_reduce`, with the number
of a row in the module's attribute `symm.cuda`. The row names the kernel (algorithm, element
type, reduction, group size, unroll factor, chip) and the launch shape, which come from the
table of launch shapes and so are the same on every rank. Each op has a row, and thereby a
channel, of its own (law L8).

The kernels themselves are put at the end of the module, each in a `gpu.module` of its name: the
protocols in the accesses of `comm`, `scf` and `arith`, what only a GPU has in `nvvm`. Ops
of one kind share a kernel. `--convert-comm-to-nvvm` and MLIR's conversions take them to
the LLVM dialect.

`one_shot_all_reduce` and `two_shot_all_reduce_` are run as written: by push, the operand may
be anywhere; by pull it must be in symmetric memory, which `--place-symmetric-buffers` sees
to. A buffer that is not contiguous, or that a pulled result shares with its operand, goes
through a copy. `symm_mem.barrier` is an all-reduce of one element.

Each `c10d` op that is left becomes a call of the runtime's `collective`, which is NCCL's;
`c10d.wait_tensor` goes away: what uses the result is behind it in the same stream. The
module's attribute `symm.ops` lists the collectives.

Runs on bufferized IR of static shape, after `--place-symmetric-buffers` and after buffers
have been given their deallocations.
",
    anchor: Some("builtin.module"),
    options: &[CHIP, PTX_VERSION],
    statistics: &[
        StatisticDef {
            name: "kernels",
            description: "all-reduces by generated kernels",
        },
        StatisticDef {
            name: "library-calls",
            description: "collectives by the library",
        },
        StatisticDef {
            name: "staging-copies",
            description: "copies of operands and results",
        },
    ],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__comm__,
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__gpu__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__nvvm__,
        mlirGetDialectHandle__scf__,
        mlirGetDialectHandle__vector__,
    ],
    run,
};

/// Returns the GPU that the options of a pass or pipeline name.
///
/// # Errors
///
/// Fails where there is no such chip or PTX version.
pub fn target(chip: &str, ptx_version: i64) -> Result<Target, Failure> {
    let version = (ptx_version != 0).then(|| u32::try_from(ptx_version).unwrap_or(u32::MAX));
    Target::new(chip, version).map_err(|reason| Failure::Message(reason.to_string()))
}

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let options = pass.options();
    let target = target(&options.text(CHIP.name), options.int(PTX_VERSION.name))?;
    let ops = action::converted(module);
    let mut conversion = Conversion::new(pass, target)?;
    for op in ops {
        conversion.convert(op)?;
    }
    op_table::write(pass.context(), module, &conversion.table);
    cuda_table::write(pass.context(), module, &conversion.cuda);
    Ok(())
}

/// What the conversion of a module's ops shares.
struct Conversion<'p, 'c, 'a> {
    pass: &'p PassRun<'c, 'a>,
    body: BlockRef<'c, 'a>,
    groups: Vec<Group>,
    target: Target,
    shapes: LaunchTable,
    table: Vec<Entry>,
    cuda: Cuda,
    declared: Vec<String>,
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    fn new(pass: &'p PassRun<'c, 'a>, target: Target) -> Result<Self, Failure> {
        let module = pass.operation();
        let body = module
            .region(0)?
            .first_block()
            .ok_or("the module has no body".to_owned())?;
        Ok(Self {
            pass,
            body,
            groups: groups(module)?,
            shapes: LaunchTable::shipped()
                .map_err(|reason| Failure::Message(reason.to_string()))?,
            table: op_table::read(module),
            cuda: cuda_table::read(module, target.chip())?,
            target,
            declared: runtime::declared(body),
        })
    }

    fn convert(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        match action::of(op, "GPUs")? {
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
        runtime::declare(&b, functions, &mut |name| {
            let is_new = !self.declared.iter().any(|other| other == name);
            if is_new {
                self.declared.push(name.to_owned());
            }
            is_new
        });
    }
}
