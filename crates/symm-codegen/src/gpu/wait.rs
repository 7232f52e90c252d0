// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Bounded waits (L10).
//!
//! The loop that a wait spends its time in holds the loads, their compares and one counter. Once in [`POLLS`] rounds it
//! leaves for the slow path, which reads the clock and the group's abort word. So a bound costs nothing until a peer
//! is late by dozens of microseconds.

use std::mem::offset_of;
use symm_abi::gpu::{ErrorRecord, RECORD_ABORTED, RECORD_TIMEOUT, StateHeader};

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
    pub(super) fn run(
        &self,
        e: &Emitter<'c>,
        poll: impl FnOnce(&Emitter<'c>) -> Poll<'c>,
    ) -> (Val<'c>, Vec<Val<'c>>) {
        let (awaited, mut read) = (self.senders.len(), 0);
        let initial = [e.i32(POLLS), e.i64(0), e.i1(true)];
        let results = e.while_loop(
            &initial,
            |e, carried| {
                let found = poll(e);
                read = found.values.len();
                let missing = e.not(e.all(&found.ready));
                let go_on = e.and(missing, carried[2]);
                (
                    go_on,
                    [found.values, found.ready, carried.to_vec()].concat(),
                )
            },
            |e, handed| {
                let (ready, carried) = handed[handed.len() - awaited - 3..].split_at(awaited);
                let left = e.sub(carried[0], e.i32(1));
                let slow = e.cmp(Cmp::Eq, left, e.i32(0));
                let types = [e.int(32), e.int(64), e.int(1)];
                e.if_else(
                    slow,
                    &types,
                    |e| self.look_around(e, carried[1], ready),
                    |e| vec![left, carried[1], e.i1(true)],
                )
            },
        );
        let well = results[results.len() - 1];
        (well, results[..read].to_vec())
    }

    /// The slow path: returns a fresh budget of polls, the time when the wait was first seen to be long, and whether
    /// to go on.
    fn look_around(&self, e: &Emitter<'c>, started: Val<'c>, ready: &[Val<'c>]) -> Vec<Val<'c>> {
        let now = e.register("globaltimer", 64);
        let first_look = e.cmp(Cmp::Eq, started, e.i64(0));
        let started = e.select(first_look, now, started);
        let late = e.cmp(Cmp::Uge, e.sub(now, started), self.kernel.timeout);
        let abort = e.ptx(
            "ld.relaxed.sys.global.b32 {$w0}, [{$r0}];",
            &[self.kernel.abort],
            &[e.int(32)],
        )[0];
        let aborted = e.cmp(Cmp::Ne, abort, e.i32(0));
        let give_up = e.or(late, aborted);
        e.when(give_up, |e| self.give_up(e, aborted, abort, ready));
        vec![e.i32(POLLS), started, e.not(give_up)]
    }

    /// Tells the peers, unless one of them has told us, and the host, unless another thread has.
    fn give_up(&self, e: &Emitter<'c>, aborted: Val<'c>, abort: Val<'c>, ready: &[Val<'c>]) {
        let kernel = self.kernel;
        let me = e.opaque(kernel.rank);
        e.when(e.not(aborted), |e| {
            let word = e.add(me, e.i32(1));
            let from_channel = e.sub(e.opaque(kernel.abort), kernel.peers[0]);
            for &peer in &kernel.peers {
                e.ptx(
                    "st.relaxed.sys.global.b32 [{$r0}], {$r1};",
                    &[e.add(peer, from_channel), word],
                    &[],
                );
            }
        });
        let claimed = offset_of!(StateHeader, claimed);
        let claim = format!(
            "atom.relaxed.sys.global.cas.b32 {{$w0}}, [{{$r0}}+{claimed}], {{$r1}}, {{$r2}};"
        );
        let before = e.ptx(&claim, &[kernel.state, e.i32(0), e.i32(1)], &[e.int(32)])[0];
        e.when(e.cmp(Cmp::Eq, before, e.i32(0)), |e| {
            let kind = e.select(aborted, e.i32(RECORD_ABORTED), e.i32(RECORD_TIMEOUT));
            let cause = e.select(aborted, e.sub(abort, e.i32(1)), me);
            self.write_record(e, kind, cause, ready);
        });
    }

    fn write_record(&self, e: &Emitter<'c>, kind: Val<'c>, cause: Val<'c>, ready: &[Val<'c>]) {
        let mut peer = e.i32(0);
        for (sender, &ready) in self.senders.iter().zip(ready).rev() {
            let rank = match *sender {
                Sender::Rank(rank) => e.i32(rank),
                Sender::At(position) => self.kernel.rank_at(e, e.opaque(position)),
            };
            peer = e.select(ready, peer, rank);
        }
        let fields = [
            (offset_of!(ErrorRecord, op), self.kernel.op),
            (offset_of!(ErrorRecord, phase), e.i32(self.phase)),
            (offset_of!(ErrorRecord, peer), peer),
            (offset_of!(ErrorRecord, epoch), self.state.epoch),
            (offset_of!(ErrorRecord, block), self.kernel.block),
            (offset_of!(ErrorRecord, cause), cause),
        ];
        let write = |order: &str, offset: usize, value| {
            let code = format!("st.{order}.sys.global.b32 [{{$r0}}+{offset}], {{$r1}};");
            e.ptx(&code, &[self.kernel.record, value], &[]);
        };
        for (offset, value) in fields {
            write("relaxed", offset, value);
        }
        write("release", offset_of!(ErrorRecord, kind), kind);
    }
}
