// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The symmetric heap of a group: one arena per rank, mapped by every rank, once.
//!
//! Each rank reserves one range of addresses with a place for every member and maps every member's arena into it, so a
//! peer's copy of a buffer is the own address plus a constant. The arenas of threads of one process are mapped directly
//! ([`Heap::for_threads`]); processes pass file descriptors through an [`Exchange`] ([`Heap::join`]). Every arena is
//! filled and waited for before any peer gets hold of it, so nobody writes to a heap that is still being prepared.

mod join;
mod layout;

pub use layout::{ABORT_OFFSET, ALIGN, ChannelRange, HEADER_BYTES, HeapLayout};

use std::sync::Arc;

use cudarc::driver::sys;
use symm_abi::gpu::{Fill, MAX_WORLD_SIZE};

use crate::{
    driver::Device,
    error::Result,
    exchange::Exchange,
    memory, peers,
    vmm::{Mapping, PhysicalAllocation, VirtualReservation, granularity, round_up},
};

/// One rank's view of its group's heap.
///
/// Dropping it waits for the rank's device and unmaps every arena from this rank; an arena's memory goes when the last
/// rank that maps it is gone.
#[derive(Debug)]
pub struct Heap {
    rank: u32,
    layout: HeapLayout,
    device: Device,
    bases: Vec<u64>,
    /// The members' arenas, by rank; kept for what happens when they are dropped.
    segments: Vec<Mapping>,
}

impl Heap {
    /// Makes the heaps of a group whose ranks are threads of this process, rank r on `devices[r]`.
    ///
    /// Several ranks may share a device.
    ///
    /// # Errors
    ///
    /// [`Error::NoPeerAccess`](crate::Error::NoPeerAccess) naming a pair of GPUs, [`Error::Call`](crate::Error::Call) if memory is short.
    pub fn for_threads(devices: &[Device], layout: &HeapLayout) -> Result<Vec<Self>> {
        let gpus: Vec<_> = devices.iter().map(|device| **device).collect();
        peers::require_all(&gpus)?;
        let bytes = arena_bytes(devices, layout)?;
        let arenas: Vec<_> = devices
            .iter()
            .map(|device| Arena::new(device, layout, bytes))
            .collect::<Result<_>>()?;
        let memories: Vec<_> = arenas.iter().map(|arena| arena.memory.clone()).collect();
        arenas
            .into_iter()
            .enumerate()
            .map(|(rank, arena)| arena.map_all(rank as u32, layout, &memories))
            .collect()
    }

    /// Makes this rank's heap of a group whose ranks are processes on one host.
    ///
    /// `plan` is the hash of what the ranks are about to run; ranks whose plan or layout differs are refused.
    ///
    /// # Errors
    ///
    /// [`Error::RanksDiffer`](crate::Error::RanksDiffer), [`Error::NoPeerAccess`](crate::Error::NoPeerAccess),
    /// [`Error::HiddenDevice`](crate::Error::HiddenDevice), [`Error::Exchange`](crate::Error::Exchange) or
    /// [`Error::Call`](crate::Error::Call).
    pub fn join(
        device: &Device,
        layout: &HeapLayout,
        plan: &[u8; 32],
        exchange: &mut Exchange,
    ) -> Result<Self> {
        join::join(device, layout, plan, exchange)
    }

    /// Returns this rank.
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// Returns the number of ranks.
    pub fn world(&self) -> u32 {
        self.layout.world()
    }

    /// Returns the layout, the same on every rank.
    pub fn layout(&self) -> &HeapLayout {
        &self.layout
    }

    /// Returns this rank's device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the address of every member's arena as this rank's device sees it, by rank.
    pub fn bases(&self) -> &[u64] {
        &self.bases
    }

    /// Returns the address of this rank's own arena.
    pub fn base(&self) -> sys::CUdeviceptr {
        self.bases[self.rank as usize]
    }

    /// Returns the address of the group's abort word in this rank's own arena.
    pub fn abort_word(&self) -> sys::CUdeviceptr {
        self.base() + ABORT_OFFSET as u64
    }

    /// Returns the addresses of the abort words of all members, by rank: kernels that wait leave once the word of their
    /// rank is not 0.
    pub fn abort_words(&self) -> impl Iterator<Item = sys::CUdeviceptr> {
        self.bases.iter().map(|base| base + ABORT_OFFSET as u64)
    }

    /// Returns where the members have what lies at `offset` in their arenas, this rank first and then round the group,
    /// as a kernel's parameters want it.
    pub fn peers(&self, offset: usize) -> [u64; MAX_WORLD_SIZE as usize] {
        rotated(&self.bases, self.rank as usize, offset as u64)
    }

