// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Why a kernel cannot be made.

use symm_abi::gpu::SpecError;

use super::{TargetError, Violation};

/// Why a kernel cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The emitted PTX breaks a law of the protocols.
    #[error("{kernel}: {}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lint {
        /// Name of the kernel.
        kernel: String,
        /// What it breaks.
        violations: Vec<Violation>,
    },
    /// LLVM gave up.
    #[error("LLVM cannot compile the kernel: {0}")]
    Llvm(String),
    /// MLIR gave up.
    #[error("MLIR cannot lower the kernel: {0}")]
    Mlir(String),
    /// A law is to be broken that the kernel does not rely on.
    #[error("expected a law that {kernel} relies on, got {law}")]
    NotBound {
        /// Name of the kernel.
        kernel: String,
        /// Number of the law.
        law: &'static str,
    },
    /// No such kernel exists on any chip.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// There is no such chip, or not with this PTX version.
    #[error(transparent)]
    Target(#[from] TargetError),
}
