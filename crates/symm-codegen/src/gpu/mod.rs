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
mod sabotage;
mod slots;
mod small_float;
mod target;
mod wait;

pub use batch::{compile_all, compile_all_sabotaged};
pub use error::GpuError;
pub use lint::{Violation, lint};
pub use sabotage::{Law, Sabotage};
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
    compile_sabotaged(context, spec, ptx_version, Sabotage::default())
}

/// Compiles a kernel as [`compile`] does, but for what is wrong with it on purpose: for tests.
///
/// # Errors
///
/// As [`compile`], but bears with the law that is broken; refuses to break one that the kernel does not rely on.
pub fn compile_sabotaged(
    context: &Context,
    spec: &KernelSpec,
    ptx_version: Option<u32>,
    sabotage: Sabotage,
) -> Result<KernelImage, GpuError> {
    spec.check()?;
    if let Some(law) = sabotage.broken.filter(|law| !law.binds(spec)) {
        return Err(GpuError::NotBound {
            kernel: spec.name(),
            law: law.name(),
        });
    }
    let target = Target::new(&spec.chip, ptx_version)?;
    let module = build::module(context, spec, &target, sabotage);
    let ptx = lower::to_ptx(context, module, &target)?;
    let mut violations = lint(spec, &ptx);
    violations.retain(|violation| {
        sabotage
            .broken
            .is_none_or(|law| law.name() != violation.law)
    });
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
