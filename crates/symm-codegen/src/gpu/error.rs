// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Why a kernel cannot be made.

use symm_abi::gpu::SpecError;

use super::Violation;

/// Why a kernel cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The chip is not one that kernels can be made for.
    #[error("expected a chip out of {}, got {chip}", known.join(", "))]
    Chip {
        /// The chip.
        chip: String,
        /// The chips that are.
        known: Vec<&'static str>,
    },
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
    /// The version is older than the chip.
    #[error("expected at least PTX {} for {chip}, got PTX {}", dotted(*oldest), dotted(*version))]
    PtxTooOld {
        /// The chip.
        chip: &'static str,
        /// Oldest version for it, times ten.
        oldest: u32,
        /// The version, times ten.
        version: u32,
    },
    /// The version is not one that LLVM writes.
    #[error("expected a PTX version out of {}, got {}", known.iter().map(|&version| dotted(version)).collect::<Vec<_>>().join(", "), dotted(*version))]
    PtxVersion {
        /// The version, times ten.
        version: u32,
        /// The versions that are.
        known: Vec<u32>,
    },
    /// No such kernel exists on any chip.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

fn dotted(version: u32) -> String {
    format!("{}.{}", version / 10, version % 10)
}
