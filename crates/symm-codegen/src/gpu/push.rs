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
    /// Calls `body` with this thread's packets below `end`, up to `unroll` at a time, for as long as it returns true.
    ///
    /// Only where all packets at once are whole are several handled together. `last_start` is the start of the last share
    /// if `end` is the end of one share of several, else 0.
    pub(super) fn for_packets(
        &self,
        e: &Emitter<'c>,
        end: Val<'c>,
        last_start: Val<'c>,
        well: Val<'c>,
        body: impl Fn(&Emitter<'c>, &Batch<'c>) -> Val<'c>,
    ) -> Val<'c> {
        let whole_end = e.umin(
            end,
            e.sub(
                e.binary("arith.maxui", self.whole_packets, last_start),
                last_start,
            ),
        );
        let (mut next, mut well) = (self.thread, well);
        let unroll = self.spec.unroll;
        if unroll > 1 {
            let ahead = e.mul(self.threads, e.i32(unroll - 1));
            let room = e.sub(e.binary("arith.maxui", whole_end, ahead), ahead);
            let step = e.mul(self.threads, e.i32(unroll));
            [next, well] = e.stride([next, room, step], well, |e, first| {
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
                )
            });
        }
        let [_, well] = e.stride([next, end, self.threads], well, |e, packet| {
            let packet = e.opaque(packet);
            let whole = e.cmp(Cmp::Ult, packet, whole_end);
            body(
                e,
                &Batch {
                    packets: vec![packet],
                    whole: Whole::If(whole),
                },
            )
        });
        well
    }

    /// Peers in the order in which they are sent to: this rank last, for the others are farther away.
    pub(super) fn send_order(&self) -> impl Iterator<Item = usize> + use<> {
        let world_size = self.world_size();
        (1..=world_size).map(move |k| k % world_size)
    }
}

/// Writes the body of a one-shot push all-reduce.
pub(super) fn one_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    let start = e.i32(0);
    kernel.for_packets(e, kernel.packets, start, e.i1(true), |e, batch| {
        let data = kernel.load_packets(e, &batch.places(e, kernel.input, start), batch.whole);
        let slots = Slots::after_loads(e, kernel, 1);
        let ours = slots.ours(e, kernel, 0);
        for (&packet, data) in batch.packets.iter().zip(&data) {
            let words = slots.encode(e, data);
            let there = e.opaque(e.add(ours, slots::offset(e, packet)));
            for k in kernel.send_order() {
                slots.send(e, e.add(kernel.peers[k], there), words);
            }
        }
        e.i1(true)
    });
    kernel.sent(e);
    let state = kernel.load_state(e);
    let slots = Slots::new(e, kernel, &state, 1);
    slots.clear(e, kernel);
    let own = e.add(kernel.peers[0], slots.area(e, 0));
    kernel.for_packets(e, kernel.packets, start, e.i1(true), |e, batch| {
        let (well, reduced) = gather(e, kernel, &state, &slots, own, &batch.packets);
        e.when(well, |e| {
            let places = batch.places(e, kernel.output, start);
            let packets: Vec<_> = places.into_iter().zip(reduced).collect();
            kernel.store_packets(e, &packets, batch.whole);
        });
        well
    });
    kernel.store_state(e, &state, kernel.packets);
}

/// Writes the body of a two-shot push all-reduce: each rank gets its share from all others, reduces it and sends it out.
pub(super) fn two_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    let share = kernel.share(e);
    let shares = Shares {
        kernel,
        share,
        last_start: e.mul(share, e.i32(kernel.spec.world_size - 1)),
    };
    shares.scatter(e);
    let state = kernel.load_state(e);
    let slots = Slots::new(e, kernel, &state, 2);
    let well = shares.reduce(e, &state, &slots);
    kernel.sent(e);
    slots.clear(e, kernel);
    shares.collect(e, &state, &slots, well);
    kernel.store_state(e, &state, share);
}

/// Receives packets of all ranks from the reduce-scatter area at `area` and reduces them.
fn gather<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    state: &State<'c>,
    slots: &Slots<'c>,
    area: Val<'c>,
    packets: &[Val<'c>],
) -> (Val<'c>, Vec<Vec<Val<'c>>>) {
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
    let (well, data) = slots.receive(e, kernel, state, 0, &incoming);
    let reduced = data
        .chunks(kernel.world_size())
        .map(|ranks| reduce_packet(e, kernel, ranks))
        .collect();
    (well, reduced)
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
    /// First packet of the last share.
    last_start: Val<'c>,
}

impl<'c> Shares<'c, '_> {
    fn for_packets(
        &self,
        e: &Emitter<'c>,
        well: Val<'c>,
        body: impl Fn(&Emitter<'c>, &Batch<'c>) -> Val<'c>,
    ) -> Val<'c> {
        self.kernel
            .for_packets(e, self.share, self.last_start, well, body)
    }

    /// Sends each rank its share of our operand. A packet past the end of the operand is sent like any other, as
    /// zeros: so every rank hears from every other in every call.
    fn scatter(&self, e: &Emitter<'c>) {
        let kernel = self.kernel;
        self.for_packets(e, e.i1(true), |e, batch| {
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
                    slots.send(e, e.add(kernel.peers[k], there), slots.encode(e, data));
                }
            }
            e.i1(true)
        });
    }

    /// Reduces our share and sends it to all others.
    fn reduce(&self, e: &Emitter<'c>, state: &State<'c>, slots: &Slots<'c>) -> Val<'c> {
        let kernel = self.kernel;
        let own = e.add(kernel.peers[0], slots.area(e, 0));
        let ours = slots.ours(e, kernel, 1);
        self.for_packets(e, e.i1(true), |e, batch| {
            let (well, reduced) = gather(e, kernel, state, slots, own, &batch.packets);
            e.when(well, |e| {
                for (&packet, data) in batch.packets.iter().zip(&reduced) {
                    let words = slots.encode(e, data);
                    let there = e.opaque(e.add(ours, slots::offset(e, packet)));
                    for &peer in &kernel.peers[1..] {
                        slots.send(e, e.add(peer, there), words);
                    }
                }
                let places = batch.places(e, kernel.output, e.mul(self.share, kernel.rank));
                let packets: Vec<_> = places.into_iter().zip(reduced).collect();
                kernel.store_packets(e, &packets, batch.whole);
            });
            well
        })
    }

    /// Collects the reduced shares of all others.
    fn collect(&self, e: &Emitter<'c>, state: &State<'c>, slots: &Slots<'c>, well: Val<'c>) {
        let kernel = self.kernel;
        let own = e.add(kernel.peers[0], slots.area(e, 1));
        self.for_packets(e, well, |e, batch| {
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
            let (well, data) = slots.receive(e, kernel, state, 1, &incoming);
            e.when(well, |e| {
                let starts = kernel.multiples(e, self.share);
                let places = starts[1..]
                    .iter()
                    .flat_map(|&start| batch.places(e, kernel.output, start));
                let packets: Vec<_> = places.zip(data).collect();
                kernel.store_packets(e, &packets, batch.whole);
            });
            well
        });
    }
}