    /// Copies `from` to `offset` bytes into this rank's own arena and waits for the copy.
    ///
    /// # Errors
    ///
    /// [`Error::Range`](crate::Error::Range) if it does not fit, [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        memory::in_range(
            "a copy to the heap",
            offset,
            from.len(),
            self.layout.bytes(),
        )?;
        memory::write(&self.device, self.base() + offset as u64, from)
    }

    /// Copies from `offset` bytes into this rank's own arena to `to` and waits for the copy.
    ///
    /// # Errors
    ///
    /// [`Error::Range`](crate::Error::Range) if less is there, [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> Result<()> {
        memory::in_range(
            "a copy from the heap",
            offset,
            to.len(),
            self.layout.bytes(),
        )?;
        memory::read(&self.device, self.base() + offset as u64, to)
    }

    /// Puts status words and channels of this rank's own arena back to what they were at the start; the channels'
    /// states, which lie elsewhere, are to be zeroed with them.
    ///
    /// Every rank of the group calls it after a failure, while no kernel of any rank runs and before any rank goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn reset(&self) -> Result<()> {
        fill(&self.device, self.base(), &self.layout)
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        if let Err(error) = self.device.synchronize() {
            tracing::warn!(%error, rank = self.rank, "work of the device failed before its heap was unmapped");
        }
        self.segments.clear();
    }
}

/// A rank's own memory, mapped at its place in the rank's range and prepared, before the peers' arenas are there.
struct Arena {
    device: Device,
    range: Arc<VirtualReservation>,
    memory: Arc<PhysicalAllocation>,
    /// The own mapping, until the real one takes its place.
    own: Mapping,
}

impl Arena {
    /// Allocates `bytes` bytes on `device` and prepares them.
    fn new(device: &Device, layout: &HeapLayout, bytes: usize) -> Result<Self> {
        let memory = Arc::new(PhysicalAllocation::new(device, bytes)?);
        let range = Arc::new(VirtualReservation::new(
            device,
            bytes * layout.world() as usize,
        )?);
        let own = range.map(0, &memory)?;
        own.allow(&[device])?;
        memory::fill(device, own.address(), 0, layout.bytes())?;
        fill(device, own.address(), layout)?;
        Ok(Self {
            device: device.clone(),
            range,
            memory,
            own,
        })
    }

    /// Maps every member's arena for `rank`, this one's included.
    fn map_all(
        self,
        rank: u32,
        layout: &HeapLayout,
        memories: &[Arc<PhysicalAllocation>],
    ) -> Result<Heap> {
        drop(self.own);
        let stride = self.memory.bytes();
        let segments: Vec<_> = memories
            .iter()
            .enumerate()
            .map(|(peer, memory)| {
                let mapping = self.range.map(peer * stride, memory)?;
                mapping.allow(&[&self.device])?;
                Ok(mapping)
            })
            .collect::<Result<_>>()?;
        let bases = segments.iter().map(Mapping::address).collect();
        Ok(Heap {
            rank,
            layout: layout.clone(),
            device: self.device,
            bases,
            segments,
        })
    }
}

/// Returns the size of every arena: the layout's, rounded up to what all devices can map.
fn arena_bytes(devices: &[Device], layout: &HeapLayout) -> Result<usize> {
    let granules = devices
        .iter()
        .map(granularity)
        .collect::<Result<Vec<_>>>()?;
    Ok(round_up(
        layout.bytes(),
        granules.into_iter().max().unwrap_or(1),
    ))
}

/// Fills status words and channels with what they hold before the first call, and waits.
fn fill(device: &Device, base: sys::CUdeviceptr, layout: &HeapLayout) -> Result<()> {
    memory::fill(device, base, Fill::Zeros.byte(), HEADER_BYTES)?;
    for channel in layout.channels() {
        let begin = base + channel.offset as u64;
        memory::fill(device, begin, channel.fill.byte(), channel.bytes)?;
    }
    Ok(())
}

/// Returns `bases`, each plus `offset`, beginning with that of `rank`; zeros behind the last.
fn rotated(bases: &[u64], rank: usize, offset: u64) -> [u64; MAX_WORLD_SIZE as usize] {
    let mut out = [0; MAX_WORLD_SIZE as usize];
    let (before, from) = bases.split_at(rank);
    for (peer, base) in out.iter_mut().zip(from.iter().chain(before)) {
        *peer = base + offset;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::rotated;

    #[test]
    fn peers_begin_with_the_rank_itself() {
        let bases = [100, 200, 300];
        assert_eq!(rotated(&bases, 0, 5), [105, 205, 305, 0, 0, 0, 0, 0]);
        assert_eq!(rotated(&bases, 2, 0), [300, 100, 200, 0, 0, 0, 0, 0]);
    }
}
