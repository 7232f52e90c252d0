// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs compiled Symm programs: symmetric heaps, ranks, bounded waits and the collectives that were not compiled.
//!
//! ```no_run
//! use std::{path::Path, time::Duration};
//! use symm_runtime::{Program, Tensor, World, WorldSpec, launch};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = Program::load(Path::new("program.so"))?;
//! let spec = WorldSpec::new(program.manifest(), 4, Duration::from_secs(30), None)?;
//! let world = World::create(spec)?;
//! let shared = program.clone();
//! let sums = launch::threads(&world, move |rank| {
//!     let program = shared.for_rank()?;
//!     let entry = program.manifest().entry("main").ok_or("no entry 'main'")?.clone();
//!     let mut args = entry.args.iter().map(Tensor::zeros).collect::<Result<Vec<_>, _>>()?;
//!     let mut results = entry.results.iter().map(Tensor::zeros).collect::<Result<Vec<_>, _>>()?;
//!     rank.start(&program)?.run("main", &mut args, &mut results)?;
//!     Ok(results)
//! });
//! let sums = sums.map_err(|failed| failed.report.describe(program.manifest()))?;
//! assert_eq!(sums.len(), 4);
//! # Ok(())
//! # }
//! ```

mod binding;
mod capi;
mod collective;
mod cpu_features;
pub mod cuda;
mod error;
mod failure;
mod float_environment;
pub mod launch;
pub mod npy;
pub mod number;
mod program;
mod rank;
mod shm;
mod table;
mod tensor;
mod world;

pub use binding::{BUFFER_ALIGN, Binding};
pub use error::Error;
pub use failure::{Activity, Failure, FailureReport, Step};
pub use program::{Artifact, Program, no_entry};
pub use rank::{Rank, Session};
pub use tensor::Tensor;
pub use world::{DEFAULT_HEAP_BYTES, GroupSpec, MAX_RANKS, World, WorldSpec};
