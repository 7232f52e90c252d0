// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--convert-symm-mem-to-gpu`: collectives become calls of the CUDA runtime.

mod all_reduce;
mod channels;
mod entries;
mod shape;

use crate::{
    action::{self, Action},
    builder::erase,
    cuda_table,
    gpu_target::Target,
    module_state::ModuleState,
    overlap::Overlap,
};
use channels::Channels;
use entries::Entries;
use melior::ir::OperationRef;
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__func__, mlirGetDialectHandle__gpu__,
    mlirGetDialectHandle__llvm__, mlirGetDialectHandle__memref__, mlirGetDialectHandle__nvvm__,
    mlirGetDialectHandle__scf__, mlirGetDialectHandle__vector__,
};
use symm_abi::{cuda::Cuda, gpu::LaunchTable};
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
table of launch shapes and so are the same on every rank. Each op has a row of its own.

A row also names a channel. Ops share one, with room for the largest of them, if they have
kernel, launch shape and group in common and are run by the same entries: an entry puts all its
work into one stream, and no two entries of a rank run at once, so that no two ops of a
channel are ever live at once (law L8).

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
    let version = u32::try_from(ptx_version).map_err(|_| {
        let name = PTX_VERSION.name;
        Failure::Message(format!(
            "{name}: expected a version times ten, such as 83, or 0, got {ptx_version}"
        ))
    })?;
    Target::new(chip, (version != 0).then_some(version))
        .map_err(|reason| Failure::Message(reason.to_string()))
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
    conversion.module.write_table();
    cuda_table::write(pass.context(), module, &conversion.cuda);
    Ok(())
}

/// What the conversion of a module's ops shares.
struct Conversion<'p, 'c, 'a> {
    module: ModuleState<'p, 'c, 'a>,
    target: Target,
    shapes: LaunchTable,
    cuda: Cuda,
    entries: Entries,
    channels: Channels,
    overlap: Overlap,
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    fn new(pass: &'p PassRun<'c, 'a>, target: Target) -> Result<Self, Failure> {
        let shapes = LaunchTable::shipped();
        let cuda = cuda_table::read(pass.operation(), target.chip())?;
        Ok(Self {
            module: ModuleState::new(pass)?,
            overlap: Overlap::of(pass.operation()),
            shapes: shapes.map_err(|reason| Failure::Message(reason.to_string()))?,
            channels: Channels::beside(&cuda),
            cuda,
            entries: Entries::of(pass.operation()),
            target,
        })
    }

    fn convert(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        match action::of(op, "GPUs")? {
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
