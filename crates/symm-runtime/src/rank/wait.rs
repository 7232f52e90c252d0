// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Bounded waiting: the one loop in which a rank waits for others.

use super::Rank;
use crate::failure::{Activity, Failure};
use std::{
    hint::spin_loop,
    thread::{sleep, yield_now},
    time::{Duration, Instant},
};

/// Busy rounds before the processor is offered to others.
const SPINS: u32 = 64;

/// Rounds of offering it before the rank sleeps: with more ranks than cores, the awaited one has to run.
const YIELDS: u32 = 256;

const SHORTEST_SLEEP: Duration = Duration::from_micros(20);
const LONGEST_SLEEP: Duration = Duration::from_millis(1);

/// The rank has to leave: this wait failed, or something else did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failed;

/// What a rank waits for.
pub(crate) struct Wait<'a> {
    /// What the rank publishes as its activity.
    pub(crate) activity: Activity,
    /// Tells, with acquire order, whether it has come.
    pub(crate) reached: &'a dyn Fn() -> bool,
    /// Looks for a reason why it never will.
    pub(crate) trouble: &'a dyn Fn() -> Option<Failure>,
    /// Names the world ranks that have not arrived.
    pub(crate) missing: &'a dyn Fn() -> Vec<u32>,
}

impl Rank {
    /// Waits until it has come, the world has failed, or the world's time-out has passed.
    ///
    /// The rank's activity is that of the wait afterwards; the caller publishes the next one.
    pub(crate) fn wait_until(&self, wait: &Wait<'_>) -> Result<(), Failed> {
        if (wait.reached)() {
            return Ok(());
        }
        self.record().set(wait.activity);
        let timeout = self.shared.spec.timeout;
        let begin = Instant::now();
        for round in 0.. {
            pause(round);
            if (wait.reached)() {
                return Ok(());
            }
            if self.shared.control.has_failed() {
                return Err(Failed);
            }
            if round < SPINS {
                continue;
            }
            if let Some(failure) = (wait.trouble)() {
                return Err(self.fail(failure));
            }
            if begin.elapsed() >= timeout {
                return Err(self.fail(Failure::TimedOut {
                    rank: self.number,
                    missing: (wait.missing)(),
                    millis: timeout.as_millis() as u64,
                    activity: wait.activity,
                }));
            }
        }
        unreachable!("rounds are bounded by the time-out")
    }

    /// Records a failure, unless one came first.
    pub(crate) fn fail(&self, failure: Failure) -> Failed {
        self.shared.control.fail(failure);
        Failed
    }
}

fn pause(round: u32) {
    if round < SPINS {
        spin_loop();
    } else if round < SPINS + YIELDS {
        yield_now();
    } else {
        let doublings = (round - SPINS - YIELDS) / 16;
        sleep(
            SHORTEST_SLEEP
                .saturating_mul(1 << doublings.min(10))
                .min(LONGEST_SLEEP),
        );
    }
}
