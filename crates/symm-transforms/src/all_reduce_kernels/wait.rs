// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Bounded waits (L10).
//!
//! The loop that a wait spends its time in holds the loads, their compares and one counter, which is ready long before the
//! loads are. Once in [`POLLS`] rounds it ends for a look at the clock and at the group's abort word. So a bound
//! costs nothing until a peer is late by dozens of microseconds.
//!
//! A thread that gives up reports what it missed and leaves the kernel where it stands: no flag of it is carried
//! through the code of those that go on. Where others of its block have to hear of it, it goes to their barrier first.

use std::mem::offset_of;
use symm_abi::gpu::{ErrorRecord, RECORD_ABORTED, RECORD_TIMEOUT, StateHeader};
use symm_ir::dialect::MemOrder;

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::{Kernel, State},
};

/// Rounds between two looks at the clock.
const POLLS: u32 = 256;

/// What a wait found when it last looked.
pub(super) struct Poll<'c> {
    /// For each awaited thing whether it is there.
    pub(super) ready: Vec<Val<'c>>,
    /// What was read.
    pub(super) values: Vec<Val<'c>>,
}

/// A wait for data or signals of peers.
pub(super) struct Wait<'c, 'k> {
    pub(super) kernel: &'k Kernel<'c>,
    pub(super) state: &'k State<'c>,
    /// Index into the algorithm's phases.
    pub(super) phase: u32,
    /// From whom each awaited thing comes.
    pub(super) senders: &'k [Sender<'c>],
    pub(super) on_failure: OnFailure,
}

/// What a thread does that gave up.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum OnFailure {
    /// It leaves the kernel: barriers of its block wait only for threads that are still there.
    Exit,
    /// It tells its block at the next barrier: behind that, one thread signals for all.
    GoOn,
}

/// A rank that is waited for.
#[derive(Clone, Copy)]
pub(super) enum Sender<'c> {
    /// The rank of this number.
    Rank(u32),
    /// The rank at this position of the kernel's peers, an `i32`.
    At(Val<'c>),
}

