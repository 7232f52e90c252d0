// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce by loads from the peers' operands, between two barriers.
//!
//! # Ordering
//!
//! Thread `k < world_size` of a block signals the block of the same number on the peer at position `k` and waits for its
//! signal: a release store and acquire loads at system scope (L1). Between the block's own accesses and the release lies
//! a block barrier, and one follows the acquire (L2): what one block did before a barrier happens before what its
//! counterparts do after it.
//!
//! At the entry, the operand of every peer is complete: it was written by grids before this one, which the peer's block has
//! waited for before it signals. At the exit, the peers are done with our operand (L9) and, in a two-shot, what they
//! stored into our result can be seen: block `b` of a rank writes to all ranks what the blocks `b` of all ranks wait for.
//!
//! Signals count up: twice per call, in steps that `u32` wraps around (L7). A peer may be one barrier ahead, never more.

use symm_abi::gpu::SIGNAL_BYTES;
use symm_ir::dialect::MemOrder;

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::{Kernel, State},
    push::{Batch, reduce_packet},
    sabotage::{Law, Stall},
    wait::{OnFailure, Poll, Sender, Wait},
};

const ENTRY: u32 = 0;
const EXIT: u32 = 1;

/// Writes the body of a one-shot pull all-reduce.
pub(super) fn one_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    between_barriers(e, kernel, |e| {
        let start = e.i32(0);
        kernel.for_packets(e, kernel.packets, Some(kernel.whole_packets), |e, batch| {
            let reduced = reduce_packets(e, kernel, batch, start);
            let places = batch.places(e, kernel.output, start);
            let packets: Vec<_> = places.into_iter().zip(reduced).collect();
            kernel.store_packets(e, &packets, batch.whole);
        });
    });
}

/// Writes the body of a two-shot pull all-reduce: each rank reduces its share and stores it into every rank's result.
///
/// Operand and result may be the same: of a share, only its owner reads and writes, and each thread reads a packet of
/// all ranks before it writes any of them.
pub(super) fn two_shot<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>) {
    between_barriers(e, kernel, |e| {
        let share = kernel.share(e);
        let start = e.mul(share, kernel.rank);
        let whole = kernel.whole_from(e, start, share);
        kernel.for_packets(e, share, Some(whole), |e, batch| {
            let reduced = reduce_packets(e, kernel, batch, start);
            let results = copies(e, kernel, kernel.output);
            let places = kernel
                .send_order()
                .flat_map(|k| batch.places(e, results[k], start));
            let packets: Vec<_> = places.zip(reduced.into_iter().cycle()).collect();
            kernel.store_packets(e, &packets, batch.whole);
        });
    });
}

/// Addresses of all ranks' copies of a buffer of ours, in the order of `Kernel::peers`.
fn copies<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>, buffer: Val<'c>) -> Vec<Val<'c>> {
    let from_channel = e.opaque(e.sub(buffer, kernel.peers[0]));
    kernel
        .peers
        .iter()
        .map(|&peer| e.add(peer, from_channel))
        .collect()
}

/// Writes `body` between the two barriers; it is left out where the first one fails.
fn between_barriers<'c>(e: &Emitter<'c>, kernel: &Kernel<'c>, body: impl FnOnce(&Emitter<'c>)) {
    let state = kernel.load_state(e);
    let signal = e.shl(state.epoch, e.i32(1));
    let well = barrier(e, kernel, &state, e.add(signal, e.i32(1)), ENTRY);
    let all_well = e.expect(e.block_all(well), true);
    kernel.count_call(e, &state, e.i32(0));
    e.when(all_well, |e| {
        kernel.stall(e, state.epoch, Stall::Reads);
        body(e);
        kernel.sent(e);
        kernel.stall(e, state.epoch, Stall::End);
        if kernel.keeps(Law::BlockBarrier) {
            e.block_barrier();
        }
        if kernel.keeps(Law::FreeAgain) {
            barrier(e, kernel, &state, e.add(signal, e.i32(2)), EXIT);
        }
    });
}

