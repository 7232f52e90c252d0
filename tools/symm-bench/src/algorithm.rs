// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What can be measured: the seam between the harness and the ways to all-reduce.

use anyhow::Result;
use symm_cuda::Stream;

use crate::{case::Case, world::World};

/// A way to all-reduce.
pub trait Algorithm {
    /// Returns the name that tables print.
    fn name(&self) -> &str;

    /// Tells whether the result must have the bits of the rank-ordered reduction.
    fn exact(&self) -> bool;

    /// Makes buffers, channels and arguments for a case; every process prepares the same cases in the same order.
    ///
    /// # Errors
    ///
    /// Fails where something is broken, not where the algorithm just does not cover the case.
    fn prepare(&mut self, world: &mut World, case: &Case) -> Result<Outcome>;
}

/// What came of a preparation; the same on every rank.
pub enum Outcome {
    /// The case can run.
    Ready(Box<dyn Prepared>),
    /// The algorithm does not cover the case; why.
    Refused(String),
}

/// A case that is ready to run. Ranks are numbered as in [`World::ranks`], sets of buffers up to [`Case::sets`]; all
/// sets use one channel, one after the other.
pub trait Prepared {
    /// Writes the operand of a rank of this process.
    fn write_operand(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()>;

    /// Fills the place of the result of a rank of this process, which is the operand's if it is in place.
    fn write_result(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()>;

    /// Reads the result of a rank of this process.
    fn read_result(&self, rank: usize, set: usize, bytes: &mut [u8]) -> Result<()>;

    /// Returns where the operand of a rank of this process lies on its device.
    fn operand_address(&self, rank: usize, set: usize) -> u64;

    /// Returns where the result of a rank of this process lies on its device.
    fn result_address(&self, rank: usize, set: usize) -> u64;

    /// Puts one all-reduce into the stream of each rank of this process; allocates nothing and waits for nothing.
    fn enqueue(&mut self, streams: &[Stream], set: usize) -> Result<()>;

    /// Fails if a rank has given up waiting for another.
    fn verdict(&self) -> Result<()>;

    /// Describes how it is launched, in a few characters.
    fn shape(&self) -> String;
}