impl<'c> Wait<'c, '_> {
    /// Polls until all is there or the bound has run out; returns whether all is there, and what was read.
    ///
    /// Two loops: the inner one ends when all is there or [`POLLS`] rounds are over; the outer one looks around in between.
    pub(super) fn run(
        &self,
        e: &Emitter<'c>,
        poll: impl FnOnce(&Emitter<'c>) -> Poll<'c>,
    ) -> (Val<'c>, Vec<Val<'c>>) {
        let mut awaited = 0;
        let results = e.while_loop(
            &[e.i64(0), e.i1(true)],
            |e, carried| {
                let (all_ready, found) = self.poll(e, poll);
                awaited = found.ready.len();
                let go_on = e.and(e.not(all_ready), carried[1]);
                let well = e.and(all_ready, carried[1]);
                let handed = [vec![well, carried[0]], found.ready, found.values].concat();
                (go_on, handed)
            },
            |e, handed| self.look_around(e, handed[1], &handed[2..2 + self.senders.len()]),
        );
        (results[0], results[2 + awaited..].to_vec())
    }

    /// The inner loop; returns whether all is there, and what the last round found.
    fn poll(
        &self,
        e: &Emitter<'c>,
        poll: impl FnOnce(&Emitter<'c>) -> Poll<'c>,
    ) -> (Val<'c>, Poll<'c>) {
        let mut awaited = 0;
        let results = e.while_loop(
            &[e.i32(POLLS - 1)],
            |e, carried| {
                let more = e.cmp(Cmp::Ne, carried[0], e.i32(0));
                let found = poll(e);
                awaited = found.ready.len();
                let all_ready = e.all(&found.ready);
                let go_on = e.and(e.not(all_ready), more);
                (
                    go_on,
                    [vec![all_ready, carried[0]], found.ready, found.values].concat(),
                )
            },
            |e, handed| vec![e.sub(handed[1], e.i32(1))],
        );
        let (ready, values) = results[2..].split_at(awaited);
        (
            results[0],
            Poll {
                ready: ready.to_vec(),
                values: values.to_vec(),
            },
        )
    }

    /// The slow path: returns the time when the wait was first seen to be long, and whether to go on.
    fn look_around(&self, e: &Emitter<'c>, started: Val<'c>, ready: &[Val<'c>]) -> Vec<Val<'c>> {
        let now = e.register("globaltimer", 64);
        let first_look = e.cmp(Cmp::Eq, started, e.i64(0));
        let started = e.select(first_look, now, started);
        let late = e.cmp(Cmp::Uge, e.sub(now, started), self.kernel.timeout);
        let [abort] = e.strong_load(MemOrder::Relaxed, self.kernel.abort, 32);
        let aborted = e.cmp(Cmp::Ne, abort, e.i32(0));
        let give_up = e.expect(e.or(late, aborted), false);
        e.when(give_up, |e| {
            self.report(e, aborted, abort, ready);
            if self.on_failure == OnFailure::Exit {
                e.ptx("exit;", &[], &[]);
            }
        });
        let go_on = match self.on_failure {
            OnFailure::Exit => e.i1(true),
            OnFailure::GoOn => e.not(give_up),
        };
        vec![started, go_on]
    }

    /// Tells the peers, unless one of them has told us, and the host, unless another thread has.
    fn report(&self, e: &Emitter<'c>, aborted: Val<'c>, abort: Val<'c>, ready: &[Val<'c>]) {
        let kernel = self.kernel;
        let me = e.opaque(kernel.rank);
        e.when(e.not(aborted), |e| {
            let word = e.add(me, e.i32(1));
            let from_channel = e.sub(e.opaque(kernel.abort), kernel.peers[0]);
            for &peer in &kernel.peers {
                let there = e.add(peer, from_channel);
                e.strong_store(MemOrder::Relaxed, &[word], &[there], 0);
            }
        });
        let claimed = offset_of!(StateHeader, claimed);
        let before = e.compare_exchange((kernel.state, claimed), e.i32(0), e.i32(1));
        e.when(e.cmp(Cmp::Eq, before, e.i32(0)), |e| {
            let kind = e.select(aborted, e.i32(RECORD_ABORTED), e.i32(RECORD_TIMEOUT));
            let cause = e.select(aborted, e.sub(abort, e.i32(1)), me);
            self.write_record(e, kind, self.first_missing(e, ready), cause);
        });
    }

    fn write_record(&self, e: &Emitter<'c>, kind: Val<'c>, peer: Val<'c>, cause: Val<'c>) {
        let fields = [
            (offset_of!(ErrorRecord, op), self.kernel.op),
            (offset_of!(ErrorRecord, phase), e.i32(self.phase)),
            (offset_of!(ErrorRecord, peer), peer),
            (offset_of!(ErrorRecord, epoch), self.state.epoch),
            (offset_of!(ErrorRecord, block), self.kernel.block),
            (offset_of!(ErrorRecord, cause), cause),
        ];
        let record = [self.kernel.record];
        for (offset, value) in fields {
            e.strong_store(MemOrder::Relaxed, &[value], &record, offset);
        }
        let offset = offset_of!(ErrorRecord, kind);
        e.strong_store(MemOrder::Release, &[kind], &record, offset);
    }

    fn first_missing(&self, e: &Emitter<'c>, ready: &[Val<'c>]) -> Val<'c> {
        let mut missing = e.i32(0);
        for (sender, &ready) in self.senders.iter().zip(ready).rev() {
            let rank = match *sender {
                Sender::Rank(rank) => e.i32(rank),
                Sender::At(position) => self.kernel.rank_at(e, e.opaque(position)),
            };
            missing = e.select(ready, missing, rank);
        }
        missing
    }
}
