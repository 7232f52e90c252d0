// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Why a program could not be compiled.

use std::{io, path::PathBuf};

/// Reason why a program could not be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What the compiler wrote is no artifact: a bug.
    #[error(transparent)]
    Artifact(#[from] symm_abi::artifact::ArtifactError),
    /// The system's C compiler is not there.
    #[error(
        "cannot run the C compiler '{0}', which links programs: {1}; install one (on Debian: \
         apt-get install gcc) or name another one in CC"
    )]
    Compiler(String, io::Error),
    /// A CPU that the compiler does not know.
    #[error("unknown CPU '{cpu}'; expected one of: {known}")]
    Cpu {
        /// The CPU that was asked for.
        cpu: String,
        /// Those there are.
        known: String,
    },
    /// Diagnostics were emitted; nothing more is to be said.
    #[error("the program could not be lowered")]
    Diagnosed,
    /// A file could not be read or written.
    #[error("cannot access '{}': {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A kernel could not be compiled.
    #[error(transparent)]
    Gpu(#[from] crate::gpu::GpuError),
    /// The linker failed.
    #[error("the C compiler could not link the program:\n{0}")]
    Link(String),
    /// LLVM failed.
    #[error("LLVM: {0}")]
    Llvm(String),
    /// A pass has no such option, or no such value of it.
    #[error("{0}")]
    Options(String),
}

/// The result of a step of the compiler.
pub type Result<T> = std::result::Result<T, Error>;
