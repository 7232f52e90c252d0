// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Starting the ranks of a world and bringing them home: as threads of this process, or as processes.
//!
//! Either way a run ends in one of two ways: every rank is done, or the first failure is reported and no rank is waited
//! for longer than [`GRACE`] after it.

mod frame;
mod processes;
mod threads;
mod worker;

pub use processes::processes;
pub use threads::{joined, threads};
pub use worker::{WORKER_SOCKET, worker};

use crate::{Error, Failure, FailureReport, World};
use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

/// Time that ranks have to leave after a failure; generated code then skips its collectives, so it is short.
pub const GRACE: Duration = Duration::from_secs(2);

/// How often the host looks for a failure that no rank has come home with.
const POLL: Duration = Duration::from_millis(20);

/// Stack of the thread that runs a rank: generated code may keep arrays there. Pages are taken when touched.
const STACK_BYTES: usize = 64 << 20;

/// What the work of a rank fails with; [`Error::Aborted`] says that another rank's failure is the reason.
pub type WorkError = Box<dyn std::error::Error + Send + Sync>;

/// A run that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the run failed: {:?}", .report.failure)]
pub struct LaunchError {
    /// What went wrong first.
    pub report: Box<FailureReport>,
    /// Ranks that had not left when the grace was over. Processes were killed. Threads can't be: they go on until the
    /// host process ends.
    pub stuck: Vec<u32>,
}

/// How the work of one rank ended.
enum Ending<T> {
    Done(T),
    /// Another failure, recorded in the world, made the rank leave.
    Aborted,
    Failed(Failure),
}

impl<T> Ending<T> {
    fn new(rank: u32, result: Result<T, WorkError>) -> Self {
        match result {
            Ok(value) => Self::Done(value),
            Err(error) if matches!(error.downcast_ref(), Some(Error::Aborted)) => Self::Aborted,
            Err(error) => Self::Failed(Failure::RankError {
                rank,
                message: error.to_string(),
            }),
        }
    }
}

/// Waits for the endings of all ranks, or for a failure and then the grace.
fn collect<T>(world: &World, endings: &Receiver<(u32, Ending<T>)>) -> Result<Vec<T>, LaunchError> {
    let size = world.spec().size as usize;
    let mut values: Vec<Option<T>> = (0..size).map(|_| None).collect();
    let mut home = vec![false; size];
    let mut failed_at = None;
    while home.contains(&false) {
        match endings.recv_timeout(POLL) {
            Ok((rank, ending)) => {
                home[rank as usize] = true;
                match ending {
                    Ending::Done(value) => values[rank as usize] = Some(value),
                    Ending::Aborted => {}
                    Ending::Failed(failure) => world.fail(failure),
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if world.has_failed() && failed_at.get_or_insert_with(Instant::now).elapsed() > GRACE {
            break;
        }
    }
    if let Some(report) = world.report() {
        let stuck = (0..)
            .zip(home)
            .filter(|&(_, home)| !home)
            .map(|(rank, _)| rank)
            .collect();
        let report = Box::new(report);
        return Err(LaunchError { report, stuck });
    }
    Ok(values.into_iter().flatten().collect())
}
