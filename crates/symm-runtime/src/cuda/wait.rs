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
use symm_cuda::Stream;

/// Looks at the stream before the processor is offered to others.
const SPINS: u32 = 1000;

/// Looks before the rank sleeps in between.
const YIELDS: u32 = 10_000;

const SLEEP: Duration = Duration::from_micros(50);

/// Time that kernels, and NCCL, have to leave after a failure: less than ranks have.
const LEAVE: Duration = Duration::from_secs(1);

impl Session {
    /// Waits until the stream has done its work, or something failed; then every kernel was told to leave.
    pub(super) fn wait(&self, stream: &Stream) -> Result<(), Failed> {
        self.rank().record().set(Activity::Device);
        let result = self.watch(stream);
        if result.is_err() {
            self.leave(stream);
            if let Some(activity) = self.lookout().evidence() {
                // For the report, where somebody else found the failure.
                self.rank().record().set(activity);
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
            self.lookout().check()?;
            if done {
                break;
            }
            pause(round);
        }
        Ok(())
    }

    fn gpu_failed(&self, error: &symm_cuda::Error) -> Failed {
        self.rank().fail(Failure::RankError {
            rank: self.rank().number(),
            message: error.to_string(),
        })
    }

    /// Tells every kernel to leave, and gives them, and NCCL, the time to do so.
    pub(super) fn leave(&self, stream: &Stream) {
        let deadline = Instant::now() + LEAVE;
        self.lookout().abort.start();
        while Instant::now() < deadline && matches!(stream.is_done(), Ok(false)) {
            sleep(SLEEP);
        }
        self.lookout().abort.finish(deadline);
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