/// Signals the counterparts of this block and waits for theirs; returns whether those that this thread waits for came. A
/// block barrier has to follow, or the end of the kernel.
fn barrier<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    state: &State<'c>,
    signal: Val<'c>,
    phase: u32,
) -> Val<'c> {
    let signals = e.mul(e.zext(kernel.block, 64), e.i64(SIGNAL_BYTES));
    let signalling = e.cmp(
        Cmp::Ult,
        kernel.thread_in_block,
        e.i32(kernel.spec.world_size),
    );
    let signal_and_wait = |e: &Emitter<'c>| {
        let peer = pick(e, kernel.thread_in_block, &kernel.peers);
        let rank = kernel.rank_at(e, kernel.thread_in_block);
        let word =
            |channel, sender| e.add(e.add(channel, signals), e.mul(e.zext(sender, 64), e.i64(4)));
        let there = word(peer, kernel.rank);
        e.strong_store(MemOrder::Release, &[signal], &[there], 0);
        let here = word(kernel.peers[0], rank);
        let senders = [Sender::At(kernel.thread_in_block)];
        let wait = Wait {
            kernel,
            state,
            phase,
            senders: &senders,
            on_failure: OnFailure::GoOn,
        };
        let (well, _) = wait.run(e, |e| {
            let [seen] = e.strong_load(MemOrder::Acquire, here, 32);
            let behind = e.cmp(Cmp::Slt, e.sub(seen, signal), e.i32(0));
            Poll {
                ready: vec![e.not(behind)],
                values: Vec::new(),
            }
        });
        vec![well]
    };
    e.if_else(signalling, &[e.int(1)], signal_and_wait, |e| {
        vec![e.i1(true)]
    })[0]
}

/// Returns the value at a position.
fn pick<'c>(e: &Emitter<'c>, position: Val<'c>, values: &[Val<'c>]) -> Val<'c> {
    let mut picked = values[0];
    for (index, &value) in values.iter().enumerate().skip(1) {
        let here = e.cmp(Cmp::Eq, position, e.i32(index as u32));
        picked = e.select(here, value, picked);
    }
    picked
}

/// Reads packets of all operands, beginning with our own so that no rank is asked by all at once, and reduces them in
/// the order of the ranks (L11).
fn reduce_packets<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    batch: &Batch<'c>,
    start: Val<'c>,
) -> Vec<Vec<Val<'c>>> {
    let operands = copies(e, kernel, kernel.input);
    let places: Vec<_> = (0..kernel.world_size())
        .flat_map(|k| batch.places(e, operands[k], start))
        .collect();
    let data = kernel.load_packets(e, &places, batch.whole);
    let at_once = batch.packets.len();
    (0..at_once)
        .map(|index| {
            let rotated = data.iter().skip(index).step_by(at_once).cloned().collect();
            reduce_packet(e, kernel, &in_rank_order(e, kernel, rotated))
        })
        .collect()
}

/// Turns packets that begin with our own into packets that begin with rank 0's, by as many places as our number says:
/// one bit of it at a time, so that every choice is between two registers.
fn in_rank_order<'c>(
    e: &Emitter<'c>,
    kernel: &Kernel<'c>,
    rotated: Vec<Vec<Val<'c>>>,
) -> Vec<Vec<Val<'c>>> {
    let world_size = rotated.len();
    let mut packets = rotated;
    for bit in (0..)
        .map(|bit| 1 << bit)
        .take_while(|&bit| bit < world_size)
    {
        let is_set = e.cmp(Cmp::Ne, e.and(kernel.rank, e.i32(bit as u32)), e.i32(0));
        let turn = |position: usize| {
            let from = &packets[(position + world_size - bit) % world_size];
            let stays = &packets[position];
            from.iter()
                .zip(stays)
                .map(|(&from, &stays)| e.select(is_set, from, stays))
                .collect()
        };
        packets = (0..world_size).map(turn).collect();
    }
    packets
}
