// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Errors that come before or apart from a run; failures of a running world are [`FailureReport`](crate::FailureReport)s.

use crate::failure::short;
use std::{io, path::PathBuf};
use symm_abi::{Device, artifact::ArtifactError};

/// Failure to prepare or to do something; the message names the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The world has failed and every rank has to leave; [`World::report`](crate::World::report) says why.
    #[error("the run has failed on some rank")]
    Aborted,
    /// An artifact was compiled for another architecture.
    #[error("{path}: compiled for {found}, this machine is {expected}: compile it for this machine", path = .path.display(), expected = std::env::consts::ARCH)]
    #[allow(missing_docs)]
    Arch { path: PathBuf, found: String },
    /// An arena is larger than anything that a GPU addresses.
    #[error("an arena of {bytes} bytes fits no GPU: lower --arena-bytes")]
    #[allow(missing_docs)]
    ArenaTooLarge { bytes: u64 },
    /// Arguments or results do not have the types of the entry.
    #[error("entry '{entry}': expected {expected}, got something else")]
    #[allow(missing_docs)]
    ArgumentType { entry: String, expected: String },
    /// A file is not a usable artifact.
    #[error("{path}: {source}", path = .path.display())]
    #[allow(missing_docs)]
    Artifact {
        path: PathBuf,
        source: ArtifactError,
    },
    /// cuBLASLt can't be used.
    #[error(transparent)]
    Blas(#[from] symm_cuda::cublaslt::BlasError),
    /// A program for a newer GPU than that of a rank, or for one chip or family alone.
    #[error(
        "rank {rank}: compiled for {needed}, which does not run on its GPU, {gpu}: compile with chip={found}"
    )]
    #[allow(missing_docs)]
    Chip {
        rank: u32,
        needed: String,
        gpu: String,
        found: String,
    },
    /// The control block of a world can't be had.
    #[error("shared memory for the control block of the ranks can't be had: {0}")]
    Control(io::Error),
    /// The thread that watches over calls of NCCL can't be had.
    #[error("no thread can be had that watches over calls of NCCL: {0}")]
    Watchdog(io::Error),
    /// The CUDA driver can't be used, or failed.
    #[error(transparent)]
    Cuda(#[from] symm_cuda::Error),
    /// An artifact needs a CPU feature that this machine lacks.
    #[error("{path}: uses CPU feature '{feature}', which this machine lacks: compile it for this machine", path = .path.display())]
    #[allow(missing_docs)]
    CpuFeature { path: PathBuf, feature: String },
    /// An artifact was compiled for another device.
    #[error("{path}: compiled for --device={found}, expected --device={expected}", path = .path.display(), found = .found.name(), expected = .expected.name())]
    #[allow(missing_docs)]
    Device {
        path: PathBuf,
        found: Device,
        expected: Device,
    },
    /// NCCL is to stand in for kernels, and lacks a reduction.
    #[error("{op}: {reason}: --fallback can't run it, choose GPUs that reach each other's memory")]
    #[allow(missing_docs)]
    Fallback { op: String, reason: String },
    /// The shared memory of a group can't be had.
    #[error(
        "symmetric heap of @{group} can't be had: {bytes} bytes for each of {members} ranks: {reason}: lower --heap-bytes (heap_bytes in C) or raise the limit"
    )]
    #[allow(missing_docs)]
    Heap {
        group: String,
        bytes: u64,
        members: usize,
        reason: String,
    },
    /// A heap is smaller than the program's plan.
    #[error(
        "symmetric heap of @{group} has {found} bytes per rank, the program needs {needed}: raise --heap-bytes (heap_bytes in C)"
    )]
    #[allow(missing_docs)]
    HeapTooSmall {
        group: String,
        found: u64,
        needed: u64,
    },
    /// The system's loader refused an artifact.
    #[error("{path}: can't be loaded: {reason}", path = .path.display())]
    #[allow(missing_docs)]
    Load { path: PathBuf, reason: String },
    /// What a launcher says of this process can't be used.
    #[error(transparent)]
    LaunchEnv(#[from] symm_cuda::launch_env::LaunchEnvError),
    /// NCCL can't be used.
    #[error(transparent)]
    Nccl(#[from] symm_cuda::nccl::NcclError),
    /// The program has no such entry.
    #[error("program has no entry '{name}', expected one of: {entries}")]
    #[allow(missing_docs)]
    NoEntry { name: String, entries: String },
    /// The world has no such rank.
    #[error("there is no rank {rank} to start here, of {size}")]
    #[allow(missing_docs)]
    NoRank { rank: u32, size: u32 },
    /// The world is for another program.
    #[error(
        "{path}: has plan {found}, but the world is for the program with plan {expected}: make a world for this program",
        path = .path.display(), found = short(.found), expected = short(.expected)
    )]
    #[allow(missing_docs)]
    OtherProgram {
        path: PathBuf,
        found: String,
        expected: String,
    },
    /// Two GPUs of a symmetric group don't reach each other; the words are those of the rank that found it.
    #[error("{0}")]
    PeerAccess(String),
    /// A rank was started before.
    #[error(
        "rank {rank} of this world was started before, and may be running: start each rank once, and make another world to start it again"
    )]
    #[allow(missing_docs)]
    RankTaken { rank: u32 },
    /// A file can't be read.
    #[error("{path}: {source}", path = .path.display())]
    #[allow(missing_docs)]
    Read { path: PathBuf, source: io::Error },
    /// Not one block of a kernel fits on the GPU of each member of a group.
    #[error(
        "{kernel}: no block of {threads} threads fits on the GPU of some rank: compile for the oldest GPU of the group"
    )]
    #[allow(missing_docs)]
    Residence { kernel: String, threads: u32 },
    /// A part of an artifact that its manifest names is missing or unusable.
    #[error("{path}: section '{section}' {what}: compile the program again", path = .path.display())]
    #[allow(missing_docs)]
    Section {
        path: PathBuf,
        section: String,
        what: &'static str,
    },
    /// There is no memory for an argument or a result.
    #[error("'{name}': the system has no memory for it")]
    #[allow(missing_docs)]
    TensorMemory { name: String },
    /// The buffers of an entry are not what it needs.
    #[error("entry '{entry}': {what}")]
    #[allow(missing_docs)]
    Unbound { entry: String, what: String },
    /// The program does not fit the number of ranks.
    #[error("program runs on {expected} ranks, got {found}: start as many")]
    #[allow(missing_docs)]
    WorldSize { found: u32, expected: String },
}
