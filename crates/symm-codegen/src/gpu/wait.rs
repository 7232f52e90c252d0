// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Bounded waits (L10).
//!
//! The loop that a wait spends its time in holds the loads, their compares and one counter. Once in [`POLLS`] rounds it
//! leaves for the slow path, which reads the clock and the group's abort word. So a bound costs nothing until a peer
//! is late by dozens of microseconds. A thread that gives up takes a [`Failure`] with it to the end of the kernel, where
//! it is reported: that code lies behind all that runs when nothing fails.

use std::mem::offset_of;
use symm_abi::gpu::{ErrorRecord, RECORD_ABORTED, RECORD_TIMEOUT, StateHeader};

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::{Kernel, State},
};

/// Rounds between two looks at the clock.
const POLLS: u32 = 256;

/// Why a thread gave up, in an `i32`: 0 if it did not. Else bit 31 is set, bits 0 to 7 are the rank that was missing, bits
/// 8 to 15 the phase, and bits 16 to 23 the group's abort word, which is 0 after a timeout.
pub(super) type Failure<'c> = Val<'c>;

const FAILED: u32 = 1 << 31;
const PHASE_SHIFT: u32 = 8;
const ABORT_SHIFT: u32 = 16;
const BYTE: u32 = 0xFF;

/// The failure of a thread that all went well for.
pub(super) fn no_failure<'c>(e: &Emitter<'c>) -> Failure<'c> {
    e.i32(0)
}

/// Tells, as an `i1`, that there is no failure, which is what is expected.
pub(super) fn is_well<'c>(e: &Emitter<'c>, failure: Failure<'c>) -> Val<'c> {
    e.expect(e.cmp(Cmp::Eq, failure, e.i32(0)), true)
}

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
    /// Polls until all is there or the bound has run out; returns the failure, and what was read.
    pub(super) fn run(
        &self,
        e: &Emitter<'c>,
        poll: impl FnOnce(&Emitter<'c>) -> Poll<'c>,
    ) -> (Failure<'c>, Vec<Val<'c>>) {
        let (awaited, mut read) = (self.senders.len(), 0);
        let results = e.while_loop(
            &[e.i32(POLLS), e.i64(0), no_failure(e)],
            |e, carried| {
                let found = poll(e);
                read = found.values.len();
                let missing = e.not(e.all(&found.ready));
                let go_on = e.and(missing, is_well(e, carried[2]));
                (
                    go_on,
                    [found.values, found.ready, carried.to_vec()].concat(),
                )
            },
            |e, handed| {
                let (ready, carried) = handed[handed.len() - awaited - 3..].split_at(awaited);
                let left = e.sub(carried[0], e.i32(1));
                let slow = e.expect(e.cmp(Cmp::Eq, left, e.i32(0)), false);
                e.if_else(
                    slow,
                    &[e.int(32), e.int(64), e.int(32)],
                    |e| self.look_around(e, carried[1], ready),
                    |e| vec![left, carried[1], no_failure(e)],
                )
            },
        );
        (results[results.len() - 1], results[..read].to_vec())
    }

    /// The slow path: returns a fresh budget of polls, the time when the wait was first seen to be long, and the failure.
    fn look_around(&self, e: &Emitter<'c>, started: Val<'c>, ready: &[Val<'c>]) -> Vec<Val<'c>> {
        let now = e.register("globaltimer", 64);
        let first_look = e.cmp(Cmp::Eq, started, e.i64(0));
        let started = e.select(first_look, now, started);
        let late = e.cmp(Cmp::Uge, e.sub(now, started), self.kernel.timeout);
        let code = "ld.relaxed.sys.global.b32 {$w0}, [{$r0}];";
        let abort = e.ptx(code, &[self.kernel.abort], &[e.int(32)])[0];
        let aborted = e.cmp(Cmp::Ne, abort, e.i32(0));
        let failure = e.if_else(
            e.expect(e.or(late, aborted), false),
            &[e.int(32)],
            |e| {
                let phase = e.i32(FAILED | self.phase << PHASE_SHIFT);
                let abort = e.shl(abort, e.i32(ABORT_SHIFT));
                vec![e.or(e.or(phase, abort), self.first_missing(e, ready))]
            },
            |e| vec![no_failure(e)],
        );
        vec![e.i32(POLLS), started, failure[0]]
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

impl<'c> Kernel<'c> {
    /// Reports a failure: to the peers, unless one of them has told us, and to the host, unless another thread has.
    pub(super) fn report(&self, e: &Emitter<'c>, state: &State<'c>, failure: Failure<'c>) {
        let failed = e.not(is_well(e, failure));
        e.when(failed, |e| {
            let byte = |shift| e.and(e.shr(failure, e.i32(shift)), e.i32(BYTE));
            let abort = byte(ABORT_SHIFT);
            let timed_out = e.cmp(Cmp::Eq, abort, e.i32(0));
            e.when(timed_out, |e| self.abort_group(e));
            let claimed = offset_of!(StateHeader, claimed);
            let claim = format!(
                "atom.relaxed.sys.global.cas.b32 {{$w0}}, [{{$r0}}+{claimed}], {{$r1}}, {{$r2}};"
            );
            let before = e.ptx(&claim, &[self.state, e.i32(0), e.i32(1)], &[e.int(32)])[0];
            e.when(e.cmp(Cmp::Eq, before, e.i32(0)), |e| {
                let kind = e.select(timed_out, e.i32(RECORD_TIMEOUT), e.i32(RECORD_ABORTED));
                let cause = e.select(timed_out, self.rank, e.sub(abort, e.i32(1)));
                self.write_record(e, state, [kind, byte(PHASE_SHIFT), byte(0), cause]);
            });
        });
    }

    fn abort_group(&self, e: &Emitter<'c>) {
        let word = e.add(self.rank, e.i32(1));
        let from_channel = e.sub(self.abort, self.peers[0]);
        for &peer in &self.peers {
            let there = e.add(peer, from_channel);
            e.ptx(
                "st.relaxed.sys.global.b32 [{$r0}], {$r1};",
                &[there, word],
                &[],
            );
        }
    }

    fn write_record(
        &self,
        e: &Emitter<'c>,
        state: &State<'c>,
        [kind, phase, peer, cause]: [Val<'c>; 4],
    ) {
        let fields = [
            (offset_of!(ErrorRecord, op), self.op),
            (offset_of!(ErrorRecord, phase), phase),
            (offset_of!(ErrorRecord, peer), peer),
            (offset_of!(ErrorRecord, epoch), state.epoch),
            (offset_of!(ErrorRecord, block), self.block),
            (offset_of!(ErrorRecord, cause), cause),
        ];
        let write = |order: &str, offset: usize, value| {
            let code = format!("st.{order}.sys.global.b32 [{{$r0}}+{offset}], {{$r1}};");
            e.ptx(&code, &[self.record, value], &[]);
        };
        for (offset, value) in fields {
            write("relaxed", offset, value);
        }
        write("release", offset_of!(ErrorRecord, kind), kind);
    }
}
