// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The GPU's part of a lowered program.

use crate::{
    error::{Error, Result},
    gpu::{self, Target},
};
use melior::{
    Context,
    ir::{Module, OperationRef},
};
use symm_abi::cuda::Cuda;
use symm_ir::{diagnostics::error, edit::remove_attribute, walk};
use symm_transforms::{
    convert_launches_to_runtime::{KERNELS, gpu_module},
    cuda_table,
};

/// What an artifact holds for the GPU.
pub(crate) struct Gpu {
    /// What the manifest says of it.
    pub(crate) cuda: Cuda,
    /// The PTX of each module, in order.
    pub(crate) ptx: Vec<String>,
}

impl Gpu {
    /// Compiles the kernels of a lowered program, and takes them and what is known
    /// of them out of it.
    ///
    /// # Errors
    ///
    /// Fails where LLVM cannot compile a kernel.
    pub(crate) fn take(context: &Context, module: &Module<'_>, target: &Target) -> Result<Self> {
        let op = module.as_operation();
        let cuda = cuda_table::read(op, target.chip()).map_err(|_| Error::Diagnosed)?;
        let modules = 0..cuda.modules.len() as u32;
        let ptx = modules
            .map(|number| compile(context, op, &cuda, number, target))
            .collect::<Result<_>>()?;
        for kernels in walk::children(op)
            .filter(|op| walk::is(*op, "gpu.module"))
            .collect::<Vec<_>>()
        {
            // SAFETY: the host refers to kernels by number only, and nobody uses the
            // operation again.
            unsafe { mlir_sys::mlirOperationDestroy(kernels.to_raw()) }
        }
        for attribute in [cuda_table::ATTRIBUTE, "gpu.container_module"] {
            remove_attribute(op, attribute);
        }
        Ok(Self { cuda, ptx })
    }

    /// Returns the sections of the artifact, with their names.
    pub(crate) fn sections(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let names = self
            .cuda
            .modules
            .iter()
            .map(|module| module.section.as_str());
        names.zip(self.ptx.iter().map(String::as_bytes))
    }

    /// Returns the PTX of all modules, each under the name of its section.
    pub(crate) fn text(&self) -> String {
        let texts = self.cuda.modules.iter().zip(&self.ptx);
        texts
            .map(|(module, ptx)| format!("// {}\n{ptx}", module.section))
            .collect()
    }
}

/// Compiles a module: that of an all-reduce, or that of the program's own kernels.
fn compile(
    context: &Context,
    program: OperationRef<'_, '_>,
    cuda: &Cuda,
    number: u32,
    target: &Target,
) -> Result<String> {
    let all_reduce = cuda.all_reduces.iter().find(|other| other.module == number);
    let name = all_reduce.map_or(KERNELS, |all_reduce| &all_reduce.entry);
    let kernels = gpu_module(program, name).ok_or_else(|| {
        error(
            &program,
            format!("has no gpu.module @{name}, which it launches kernels of"),
        )
        .emit();
        Error::Diagnosed
    })?;
    Ok(match all_reduce {
        Some(all_reduce) => gpu::compile_all_reduce(context, kernels, &all_reduce.spec, target)?,
        None => gpu::compile_kernels(context, kernels, target)?,
    })
}
