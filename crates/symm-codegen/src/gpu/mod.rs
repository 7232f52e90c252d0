// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From kernels to PTX.
//!
//! [`compile`] takes the all-reduce kernel that a [`KernelSpec`] names, lowers it with MLIR's passes and has LLVM write PTX;
//! [`compile_kernels`] and [`compile_all_reduce`] do the last step for the kernels that a lowered program holds.

mod batch;
mod error;
mod lint;
mod lower;

pub use batch::{compile_all, compile_all_sabotaged};
pub use error::GpuError;
pub use lint::{Violation, lint};
pub use symm_transforms::{
    all_reduce_kernels::{Law, Sabotage},
    gpu_target::{Target, TargetError},
};

use lower::Loops;
use melior::{Context, ir::OperationRef};
use symm_abi::gpu::{KernelImage, KernelSpec};
use symm_transforms::all_reduce_kernels;

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
    let kernel = all_reduce_kernels::module(context, spec, &target, sabotage);
    let ptx = lower::to_ptx(context, kernel, &target)?;
    check_laws(spec, &ptx, sabotage.broken)?;
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
    lower::module_to_ptx(context, kernels, target, Loops::OfProgram)
}

/// Compiles the `gpu.module` of an all-reduce kernel, in the LLVM dialect.
///
/// # Errors
///
/// As [`compile_kernels`], and where the kernel breaks a law of its protocol.
pub fn compile_all_reduce(
    context: &Context,
    kernel: OperationRef,
    spec: &KernelSpec,
    target: &Target,
) -> Result<String, GpuError> {
    let ptx = lower::module_to_ptx(context, kernel, target, Loops::AsBuilt)?;
    check_laws(spec, &ptx, None)?;
    Ok(ptx)
}

/// Holds the PTX of a kernel against the laws of its protocol, but for one that was broken on purpose.
fn check_laws(spec: &KernelSpec, ptx: &str, broken: Option<Law>) -> Result<(), GpuError> {
    let mut violations = lint(spec, ptx);
    violations.retain(|violation| broken.is_none_or(|law| law.name() != violation.law));
    if violations.is_empty() {
        return Ok(());
    }
    Err(GpuError::Lint {
        kernel: spec.name(),
        violations,
    })
}
