// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The allocator of a symmetric heap: first fit over offsets, with nothing random in it.
//!
//! Every member runs its own copy; equal sequences of calls give equal offsets, so no member has to ask another.

use std::collections::{BTreeMap, HashMap};

/// Allocations are multiples of this, so that two buffers never share a cache line.
const GRANULE: u64 = 64;

/// Offsets in use and free ranges of one heap.
#[derive(Debug)]
pub(crate) struct Heap {
    capacity: u64,
    /// Start to end of every free range; neighbours are merged.
    free: BTreeMap<u64, u64>,
    /// Start to end of every live allocation.
    live: HashMap<u64, u64>,
    trace: u64,
}

impl Heap {
    pub(crate) fn new(capacity: u64) -> Self {
        let capacity = capacity / GRANULE * GRANULE;
        let free = (capacity > 0)
            .then_some((0, capacity))
            .into_iter()
            .collect();
        Self {
            capacity,
            free,
            live: HashMap::new(),
            trace: 0,
        }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Returns the hash of every call so far, by which members find that they allocated differently.
    pub(crate) fn trace(&self) -> u64 {
        self.trace
    }

    /// Returns the size of the largest free range.
    pub(crate) fn largest_free(&self) -> u64 {
        self.free
            .iter()
            .map(|(start, end)| end - start)
            .max()
            .unwrap_or(0)
    }

    /// Takes the first range that fits; `align` is a power of two.
    pub(crate) fn alloc(&mut self, bytes: u64, align: u64) -> Option<u64> {
        let size = bytes.max(1).checked_next_multiple_of(GRANULE)?;
        let align = align.max(GRANULE);
        let (start, end, offset) = self.free.iter().find_map(|(&start, &end)| {
            let offset = start.checked_next_multiple_of(align)?;
            (offset.checked_add(size)? <= end).then_some((start, end, offset))
        })?;
        self.free.remove(&start);
        if start < offset {
            self.free.insert(start, offset);
        }
        if offset + size < end {
            self.free.insert(offset + size, end);
        }
        self.live.insert(offset, offset + size);
        self.note(offset, size);
        Some(offset)
    }

    /// Gives back the allocation at an offset; false if there is none.
    pub(crate) fn free(&mut self, offset: u64) -> bool {
        let Some(end) = self.live.remove(&offset) else {
            return false;
        };
        self.note(offset, u64::MAX);
        let mut merged = (offset, end);
        if let Some((&start, &before)) = self.free.range(..offset).next_back()
            && before == offset
        {
            merged.0 = start;
        }
        if let Some(after) = self.free.remove(&end) {
            merged.1 = after;
        }
        self.free.insert(merged.0, merged.1);
        true
    }

    /// Gives back everything.
    pub(crate) fn reset(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// Mixes a call into the trace (FNV-1a over two words).
    fn note(&mut self, offset: u64, size: u64) {
        for word in [offset, size] {
            self.trace =
                (self.trace ^ word ^ 0xcbf2_9ce4_8422_2325).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_fit_reuses_and_merges() {
        let mut heap = Heap::new(1024);
        assert_eq!(heap.alloc(100, 1), Some(0));
        assert_eq!(heap.alloc(1, 1), Some(128));
        assert_eq!(heap.alloc(64, 512), Some(512));
        assert_eq!(heap.alloc(300, 64), Some(192));
        assert_eq!(heap.largest_free(), 448);
        assert_eq!(heap.alloc(449, 1), None);
        assert!(heap.free(0));
        assert!(!heap.free(0));
        assert!(!heap.free(64));
        assert!(heap.free(192));
        assert!(heap.free(128));
        assert_eq!(heap.largest_free(), 512);
        assert!(heap.free(512));
        assert_eq!(heap.largest_free(), 1024);
        assert_eq!(heap.alloc(u64::MAX, 1), None);
        assert_eq!(Heap::new(0).alloc(0, 1), None);
    }

    #[test]
    fn the_trace_tells_orders_apart() {
        let run = |calls: &[u64]| {
            let mut heap = Heap::new(1 << 20);
            assert!(calls.iter().all(|&bytes| heap.alloc(bytes, 1).is_some()));
            heap.trace()
        };
        assert_eq!(run(&[64, 128]), run(&[64, 128]));
        assert_ne!(run(&[64, 128]), run(&[128, 64]));
        assert_ne!(run(&[64]), run(&[64, 64]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn live_allocations_never_overlap(calls in prop::collection::vec((any::<bool>(), 0u64..700, 0u32..9), 1..200)) {
            let mut heap = Heap::new(8192);
            let mut live: Vec<(u64, u64)> = Vec::new();
            for (free, bytes, align) in calls {
                if free && !live.is_empty() {
                    let (offset, _) = live.swap_remove(bytes as usize % live.len());
                    prop_assert!(heap.free(offset));
                } else if let Some(offset) = heap.alloc(bytes, 1 << align) {
                    prop_assert_eq!(offset % (1 << align), 0);
                    prop_assert!(offset + bytes <= heap.capacity());
                    prop_assert!(live.iter().all(|&(start, end)| offset + bytes.max(1) <= start || end <= offset));
                    live.push((offset, offset + bytes.max(1)));
                }
            }
            live.into_iter().for_each(|(offset, _)| assert!(heap.free(offset)));
            prop_assert_eq!(heap.largest_free(), 8192);
        }
    }
}
