// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce by stores into the peers' slots, without any barrier.
//!
//! A thread exchanges data with the thread of the same number on each peer and with no other, so that a wait holds up
//! nothing but itself.

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::{Kernel, State},
    memory::{Place, Whole},
    sabotage::Stall,
    slots::{self, Incoming, Slots},
    wait::Sender,
};

/// Packets that a thread handles at once.
pub(super) struct Batch<'c> {
    /// Their numbers, ascending.
    pub(super) packets: Vec<Val<'c>>,
    /// Whether they, and all packets as far into other shares, are whole.
    pub(super) whole: Whole<'c>,
}

impl<'c> Batch<'c> {
    /// Places of the packets in a buffer, `start` packets from its beginning.
    pub(super) fn places(
        &self,
        e: &Emitter<'c>,
        buffer: Val<'c>,
        start: Val<'c>,
    ) -> Vec<Place<'c>> {
        self.packets
            .iter()
            .map(|&packet| Place {
                buffer,
                packet: e.add(start, packet),
            })
            .collect()
    }
}

impl<'c> Kernel<'c> {
    /// Calls `body` with this thread's packets below `end`.
    ///
    /// All packets below `whole_end` are whole, and of these it gets up to `unroll` at a time; without a `whole_end` all are.
    pub(super) fn for_packets(
        &self,
        e: &Emitter<'c>,
        end: Val<'c>,
        whole_end: Option<Val<'c>>,
        body: impl Fn(&Emitter<'c>, &Batch<'c>),
    ) {
        let mut next = self.thread;
        let unroll = self.spec.unroll;
        if unroll > 1 {
            let ahead = e.mul(self.threads, e.i32(unroll - 1));
            let room = e.sub(
                e.binary("arith.maxui", whole_end.unwrap_or(end), ahead),
                ahead,
            );
            let step = e.mul(self.threads, e.i32(unroll));
            next = e.stride([next, room, step], |e, first| {
                let mut packets = vec![e.opaque(first)];
                for index in 1..unroll as usize {
                    packets.push(e.add(packets[index - 1], self.threads));
                }
                body(
                    e,
                    &Batch {
                        packets,
                        whole: Whole::Yes,
                    },
                );
            });
        }
        e.stride([next, end, self.threads], |e, packet| {
            let packet = e.opaque(packet);
            let whole = match whole_end {
                Some(whole_end) => Whole::If(e.cmp(Cmp::Ult, packet, whole_end)),
                None => Whole::Yes,
            };
            body(
                e,
                &Batch {
                    packets: vec![packet],
                    whole,
                },
            );
        });
    }

    /// Returns how many packets from `start` on are whole, but no more than `share`.
    pub(super) fn whole_from(&self, e: &Emitter<'c>, start: Val<'c>, share: Val<'c>) -> Val<'c> {
        let whole = e.sub(e.binary("arith.maxui", self.whole_packets, start), start);
        e.umin(share, whole)
    }

    /// Peers in the order in which they are sent to: this rank last, for the others are farther away.
    pub(super) fn send_order(&self) -> impl Iterator<Item = usize> + use<> {
        let world_size = self.world_size();
        (1..=world_size).map(move |k| k % world_size)
    }
}

/// Writes the body of a one-shot push all-reduce.
///
/// Twice, so that calls without a tail, which are nearly all, run through code that knows no other case: a short call
/// takes a microsecond or two, in which each line of instructions that is skipped over still had to be fetched. In the
/// other calls operand and result are looked at each by itself: that one is not aligned costs the other nothing.
pub(super) fn one_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    let all_whole = e.cmp(Cmp::Eq, kernel.whole_packets, kernel.packets);
    e.if_else(
        e.expect(all_whole, true),
        &[],
        |e| one_shot_body(e, kernel, [None, None]),
        |e| {
            let buffers = [kernel.input, kernel.output];
            let whole = buffers.map(|buffer| Some(kernel.whole_packets_of(e, buffer)));
            one_shot_body(e, kernel, whole)
        },
    );
}

