// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where everything lies in the shared memory of a group.
//!
//! The memory is one segment per member, all alike: signal pad, step records, staging of the library, heap.

use crate::{Error, shm::PAGE, shm::SharedMemory, world::GroupSpec};
use std::{
    io,
    ops::Range,
    os::fd::{BorrowedFd, OwnedFd},
    sync::atomic::AtomicU32,
};
use symm_abi::PAD_STRIDE;

use super::steps::Steps;

/// Steps that a member keeps published.
const STEPS: usize = 16;

/// Size of one of the two staging buffers of a member.
pub(crate) const STAGE_BYTES: usize = 256 << 10;

/// Offsets within a segment, and the size of a segment; all multiples of a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Layout {
    pub(crate) members: usize,
    pub(crate) steps: usize,
    pub(crate) stage: usize,
    pub(crate) heap: usize,
    pub(crate) stride: usize,
}

impl Layout {
    /// Returns the layout for a number of members and heap bytes, if it fits an address space.
    pub(crate) fn new(members: usize, heap_bytes: u64) -> Option<Self> {
        let pad = members
            .checked_mul(PAD_STRIDE as usize)?
            .checked_next_multiple_of(PAGE)?;
        let steps = pad;
        let stage = steps + size_of::<Steps<STEPS>>().next_multiple_of(PAGE);
        let heap = stage + 2 * STAGE_BYTES;
        let heap_bytes = usize::try_from(heap_bytes)
            .ok()?
            .checked_next_multiple_of(PAGE)?;
        let stride = heap.checked_add(heap_bytes)?;
        isize::try_from(stride.checked_mul(members)?).ok()?;
        Some(Self {
            members,
            steps,
            stage,
            heap,
            stride,
        })
    }

    /// Returns the usable size of the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.stride - self.heap
    }
}

/// The mapped memory of a group.
#[derive(Debug)]
pub(crate) struct GroupMemory {
    memory: SharedMemory,
    pub(crate) layout: Layout,
}

impl GroupMemory {
    pub(crate) fn create(group: &GroupSpec) -> Result<Self, Error> {
        Self::with(group, |length| {
            SharedMemory::create(&format!("symm-{}", group.name), length)
        })
    }

    pub(crate) fn join(group: &GroupSpec, file: OwnedFd) -> Result<Self, Error> {
        Self::with(group, |length| SharedMemory::join(file, length))
    }

    fn with(
        group: &GroupSpec,
        map: impl FnOnce(usize) -> io::Result<SharedMemory>,
    ) -> Result<Self, Error> {
        let layout = group.layout()?;
        let memory = map(layout.stride * layout.members).map_err(|error| Error::Heap {
            group: group.name.clone(),
            bytes: group.heap_bytes,
            members: layout.members,
            reason: error.to_string(),
        })?;
        Ok(Self { memory, layout })
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.memory.file()
    }

    /// Returns the address of a member's segment.
    pub(crate) fn segment(&self, member: usize) -> *mut u8 {
        assert!(
            member < self.layout.members,
            "member {member} of {}",
            self.layout.members
        );
        self.memory.base().wrapping_add(member * self.layout.stride)
    }

    /// Takes pages of a range of a member's segment from the system.
    pub(crate) fn reserve(&self, member: usize, range: Range<usize>) -> io::Result<()> {
        let base = member * self.layout.stride;
        self.memory.reserve(base + range.start..base + range.end)
    }

    /// Returns the signal word that member `from` writes for member `to`.
    pub(crate) fn signal(&self, to: usize, from: usize) -> &AtomicU32 {
        assert!(
            from < self.layout.members,
            "member {from} of {}",
            self.layout.members
        );
        // SAFETY: the pad at the start of a segment has one aligned word per member, at this stride.
        unsafe { &*self.segment(to).add(from * PAD_STRIDE as usize).cast() }
    }

    /// Returns what a member says of the collectives it is at.
    pub(crate) fn steps(&self, member: usize) -> &Steps<STEPS> {
        // SAFETY: a segment has such a record at this offset, aligned to a page; all of its fields are atomics.
        unsafe { &*self.segment(member).add(self.layout.steps).cast() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_do_not_overlap() {
        for members in 1..=9 {
            let layout = Layout::new(members, 5000).unwrap();
            assert!(layout.steps >= members * PAD_STRIDE as usize);
            assert_eq!(layout.heap_bytes(), 2 * PAGE);
            for offset in [layout.steps, layout.stage, layout.heap, layout.stride] {
                assert_eq!(offset % PAGE, 0);
            }
        }
        assert_eq!(Layout::new(2, u64::MAX), None);
        assert_eq!(Layout::new(8, 1 << 61), None);
    }
}
