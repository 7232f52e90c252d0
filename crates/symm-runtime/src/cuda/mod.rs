// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks on NVIDIA GPUs: one GPU each, one stream at a time, and nothing on the way of a run but launches.
//!
//! A [`Session`] is a rank that has started: its program's kernels are loaded, the heaps of its groups are mapped on every
//! member, channels are laid out, matrix products planned. From then on an entry only puts work into a stream: it
//! allocates nothing on the device, waits for nothing and talks to no other rank, so a CUDA graph can capture it.
//!
//! The ranks meet through a [`World`](crate::World), as on the CPU; it lives in host memory and reports failures. The
//! handles of the heaps go through one [exchange](symm_cuda::exchange) per group.

mod abort;
mod agree;
mod announce;
mod arena;
mod call;
mod calls;
mod collective;
mod gpu;
mod group;
mod join;
mod library;
mod lookout;
mod plan;
mod room;
mod session;
mod table;
mod trace;
mod wait;
mod watchdog;

pub use call::Call;
pub use join::Joined;
pub use session::Session;
pub use symm_cuda::launch_env::LaunchEnv;
pub use trace::{Span, TraceFile};

pub(crate) use table::TABLE;

use crate::Error;
use serde::{Deserialize, Serialize};

/// Arena for the ordinary buffers of a rank where the program has no plan and the user gave no size.
pub const DEFAULT_ARENA_BYTES: u64 = 1 << 30;

/// What the user decides about ranks on GPUs; the same on every rank.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Config {
    /// Bytes of symmetric heap per rank and group, instead of the program's plan.
    pub heap_bytes: Option<u64>,
    /// Bytes of the arena for ordinary buffers, instead of the program's plan.
    pub arena_bytes: Option<u64>,
    /// What only the ranks of this run know.
    pub secret: [u8; 32],
    /// Uses NCCL for groups whose GPUs don't reach each other, instead of refusing them.
    pub fallback: bool,
    /// Lets several ranks use one GPU where there are too few, which is for tests: ranks that wait for each other then
    /// share its multiprocessors.
    pub share_gpus: bool,
    /// Takes the time of every op.
    pub trace: bool,
}

/// Returns the number of GPUs that this process can use.
///
/// # Errors
/// When there is no driver, or one that can't be used.
pub fn gpus() -> Result<usize, Error> {
    Ok(symm_cuda::Gpu::count()?)
}
