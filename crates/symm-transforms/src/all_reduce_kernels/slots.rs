// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The slots of a push channel: data that is its own flag.
//!
//! A packet is two 64-bit words, written and read by one access each way of which only the words are atomic (L3). In a
//! *sentinel* slot a word of all ones has not arrived. That is a NaN in each of its lanes, whatever the float type; a word
//! of data that happens to be all ones gets the sign of its lowest lane flipped, which is a NaN still. No number is ever
//! changed, −0.0 neither. In a *tagged* slot a word is 32 bits of data below the tag of the call, which is never 0.
//!
//! # Why a slot is free when it is written (L9)
//!
//! The slots take turns: call `c` of a block writes slot `c % 3` of its peers, reads its own slot `c % 3`, and clears its own
//! slot `(c - 1) % 3`, which a peer next writes in its call `c + 2`. In the terms of the PTX memory model:
//!
//! 1. All accesses to slots are strong (relaxed, system scope) and of 64-bit words, so that none of them race.
//! 2. The clear in our call `c` comes before all that our call `c + 1` sends: between the two lies the end of a grid, or
//!    `griddepcontrol.wait`, which returns when all that the grid before wrote has been performed and can be seen. The
//!    slot lies in our own memory, so that what has been performed is in the one place through which peers reach it.
//! 3. Every call receives at least one packet from every peer, and each packet of data depends on a load, not on a
//!    guess. A peer that ends its call `c + 1` has thus seen what our call `c + 1` sent.
//! 4. The peer's call `c + 2` begins after the end of its call `c + 1`, again at a grid boundary.
//!
//! 2 is a release and 4 an acquire at system scope (a grid boundary orders at least as much as `fence.acq_rel.sys`), and
//! the relaxed store and load of 3 between them make the two synchronize: the clear happens before the peer's store.
//! For the same reason the reads of slot `c % 3` in call `c` come before the peer's stores to it in call `c + 3`.
//!
//! An empty call would break 3: it returns at once, on every rank, and is not counted.
//!
//! # Epochs that come again (L7)
//!
//! Which slot's turn it is does not depend on the epoch: it is counted beside it. Tagged slots need no clearing as long as
//! no tag comes again: calls differ in their tags, and words that a short call leaves alone keep old ones.
//! Before the tags start again, the last three calls of a period clear the slot of the call before them whole, in the
//! way and for the reasons above. After them no slot holds a tag but that of a call among the last three, and its
//! slot is cleared again at the end of the next period before that tag is used.

use symm_abi::gpu::{EPOCH_PERIOD, Wire};
use symm_ir::dialect::MemOrder;

use super::{
    element::{halves, join},
    emitter::{Cmp, Emitter, Val},
    kernel::{Kernel, State},
    sabotage::{Law, Stall},
    wait::{OnFailure, Poll, Sender, Wait},
};

const SENTINEL: u64 = u64::MAX;

const PACKET_BYTES: u64 = 16;

/// The slots of one call.
pub(super) struct Slots<'c> {
    wire: Wire,
    epoch: Val<'c>,
    /// Tag of this call in the upper half of an `i64`.
    tag: Val<'c>,
    /// Sign bit of the lowest lane of a word.
    sign: u64,
    /// Offset of the slot of this call from the channel.
    pub(super) current: Val<'c>,
    /// Offset of the slot to be cleared.
    previous: Val<'c>,
    /// Bytes between two senders' packets.
    pub(super) sender_bytes: Val<'c>,
    /// Packets of each sender that must be cleared.
    cleared: Val<'c>,
    areas: u64,
    area_bytes: Val<'c>,
}

/// A packet that is awaited: from whom, and where.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'c> {
    pub(super) sender: Sender<'c>,
    pub(super) address: Val<'c>,
}

impl<'c> Slots<'c> {
    /// Finds the slots of this call where data has just been asked for.
    ///
    /// Reads the state of the block once more: a thread waits for its loads in their order, so that a state read early
    /// would hold up the loads of the data, while one read now arrives together with them.
    pub(super) fn after_loads(e: &Emitter<'c>, kernel: &Kernel<'c>, areas: u64) -> Self {
        Self::new(e, kernel, &kernel.load_state(e), areas)
    }

    /// Finds the slots of a call; `areas` is 1 for one-shot and 2 for two-shot.
    pub(super) fn new(e: &Emitter<'c>, kernel: &Kernel<'c>, state: &State<'c>, areas: u64) -> Self {
        let wire = kernel.spec.wire();
        let sender_bytes = e.mul(kernel.stride, e.i64(PACKET_BYTES));
        let area_bytes = e.mul(sender_bytes, e.i64(kernel.spec.world_size.into()));
        let slot_bytes = e.mul(area_bytes, e.i64(areas));
        let is_first = e.cmp(Cmp::Eq, state.slot, e.i32(0));
        let before = e.select(
            is_first,
            e.i32(kernel.slots() - 1),
            e.sub(state.slot, e.i32(1)),
        );
        let cleared = match wire {
            Wire::Sentinel => state.used,
            Wire::Tagged => {
                let ends = e.cmp(Cmp::Uge, state.epoch, e.i32(EPOCH_PERIOD - kernel.slots()));
                e.select(ends, e.trunc(kernel.stride, 32), e.i32(0))
            }
        };
        Self {
            wire,
            epoch: state.epoch,
            tag: e.shl(e.zext(e.add(state.epoch, e.i32(1)), 64), e.i64(32)),
            sign: 1 << (8 * kernel.spec.dtype.size() - 1),
            current: e.mul(e.zext(state.slot, 64), slot_bytes),
            previous: e.mul(e.zext(before, 64), slot_bytes),
            sender_bytes,
            cleared,
            areas,
            area_bytes,
        }
    }