/// Writes the body for operands and results of which so many packets are whole, or all.
fn one_shot_body<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    [whole_operand, whole_result]: [Option<Val<'c>>; 2],
) -> Vec<Val<'c>> {
    let start = e.i32(0);
    kernel.for_packets(e, kernel.packets, whole_operand, |e, batch| {
        let data = kernel.load_packets(e, &batch.places(e, kernel.input, start), batch.whole);
        let slots = Slots::after_loads(e, kernel, 1);
        let ours = slots.ours(e, kernel, 0);
        for (&packet, data) in batch.packets.iter().zip(&data) {
            let words = slots.encode(e, data);
            let there = e.opaque(e.add(ours, slots::offset(e, packet)));
            let addresses: Vec<_> = kernel
                .send_order()
                .map(|k| e.add(kernel.peers[k], there))
                .collect();
            slots.send(e, kernel, &addresses, words);
        }
    });
    kernel.sent(e);
    let state = kernel.load_state(e);
    let slots = Slots::new(e, kernel, &state, 1);
    kernel.stall(e, state.epoch, Stall::End);
    slots.clear(e, kernel);
    e.block_barrier();
    kernel.count_call(e, &state, kernel.packets);
    kernel.stall(e, state.epoch, Stall::Reads);
    let own = e.add(kernel.peers[0], slots.area(e, 0));
    kernel.for_packets(e, kernel.packets, whole_result, |e, batch| {
        let reduced = gather(e, kernel, &state, &slots, own, &batch.packets);
        let places = batch.places(e, kernel.output, start);
        let packets: Vec<_> = places.into_iter().zip(reduced).collect();
        kernel.store_packets(e, &packets, batch.whole);
    });
    Vec::new()
}

/// Writes the body of a two-shot push all-reduce: each rank gets its share from all others, reduces it and sends it out.
pub(super) fn two_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    let share = kernel.share(e);
    let last_start = e.mul(share, e.i32(kernel.spec.world_size - 1));
    let shares = Shares {
        kernel,
        share,
        whole: kernel.whole_from(e, last_start, share),
    };
    shares.scatter(e);
    let state = kernel.load_state(e);
    let slots = Slots::new(e, kernel, &state, 2);
    kernel.stall(e, state.epoch, Stall::Reads);
    shares.reduce(e, &state, &slots);
    kernel.sent(e);
    kernel.stall(e, state.epoch, Stall::End);
    slots.clear(e, kernel);
    shares.collect(e, &state, &slots);
    // At the end, unlike in a one-shot: a barrier between the steps would keep the warps of a large message in step.
    e.block_barrier();
    kernel.count_call(e, &state, share);
}

/// Receives packets of all ranks from the area at `area` and reduces them.
fn gather<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    state: &State<'c>,
    slots: &Slots<'c>,
    area: Val<'c>,
    packets: &[Val<'c>],
) -> Vec<Vec<Val<'c>>> {
    let mut incoming = Vec::new();
    for &packet in packets {
        let mut address = e.add(area, slots::offset(e, packet));
        for rank in 0..kernel.spec.world_size {
            if rank > 0 {
                address = e.add(address, slots.sender_bytes);
            }
            incoming.push(Incoming {
                sender: Sender::Rank(rank),
                address,
            });
        }
    }
    let data = slots.receive(e, kernel, state, 0, &incoming);
    data.chunks(kernel.world_size())
        .map(|ranks| reduce_packet(e, kernel, ranks))
        .collect()
}

/// Reduces the packets of all ranks, given in their order.
pub(super) fn reduce_packet<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    ranks: &[Vec<Val<'c>>],
) -> Vec<Val<'c>> {
    (0..kernel.words())
        .map(|word| {
            let words: Vec<_> = ranks.iter().map(|packet| packet[word]).collect();
            kernel.reducer.reduce(e, &words)
        })
        .collect()
}

/// The steps of a two-shot push, each over this thread's packets of a share.
struct Shares<'c, 'k> {
    kernel: &'k Kernel<'c>,
    /// Packets in a share.
    share: Val<'c>,
    /// Packets that are whole in every share.
    whole: Val<'c>,
}

