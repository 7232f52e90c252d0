// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a member publishes of the collectives it is at, in memory that its peers see.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::{failure::Step, world::Record};

/// The last `N` steps of a member, each under its number, from 1; a peer that is further behind compares no more.
#[repr(C)]
pub(crate) struct Steps<const N: usize>([StepRecord; N]);

#[repr(C, align(64))]
struct StepRecord {
    /// Number of the step; 0 while the record changes.
    number: AtomicU64,
    op: AtomicU32,
    bytes: AtomicU64,
    offset: AtomicU64,
    result: AtomicU64,
    heap: AtomicU64,
}

impl<const N: usize> Steps<N> {
    fn record(&self, number: u64) -> &StepRecord {
        &self.0[(number % N as u64) as usize]
    }

    /// Publishes the step that the member begins.
    pub(crate) fn publish(&self, number: u64, step: Step) {
        let record = self.record(number);
        record.number.store(0, Ordering::SeqCst);
        record.op.store(step.op, Ordering::SeqCst);
        record.bytes.store(step.bytes, Ordering::SeqCst);
        record.offset.store(step.offset, Ordering::SeqCst);
        record.result.store(step.result, Ordering::SeqCst);
        record.heap.store(step.heap, Ordering::SeqCst);
        record.number.store(number, Ordering::SeqCst);
    }

    /// Returns a step, if the member has come that far and not much farther.
    pub(crate) fn step(&self, number: u64) -> Option<Step> {
        let record = self.record(number);
        let before = record.number.load(Ordering::SeqCst);
        let step = Step {
            op: record.op.load(Ordering::SeqCst),
            bytes: record.bytes.load(Ordering::SeqCst),
            offset: record.offset.load(Ordering::SeqCst),
            result: record.result.load(Ordering::SeqCst),
            heap: record.heap.load(Ordering::SeqCst),
        };
        let after = record.number.load(Ordering::SeqCst);
        (before == number && after == number).then_some(step)
    }

    /// Returns the last number of those that are kept and that are chosen; 0 if there is none.
    pub(crate) fn last(&self, is_chosen: impl Fn(u64) -> bool) -> u64 {
        let numbers = self
            .0
            .iter()
            .map(|record| record.number.load(Ordering::SeqCst));
        numbers
            .filter(|&number| is_chosen(number))
            .max()
            .unwrap_or(0)
    }

    /// Tells whether the member has not begun this step yet.
    pub(crate) fn is_before(&self, number: u64) -> bool {
        self.record(number).number.load(Ordering::SeqCst) < number
    }
}

/// Which of a group's collectives is meant, so that ranks compare the same ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The n-th that a rank executes, from 1. It means the same on all ranks that have executed whatever they put into a
    /// stream, once.
    Nth(u64),
    /// The n-th of an entry, from 0, and which of how many entries. It means the same on all ranks always.
    InEntry { entry: (u32, u32), index: u64 },
}

impl Place {
    /// Returns a number, from 1, that no other place of its kind has.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Nth(number) => number,
            Self::InEntry {
                entry: (entry, entries),
                index,
            } => 1 + index * u64::from(entries) + u64::from(entry),
        }
    }

    pub(super) fn steps(self, record: &Record) -> &Steps<256> {
        match self {
            Self::Nth(_) => &record.steps,
            Self::InEntry { .. } => &record.entry_steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, World, WorldSpec, rank::Place, world::GroupSpec};
    use std::time::Duration;

    #[test]
    fn steps_are_kept_for_a_while() {
        // SAFETY: all fields are atomics, for which zeros are valid.
        let steps: Steps<16> = unsafe { std::mem::zeroed() };
        let step = |op| Step {
            op,
            bytes: 8,
            offset: 64,
            result: 0,
            heap: 0,
        };
        assert!(steps.is_before(1));
        assert_eq!(steps.step(1), None);
        steps.publish(1, step(5));
        assert_eq!(steps.step(1), Some(step(5)));
        assert!(!steps.is_before(1));
        steps.publish(2, step(7));
        assert_eq!(
            (steps.last(|_| true), steps.last(|number| number % 2 == 1)),
            (2, 1)
        );
        steps.publish(17, step(6));
        assert_eq!(steps.step(1), None);
        assert!(!steps.is_before(1));
    }

    #[test]
    fn whoever_comes_last_sees_another_collective() {
        let group = |name: &str, ranks: &[u32]| GroupSpec {
            name: name.into(),
            ranks: ranks.to_vec(),
            heap_bytes: 0,
        };
        let world = World::create(WorldSpec {
            size: 3,
            groups: vec![group("all", &[2, 1, 0]), group("two", &[0, 2])],
            timeout: Duration::from_secs(1),
            plan_hash: String::new(),
            host_heaps: true,
        })
        .unwrap();
        let ranks: Vec<_> = (0..3).map(|rank| world.rank(rank)).collect();
        let step = |offset| Step {
            op: 4,
            bytes: 8,
            offset,
            result: 0,
            heap: 1,
        };
        for (rank, group, sequence, offset) in [
            (0, 0, 1, 64),
            (0, 0, 2, 128),
            (0, 1, 1, 0),
            (2, 1, 1, 0),
            (1, 0, 1, 64),
            (1, 0, 2, 128),
            (2, 0, 1, 64),
        ] {
            let agreed = ranks[rank].announce(group, Place::Nth(sequence), step(offset));
            assert!(agreed.is_ok(), "rank {rank}, group {group}, {sequence}");
        }
        assert!(ranks[2].announce(0, Place::Nth(2), step(64)).is_err());
        let expected = Failure::Mismatch {
            rank: 2,
            group: 0,
            step: step(64),
            peer: 1,
            peer_step: step(128),
        };
        assert_eq!(world.report().unwrap().failure, expected);
    }

    #[test]
    fn entries_are_compared_in_whatever_order_they_come() {
        let group = |name: &str| GroupSpec {
            name: name.into(),
            ranks: vec![0, 1],
            heap_bytes: 0,
        };
        let world = World::create(WorldSpec {
            size: 2,
            groups: vec![group("a"), group("b")],
            timeout: Duration::from_secs(1),
            plan_hash: String::new(),
            host_heaps: true,
        })
        .unwrap();
        let ranks = [world.rank(0), world.rank(1)];
        let announce = |rank: usize, group, entry, index, op| {
            let step = Step {
                op,
                bytes: 8,
                offset: 0,
                result: 0,
                heap: 0,
            };
            let place = Place::InEntry {
                entry: (entry, 3),
                index,
            };
            ranks[rank].announce(group, place, step)
        };
        // Ops are numbered as entries, indices and groups are, so that nothing is taken for something else.
        let op = |group, entry: u32, index: u64| 100 * entry + 10 * index as u32 + group;
        let places =
            |group| [(0, 0), (0, 1), (2, 0), (1, 0)].map(|(entry, index)| (group, entry, index));
        let places = [places(0), places(1)].concat();
        for &(group, entry, index) in &places {
            announce(0, group, entry, index, op(group, entry, index)).unwrap();
        }
        for &(group, entry, index) in places.iter().rev().chain(&places) {
            announce(1, group, entry, index, op(group, entry, index)).unwrap();
        }
        assert!(announce(1, 1, 2, 0, 7).is_err());
    }
}