    /// Offset of an area of this call's slot from the channel.
    pub(super) fn area(&self, e: &Emitter<'c>, area: u64) -> Val<'c> {
        if area == 0 {
            self.current
        } else {
            e.add(self.current, self.area_bytes)
        }
    }

    /// Offset of our packets in an area of each rank's slot of this call.
    pub(super) fn ours(&self, e: &Emitter<'c>, kernel: &Kernel<'c>, area: u64) -> Val<'c> {
        e.add(
            self.area(e, area),
            e.mul(e.zext(kernel.rank, 64), self.sender_bytes),
        )
    }

    /// Returns the two words that carry the data of a packet.
    pub(super) fn encode(&self, e: &Emitter<'c>, data: &[Val<'c>]) -> [Val<'c>; 2] {
        match self.wire {
            Wire::Sentinel => [data[0], data[1]].map(|word| {
                let is_sentinel = e.cmp(Cmp::Eq, word, e.i64(SENTINEL));
                e.select(is_sentinel, e.i64(SENTINEL ^ self.sign), word)
            }),
            Wire::Tagged => halves(e, data[0]).map(|half| e.or(self.tag, e.zext(half, 64))),
        }
    }

    /// Returns the data of a packet out of the two words that carry it.
    pub(super) fn decode(&self, e: &Emitter<'c>, words: &[Val<'c>]) -> Vec<Val<'c>> {
        match self.wire {
            Wire::Sentinel => words.to_vec(),
            Wire::Tagged => vec![join(e, e.trunc(words[0], 32), e.trunc(words[1], 32))],
        }
    }

    /// Compares bits, never floats (L4).
    fn has_arrived(&self, e: &Emitter<'c>, word: Val<'c>) -> Val<'c> {
        match self.wire {
            Wire::Sentinel => e.cmp(Cmp::Ne, word, e.i64(SENTINEL)),
            Wire::Tagged => {
                let tag = |word| e.trunc(e.shr(word, e.i64(32)), 32);
                e.cmp(Cmp::Eq, tag(word), tag(self.tag))
            }
        }
    }

    /// Stores a packet at each of some addresses, in their order.
    pub(super) fn send(
        &self,
        e: &Emitter<'c>,
        kernel: &Kernel<'c>,
        addresses: &[Val<'c>],
        words: [Val<'c>; 2],
    ) {
        if !kernel.sabotage.stall {
            return store(e, addresses, words);
        }
        let one_by_one = |offset, word| {
            for &address in addresses {
                e.strong_store(MemOrder::Relaxed, &[word], &[address], offset);
            }
        };
        one_by_one(0, words[0]);
        kernel.stall(e, self.epoch, Stall::Words);
        one_by_one(8, words[1]);
    }

    /// Waits for packets and returns the data of each; a thread that waits too long leaves the kernel.
    pub(super) fn receive(
        &self,
        e: &Emitter<'c>,
        kernel: &Kernel<'c>,
        state: &State<'c>,
        phase: u32,
        packets: &[Incoming<'c>],
    ) -> Vec<Vec<Val<'c>>> {
        let senders: Vec<_> = packets.iter().map(|packet| packet.sender).collect();
        let wait = Wait {
            kernel,
            state,
            phase,
            senders: &senders,
            on_failure: OnFailure::Exit,
        };
        let (_, words) = wait.run(e, |e| {
            let load = |packet: &Incoming<'c>| e.strong_load(MemOrder::Relaxed, packet.address, 64);
            let pairs: Vec<[_; 2]> = packets.iter().map(load).collect();
            let arrived = |pair: &[Val<'c>; 2]| {
                let checked = if kernel.keeps(Law::EveryWord) { 2 } else { 1 };
                let words = pair[..checked].iter();
                let words: Vec<_> = words.map(|&word| self.has_arrived(e, word)).collect();
                e.all(&words)
            };
            Poll {
                ready: pairs.iter().map(arrived).collect(),
                values: pairs.concat(),
            }
        });
        words.chunks(2).map(|pair| self.decode(e, pair)).collect()
    }

    /// Clears this thread's packets of the slot of the call before.
    pub(super) fn clear(&self, e: &Emitter<'c>, kernel: &Kernel<'c>) {
        let empty = match self.wire {
            Wire::Sentinel => e.i64(SENTINEL),
            Wire::Tagged => e.i64(0),
        };
        let slot = e.add(kernel.peers[0], self.previous);
        e.stride(
            [kernel.thread, self.cleared, kernel.threads],
            |e, packet| {
                let mut addresses = vec![e.add(slot, offset(e, e.opaque(packet)))];
                for index in 1..(self.areas * u64::from(kernel.spec.world_size)) as usize {
                    addresses.push(e.add(addresses[index - 1], self.sender_bytes));
                }
                store(e, &addresses, [empty, empty]);
            },
        );
    }
}

/// Stores a packet at each of some addresses, in their order, each by one access.
fn store<'c>(e: &Emitter<'c>, addresses: &[Val<'c>], words: [Val<'c>; 2]) {
    e.strong_store(MemOrder::Relaxed, &words, addresses, 0);
}

/// Offset of a packet, given by an `i32`, from the first one of its sender.
pub(super) fn offset<'c>(e: &Emitter<'c>, packet: Val<'c>) -> Val<'c> {
    e.mul(e.zext(packet, 64), e.i64(PACKET_BYTES))
}
