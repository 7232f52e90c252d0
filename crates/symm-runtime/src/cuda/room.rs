// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How many blocks of a kernel fit on the GPUs of a group.
//!
//! A block waits for the blocks of its number on the peers, so that all blocks of a launch have to be on their GPUs at once. A
//! launch shape is that of a chip, of which there are cards with more and with fewer multiprocessors: 114 or 132 of sm_90, 108 of
//! sm_80, ten or more of sm_86. What fits is asked of the driver when the program is loaded, and no member launches more than
//! fit on every member's GPU; so the shapes stay the same on all ranks and for ever (L12), and the results do anyway.
//!
//! Ranks that share a GPU, in tests, share its room, and none begins a kernel before the one in front of it has ended: the blocks
//! that came early would take the place of those that the other ranks wait for.

use crate::{Error, Rank};
use symm_abi::cuda::AllReduce;
use symm_cuda::{
    Device, driver::Uuid, exchange::Exchange, launch::LaunchShape, module::Function, peers,
};

/// Returns how many ranks have this rank's GPU.
pub(super) fn sharing(rank: &Rank, device: &Device) -> Result<usize, Error> {
    let gpus: Vec<_> = rank.gpus().into_iter().map(Uuid).collect();
    Ok(peers::sharing(&gpus, device.uuid()?))
}

/// Returns how many blocks of an all-reduce's kernel fit at once on a GPU that so many ranks have.
pub(super) fn here(
    kernel: &Function,
    all_reduce: &AllReduce,
    sharing: usize,
) -> Result<u32, Error> {
    let fits = peers::fair_share(kernel.resident_blocks(all_reduce.threads, 0)?, sharing);
    Ok(u32::try_from(fits).unwrap_or(u32::MAX))
}

/// Returns, for each channel of a group, how many blocks fit on every member's GPU, given how many fit on this one's.
///
/// # Errors
/// When a member does not come, or brings another number of channels.
pub(super) fn everywhere(exchange: &mut Exchange, here: &[u32]) -> Result<Vec<u32>, Error> {
    let bytes: Vec<u8> = here.iter().flat_map(|fits| fits.to_le_bytes()).collect();
    let shares = exchange
        .all_gather("compare what fits on the GPUs", &bytes, &[])
        .map_err(symm_cuda::Error::from)?;
    let mut least = here.to_vec();
    for (rank, share) in (0..).zip(&shares) {
        if share.bytes.len() != bytes.len() {
            let differs = symm_cuda::Error::RanksDiffer {
                what: "room for kernels of channels",
                rank: exchange.rank(),
                mine: here.len().to_string(),
                peer: rank,
                theirs: (share.bytes.len() / size_of::<u32>()).to_string(),
            };
            return Err(differs.into());
        }
        let (words, _) = share.bytes.as_chunks();
        for (least, word) in least.iter_mut().zip(words) {
            *least = u32::from_le_bytes(*word).min(*least);
        }
    }
    Ok(least)
}

/// Returns how an all-reduce is launched where no more than so many blocks fit on a GPU that so many ranks have.
///
/// # Errors
/// When none does.
pub(super) fn shape(
    all_reduce: &AllReduce,
    room: u32,
    sharing: usize,
) -> Result<LaunchShape, Error> {
    let blocks = all_reduce.blocks.min(room);
    if blocks == 0 {
        return Err(Error::Residence {
            kernel: all_reduce.entry.clone(),
            threads: all_reduce.threads,
        });
    }
    let shape = LaunchShape::linear(blocks, all_reduce.threads);
    Ok(shape.programmatic(all_reduce.trigger.flags() != 0 && sharing < 2))
}
