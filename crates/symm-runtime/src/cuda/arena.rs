// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Sub-allocation of device memory that was reserved at the start, by the host and in program order.
//!
//! Memory is given back to the allocator while the device may still use it. That is sound because everything that uses
//! it runs in one stream: whoever gets the memory next comes later in that stream.

use crate::rank::Heap;
use std::cell::RefCell;

/// Every buffer begins at a multiple of this, as after `cudaMalloc`.
pub(super) const ALIGN: u64 = 256;

/// A range of device addresses and what of it is in use.
#[derive(Debug)]
pub(super) struct Arena {
    base: u64,
    offsets: RefCell<Heap>,
}

/// There is no room for a buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Exhausted {
    /// The largest free range.
    pub(super) free: u64,
    /// All there is.
    pub(super) capacity: u64,
}

impl Arena {
    /// Manages `bytes` bytes at `base`, which is a multiple of [`ALIGN`], for a program of so many buffers.
    pub(super) fn new(base: u64, bytes: u64, buffers: usize) -> Self {
        Self {
            base,
            offsets: RefCell::new(Heap::new(bytes, buffers)),
        }
    }

    /// Returns the address of a free range; equal sequences of calls give equal offsets.
    pub(super) fn alloc(&self, bytes: u64, align: u64) -> Result<u64, Exhausted> {
        let mut offsets = self.offsets.borrow_mut();
        let rounded = bytes.max(1).checked_next_multiple_of(ALIGN);
        let align = align.checked_next_power_of_two().map(|a| a.max(ALIGN));
        let offset = rounded
            .zip(align)
            .and_then(|(bytes, align)| offsets.alloc(bytes, align));
        offset
            .map(|offset| self.base + offset)
            .ok_or_else(|| Exhausted {
                free: offsets.largest_free(),
                capacity: offsets.capacity(),
            })
    }

    /// Gives back what [`alloc`](Self::alloc) returned; false if nothing is allocated there.
    pub(super) fn free(&self, address: u64) -> bool {
        let offset = address.checked_sub(self.base);
        offset.is_some_and(|offset| self.offsets.borrow_mut().free(offset))
    }

    /// Returns the address of the first byte.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Returns a hash of every allocation and free since the last [`reset`](Self::reset).
    pub(super) fn trace(&self) -> u64 {
        self.offsets.borrow().trace()
    }

    /// Tells whether `bytes` bytes at an address lie in the arena.
    pub(super) fn contains(&self, address: u64, bytes: u64) -> bool {
        let capacity = self.offsets.borrow().capacity();
        let offset = address.checked_sub(self.base);
        offset
            .and_then(|offset| offset.checked_add(bytes))
            .is_some_and(|end| end <= capacity)
    }

    /// Gives back everything.
    pub(super) fn reset(&self) {
        self.offsets.borrow_mut().reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x7f00_0000_0000;

    #[test]
    fn buffers_are_aligned_apart_and_repeatable() {
        let arena = Arena::new(BASE, 4096, 0);
        let run = || {
            let addresses = [(100, 64), (1, 1), (0, 4), (300, 512)]
                .map(|(bytes, align)| arena.alloc(bytes, align).unwrap());
            arena.reset();
            addresses
        };
        let first = run();
        assert_eq!(first, [BASE, BASE + 256, BASE + 512, BASE + 1024]);
        assert_eq!(run(), first);
    }

    #[test]
    fn exhaustion_says_what_is_left() {
        let arena = Arena::new(BASE, 1024, 0);
        let kept = arena.alloc(512, 1).unwrap();
        let none = Exhausted {
            free: 512,
            capacity: 1024,
        };
        assert_eq!(arena.alloc(513, 1), Err(none));
        assert_eq!(arena.alloc(u64::MAX, 1), Err(none));
        assert_eq!(arena.alloc(1, u64::MAX), Err(none));
        assert!(arena.free(kept));
        assert!(!arena.free(kept));
        assert!(!arena.free(BASE - 256));
        assert_eq!(arena.alloc(1024, 1), Ok(BASE));
    }

    #[test]
    fn ranges_are_told_from_others() {
        let arena = Arena::new(BASE, 1024, 0);
        assert!(arena.contains(BASE, 1024) && arena.contains(BASE + 1024, 0));
        assert!(!arena.contains(BASE, 1025) && !arena.contains(BASE - 1, 1));
        assert!(!arena.contains(BASE + 1, u64::MAX));
    }
}
