// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The allocator of a symmetric heap: first fit over offsets, with nothing random in it.
//!
//! Every member runs its own copy; equal sequences of calls give equal offsets, so no member has to ask another.

/// Allocations are multiples of this, so that two buffers never share a cache line.
const GRANULE: u64 = 64;

/// Live buffers that there is room to remember from the start, where the program says no larger number.
const ROOM: usize = 64;

/// Offsets in use and free ranges of one heap.
///
/// Both are kept in order, in memory that is taken at the start: an allocation is on the way of every run.
#[derive(Debug)]
pub(crate) struct Heap {
    capacity: u64,
    /// Start and end of every free range; neighbours are merged.
    free: Vec<(u64, u64)>,
    /// Start and end of every live allocation.
    live: Vec<(u64, u64)>,
    trace: u64,
}

impl Heap {
    /// Manages `capacity` bytes, of which a program is expected to have up to `buffers` in use at once.
    pub(crate) fn new(capacity: u64, buffers: usize) -> Self {
        let room = buffers.max(ROOM);
        let mut heap = Self {
            capacity: capacity / GRANULE * GRANULE,
            // Between any two buffers there may be a free range.
            free: Vec::with_capacity(room + 1),
            live: Vec::with_capacity(room),
            trace: 0,
        };
        heap.reset();
        heap
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
        let (index, offset) = (0..).zip(&self.free).find_map(|(index, &(start, end))| {
            let offset = start.checked_next_multiple_of(align)?;
            (offset.checked_add(size)? <= end).then_some((index, offset))
        })?;
        let (start, end) = self.free[index];
        let (before, after) = ((start, offset), (offset + size, end));
        match (start < offset, offset + size < end) {
            (true, true) => {
                self.free[index] = before;
                self.free.insert(index + 1, after);
            }
            (true, false) => self.free[index] = before,
            (false, true) => self.free[index] = after,
            (false, false) => {
                self.free.remove(index);
            }
        }
        let place = position(&self.live, offset);
        self.live.insert(place, (offset, offset + size));
        self.note(offset, size);
        Some(offset)
    }

    /// Gives back the allocation at an offset; false if there is none.
    pub(crate) fn free(&mut self, offset: u64) -> bool {
        let Ok(place) = self.live.binary_search_by_key(&offset, |&(start, _)| start) else {
            return false;
        };
        let (_, end) = self.live.remove(place);
        self.note(offset, u64::MAX);
        let next = position(&self.free, offset);
        let joins_before = next > 0 && self.free[next - 1].1 == offset;
        let joins_after = self.free.get(next).is_some_and(|&(start, _)| start == end);
        match (joins_before, joins_after) {
            (true, true) => self.free[next - 1].1 = self.free.remove(next).1,
            (true, false) => self.free[next - 1].1 = end,
            (false, true) => self.free[next].0 = offset,
            (false, false) => self.free.insert(next, (offset, end)),
        }
        true
    }

    /// Gives back everything.
    pub(crate) fn reset(&mut self) {
        self.free.clear();
        self.live.clear();
        if self.capacity > 0 {
            self.free.push((0, self.capacity));
        }
        self.trace = 0;
    }

    /// Mixes a call into the trace (FNV-1a over two words).
    fn note(&mut self, offset: u64, size: u64) {
        for word in [offset, size] {
            self.trace =
                (self.trace ^ word ^ 0xcbf2_9ce4_8422_2325).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Returns the first of the ranges that does not begin before an offset.
fn position(ranges: &[(u64, u64)], offset: u64) -> usize {
    ranges.partition_point(|&(start, _)| start < offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_fit_reuses_and_merges() {
        let mut heap = Heap::new(1024, 0);
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
        assert_eq!(Heap::new(0, 0).alloc(0, 1), None);
    }

    #[test]
    fn a_reset_heap_is_as_new_and_keeps_its_memory() {
        let mut heap = Heap::new(1 << 20, 100);
        let places = (heap.free.as_ptr(), heap.live.as_ptr());
        let run = |heap: &mut Heap| {
            let offsets: Vec<_> = (0..100).map(|i| heap.alloc(64 + i, 128)).collect();
            // Every other one, so that each leaves a range of its own.
            (0..50).for_each(|i| assert!(heap.free(offsets[2 * i].unwrap())));
            (offsets, heap.trace())
        };
        let first = run(&mut heap);
        heap.reset();
        assert_eq!((heap.largest_free(), heap.trace()), (1 << 20, 0));
        assert_eq!(run(&mut heap), first);
        assert_eq!((heap.free.as_ptr(), heap.live.as_ptr()), places);
    }

    #[test]
    fn the_trace_tells_orders_apart() {
        let run = |calls: &[u64]| {
            let mut heap = Heap::new(1 << 20, 0);
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
            let mut heap = Heap::new(8192, 0);
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
