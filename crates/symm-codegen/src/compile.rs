// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From a program to an artifact.

use crate::{
    cuda::Gpu,
    error::Result,
    gpu::Target,
    link,
    lower::{Road, drop_places, lower_to_llvm},
    manifest::Plan,
    native::Program,
    target::Cpu,
};
use inkwell::context::Context as LlvmContext;
use melior::{Context, ir::Module};
use symm_abi::{Device, Manifest, artifact};

/// How a program is compiled.
#[derive(Clone, Debug)]
pub struct Options {
    /// The machine that it runs on, or its host code where it runs on GPUs.
    pub cpu: Cpu,
    /// The GPU that it runs on, if it does.
    pub gpu: Option<Target>,
    /// Options of `symm-cpu-pipeline` or `symm-cuda-pipeline`, in textual form; the
    /// chip is not among them.
    pub pipeline: String,
}

/// How far a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The LLVM dialect, as MLIR prints it.
    Mlir,
    /// The PTX of every kernel, as text; nothing for a program for CPU ranks.
    Ptx,
    /// Optimized LLVM IR, as LLVM prints it.
    Llvm,
    /// An object file.
    Object,
    /// A shared object with manifest and seal.
    Artifact,
}

/// A compiled program.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What was asked for.
    pub bytes: Vec<u8>,
    /// What the program is.
    pub manifest: Manifest,
}

/// Compiles a program. Diagnostics go to the context's handlers.
///
/// # Errors
///
/// Fails where the program is not valid, where an option is not, and where the
/// system's C compiler is missing or fails.
pub fn compile(
    context: &Context,
    module: &mut Module<'_>,
    options: &Options,
    stage: Stage,
) -> Result<Compiled> {
    let plan = Plan::of(module)?;
    let road = options.gpu.as_ref().map_or(Road::Cpu, Road::Cuda);
    lower_to_llvm(context, module, road, &options.pipeline)?;
    let mut manifest = plan.manifest(module, options.cpu.manifest_features())?;
    if stage == Stage::Mlir {
        let bytes = module.as_operation().to_string().into_bytes();
        return Ok(Compiled { bytes, manifest });
    }
    drop_places(context, module)?;
    let gpu = options
        .gpu
        .as_ref()
        .map(|target| Gpu::take(context, module, target))
        .transpose()?;
    if let Some(gpu) = &gpu {
        manifest.device = Device::Cuda;
        manifest.cuda = Some(gpu.cuda.clone());
    }
    if stage == Stage::Ptx {
        let bytes = gpu.map(|gpu| gpu.text().into_bytes()).unwrap_or_default();
        return Ok(Compiled { bytes, manifest });
    }
    let llvm = LlvmContext::create();
    let program = Program::translate(&llvm, module, &options.cpu)?;
    manifest.mutable_globals = program.has_mutable_globals();
    program.embed(&manifest, gpu.iter().flat_map(Gpu::sections));
    program.optimize()?;
    let bytes = match stage {
        Stage::Mlir | Stage::Ptx | Stage::Llvm => program.text().into_bytes(),
        Stage::Object => program.object()?,
        Stage::Artifact => {
            let mut file = link::shared_object(&program.object()?)?;
            artifact::seal(&mut file)?;
            file
        }
    };
    Ok(Compiled { bytes, manifest })
}
