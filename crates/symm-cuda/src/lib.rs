// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a collective over symmetric GPU memory needs from the CUDA driver, with ownership and errors.
//!
//! [cudarc](https://docs.rs/cudarc) binds the whole driver, but its safe layer has no virtual memory management, no
//! sharing of memory between processes, no peer checks, no modules without NVRTC and no launch attributes. This crate adds them:
//!
//! | module | gives |
//! |---|---|
//! | [`driver`] | a driver that may be absent, devices |
//! | [`vmm`] | physical memory, address ranges, mappings, export and import as file descriptors |
//! | [`peers`] | which GPUs reach each other's memory |
//! | [`exchange`] | file descriptors and bytes passed between the ranks of one host |
//! | [`launch_env`] | what torchrun, mpirun and srun say about this rank |
//! | [`heap`] | the symmetric heap of a group |
//! | [`memory`] | plain device memory, pinned host memory |
//! | [`stream`], [`event`], [`graph`] | queues, points in them, replays |
//! | [`module`], [`launch`] | kernels, programmatic dependent launch, clusters |
//! | [`cublaslt`] | matrix products, where cuBLASLt is installed |
//! | [`nccl`] | NCCL's collectives, where NCCL is installed |
//! | [`nvtx`] | named ranges for a profiler that listens |
//! | [`mark`] | what a stream is at, for a host that does not ask the driver |
//! | [`watch`] | who failed to arrive when a kernel's bounded wait ran out |
//!
//! Nothing here panics because a driver, a device or a peer is missing: [`driver::version`] finds out first.
//! Multicast objects are never created.

pub mod cublaslt;
pub mod driver;
pub mod error;
pub mod event;
pub mod exchange;
pub mod graph;
pub mod heap;
pub mod launch;
pub mod launch_env;
pub mod mark;
pub mod memory;
pub mod module;
pub mod nccl;
pub mod nvtx;
pub mod peers;
pub mod stream;
pub mod vmm;
pub mod watch;

pub use driver::{Device, Gpu};
pub use error::{Error, Result};
pub use event::Event;
pub use graph::{Capture, Captured, Graph};
pub use stream::Stream;
