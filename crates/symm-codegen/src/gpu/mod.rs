// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce kernels for NVIDIA GPUs.
//!
//! [`compile`] builds the kernel that a [`KernelSpec`] names as MLIR, lowers it with MLIR's own passes and has LLVM write
//! PTX. [`symm_abi::gpu`] says how kernels are launched; `push`, `pull` and `slots` argue why they are right.
//!
//! One kernel serves every alignment and every element count: whether a packet moves by one access of 128 bits or element by
//! element is a branch. It costs nothing, for the tail of a buffer needs it anyway, and no wrong variant can be chosen.

mod batch;
mod build;
mod element;
mod emitter;
mod error;
mod kernel;
mod lint;
mod lower;
mod memory;
mod pull;
mod push;
mod slots;
mod small_float;
mod target;
mod wait;

pub use batch::compile_all;
pub use error::GpuError;
pub use lint::{Violation, lint};
pub use target::{Target, TargetError};

use melior::{Context, ir::OperationRef};
use symm_abi::gpu::{KernelImage, KernelSpec};

/// Compiles a kernel for the chip of its spec.
///
/// The context must know the LLVM, NVVM, arith, scf, vector and gpu dialects and how they are translated to LLVM IR.
///
/// # Errors
///
/// Refuses specs that no kernel exists for, and chips or PTX versions that LLVM does not take.
pub fn compile(
    context: &Context,
    spec: &KernelSpec,
    ptx_version: Option<u32>,
) -> Result<KernelImage, GpuError> {
    spec.check()?;
    let target = Target::new(&spec.chip, ptx_version)?;
    let module = build::module(context, spec, &target);
    let ptx = lower::to_ptx(context, module, &target)?;
    let violations = lint(spec, &ptx);
    if !violations.is_empty() {
        return Err(GpuError::Lint {
            kernel: spec.name(),
            violations,
        });
    }
    Ok(KernelImage {
        spec: spec.clone(),
        entry: spec.name(),
        ptx_version: target.ptx_version(),
        ptx,
    })
}

/// Compiles a `gpu.module` of the LLVM dialect: the kernels of a program.
///
/// # Errors
///
/// Fails where MLIR cannot translate it or LLVM cannot compile it.
pub fn compile_kernels(
    context: &Context,
    kernels: OperationRef,
    target: &Target,
) -> Result<String, GpuError> {
    lower::module_to_ptx(context, kernels, target)
}
