// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From a program to an artifact.

use crate::{
    error::Result, link, lower::lower_to_llvm, manifest::Plan, native::Program, target::Cpu,
};
use inkwell::context::Context as LlvmContext;
use melior::{
    Context,
    ir::{Module, operation::OperationLike},
};
use symm_abi::{Manifest, artifact};

/// How a program is compiled.
#[derive(Clone, Debug)]
pub struct Options {
    /// The machine that it runs on.
    pub cpu: Cpu,
    /// Options of `symm-cpu-pipeline`, in textual form.
    pub pipeline: String,
}

/// How far a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The LLVM dialect, as MLIR prints it.
    Mlir,
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

/// Compiles a program for CPU ranks. Diagnostics go to the context's handlers.
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
    let plan = Plan::of(module);
    lower_to_llvm(context, module, &options.pipeline)?;
    let mut manifest = plan.manifest(module, options.cpu.manifest_features());
    if stage == Stage::Mlir {
        let bytes = module.as_operation().to_string().into_bytes();
        return Ok(Compiled { bytes, manifest });
    }
    let llvm = LlvmContext::create();
    let program = Program::translate(&llvm, module, &options.cpu)?;
    manifest.mutable_globals = program.has_mutable_globals();
    program.embed(&manifest);
    program.optimize()?;
    let bytes = match stage {
        Stage::Mlir | Stage::Llvm => program.text().into_bytes(),
        Stage::Object => program.object()?,
        Stage::Artifact => {
            let mut file = link::shared_object(&program.object()?)?;
            artifact::seal(&mut file)?;
            file
        }
    };
    Ok(Compiled { bytes, manifest })
}