impl<'c> Shares<'c, '_> {
    /// Calls `body` with this thread's packets of a share.
    ///
    /// Where the shares are no whole packets, the last packets of a share are whole in most shares, and in one or two not.
    fn for_packets(&self, e: &Emitter<'c>, body: impl Fn(&Emitter<'c>, &Batch<'c>)) {
        let whole = Some(self.whole);
        self.kernel.for_packets(e, self.share, whole, |e, batch| {
            let whole = match batch.whole {
                Whole::If(all) => Whole::Each(all),
                whole => whole,
            };
            let packets = batch.packets.clone();
            body(e, &Batch { packets, whole });
        });
    }

    /// Sends each rank its share of our operand. A packet past the end of the operand is sent like any other, as
    /// zeros: so every rank hears from every other in every call.
    fn scatter(&self, e: &Emitter<'c>) {
        let kernel = self.kernel;
        self.for_packets(e, |e, batch| {
            let order: Vec<_> = kernel.send_order().collect();
            let starts = kernel.multiples(e, self.share);
            let places: Vec<_> = order
                .iter()
                .flat_map(|&k| batch.places(e, kernel.input, starts[k]))
                .collect();
            let data = kernel.load_packets(e, &places, batch.whole);
            let slots = Slots::after_loads(e, kernel, 2);
            let ours = slots.ours(e, kernel, 0);
            let there = |&packet| e.opaque(e.add(ours, slots::offset(e, packet)));
            let there: Vec<_> = batch.packets.iter().map(there).collect();
            for (&k, data) in order.iter().zip(data.chunks(there.len())) {
                for (&there, data) in there.iter().zip(data) {
                    let address = e.add(kernel.peers[k], there);
                    slots.send(e, kernel, &[address], slots.encode(e, data));
                }
            }
        });
    }

    /// Reduces our share and sends it to all others.
    ///
    /// What we keep of it ourselves is what the others get: sending may change the sign of a NaN (L11).
    fn reduce(&self, e: &Emitter<'c>, state: &State<'c>, slots: &Slots<'c>) {
        let kernel = self.kernel;
        let own = e.add(kernel.peers[0], slots.area(e, 0));
        let ours = slots.ours(e, kernel, 1);
        self.for_packets(e, |e, batch| {
            let reduced = gather(e, kernel, state, slots, own, &batch.packets);
            let mut kept = Vec::new();
            for (&packet, data) in batch.packets.iter().zip(&reduced) {
                let words = slots.encode(e, data);
                let there = e.opaque(e.add(ours, slots::offset(e, packet)));
                let addresses: Vec<_> = kernel.peers[1..]
                    .iter()
                    .map(|&peer| e.add(peer, there))
                    .collect();
                slots.send(e, kernel, &addresses, words);
                kept.push(slots.decode(e, &words));
            }
            let places = batch.places(e, kernel.output, e.mul(self.share, kernel.rank));
            let packets: Vec<_> = places.into_iter().zip(kept).collect();
            kernel.store_packets(e, &packets, batch.whole);
        });
    }

    /// Collects the reduced shares of all others.
    fn collect(&self, e: &Emitter<'c>, state: &State<'c>, slots: &Slots<'c>) {
        let kernel = self.kernel;
        let own = e.add(kernel.peers[0], slots.area(e, 1));
        self.for_packets(e, |e, batch| {
            let mut incoming = Vec::new();
            for (k, from) in kernel
                .multiples(e, slots.sender_bytes)
                .into_iter()
                .enumerate()
                .skip(1)
            {
                let (sender, first) = (Sender::At(e.i32(k as u32)), e.add(own, from));
                let packet = |&packet| Incoming {
                    sender,
                    address: e.add(first, slots::offset(e, packet)),
                };
                incoming.extend(batch.packets.iter().map(packet));
            }
            let data = slots.receive(e, kernel, state, 1, &incoming);
            let starts = kernel.multiples(e, self.share);
            let places = starts[1..]
                .iter()
                .flat_map(|&start| batch.places(e, kernel.output, start));
            let packets: Vec<_> = places.zip(data).collect();
            kernel.store_packets(e, &packets, batch.whole);
        });
    }
}
