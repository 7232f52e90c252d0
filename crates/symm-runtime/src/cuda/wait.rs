// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Waiting for a stream, in which a rank learns what went wrong on any of the devices.

use super::session::Session;
use crate::{
    failure::{Activity, Failure},
    rank::Failed,
};
use std::{
    hint::spin_loop,
    thread::{sleep, yield_now},
    time::{Duration, Instant},
};
use symm_abi::gpu::{ErrorRecord, RECORD_TIMEOUT};
use symm_cuda::Stream;

/// Looks at the stream before the processor is offered to others.
const SPINS: u32 = 1000;

/// Looks before the rank sleeps in between.
const YIELDS: u32 = 10_000;

const SLEEP: Duration = Duration::from_micros(50);

/// Time that the rank which gave up first has to say so.
const EXPLANATION: Duration = Duration::from_secs(2);

/// Time that kernels have to leave after a failure.
const LEAVE: Duration = Duration::from_secs(1);

impl Session {
    /// Waits until the stream has done its work, or something failed; then every kernel was told to leave.
    pub(super) fn wait(&self, stream: &Stream) -> Result<(), Failed> {
        self.rank().record().set(Activity::Device);
        let result = self.watch(stream);
        if result.is_err() {
            self.gpu().abort();
            drain(stream);
            if let Some(record) = self.gpu().watch.record() {
                // Evidence for the report, where somebody else found the failure.
                self.rank().record().set(self.activity(&record));
            }
        }
        result
    }

    fn watch(&self, stream: &Stream) -> Result<(), Failed> {
        for round in 0.. {
            let done = match stream.is_done() {
                Ok(done) => done,
                Err(error) => return Err(self.gpu_failed(&error)),
            };
            self.check()?;
            if done {
                break;
            }
            pause(round);
        }
        Ok(())
    }

    /// Looks, without waiting, for a failure on any rank.
    pub(super) fn check(&self) -> Result<(), Failed> {
        if let Some(record) = self.gpu().watch.record() {
            return Err(self.explain(&record));
        }
        if self.rank().has_failed() {
            return Err(Failed);
        }
        Ok(())
    }

    fn gpu_failed(&self, error: &symm_cuda::Error) -> Failed {
        self.rank().fail(Failure::RankError {
            rank: self.rank().number(),
            message: error.to_string(),
        })
    }

    /// Returns the world rank of a member of an op's group.
    fn world_rank(&self, op: u32, member: u32) -> u32 {
        let op = self.program().manifest().ops.get(op as usize);
        let group = op.and_then(|op| self.gpu().groups.get(op.group as usize)?.as_ref());
        let rank = group.and_then(|group| group.ranks.get(member as usize));
        rank.copied().unwrap_or(member)
    }

    /// Returns what the kernel was doing that made a record.
    fn activity(&self, record: &ErrorRecord) -> Activity {
        Activity::Waiting {
            op: record.op,
            phase: record.phase,
            peer: self.world_rank(record.op, record.peer),
            epoch: record.epoch,
        }
    }

    /// Turns what a kernel recorded into the failure of the world.
    fn explain(&self, record: &ErrorRecord) -> Failed {
        let rank = self.rank();
        let peer = self.world_rank(record.op, record.peer);
        let activity = self.activity(record);
        rank.record().set(activity);
        if record.kind == RECORD_TIMEOUT {
            return rank.fail(Failure::TimedOut {
                rank: rank.number(),
                missing: vec![peer],
                millis: rank.timeout().as_millis() as u64,
                activity,
            });
        }
        let begin = Instant::now();
        while begin.elapsed() < EXPLANATION {
            if rank.has_failed() {
                return Failed;
            }
            sleep(SLEEP);
        }
        rank.fail(Failure::RankError {
            rank: rank.number(),
            message: format!(
                "left op {}, waiting for rank {peer}, because rank {} had given up without saying why",
                record.op,
                self.world_rank(record.op, record.cause)
            ),
        })
    }
}

/// Gives kernels that were told to leave the time to do so.
fn drain(stream: &Stream) {
    let begin = Instant::now();
    while begin.elapsed() < LEAVE && matches!(stream.is_done(), Ok(false)) {
        sleep(SLEEP);
    }
}

fn pause(round: u32) {
    if round < SPINS {
        spin_loop();
    } else if round < YIELDS {
        yield_now();
    } else {
        sleep(SLEEP);
    }
}
