// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks as threads of this process.

use super::{Ending, GRACE, LaunchError, POLL, STACK_BYTES, WorkError, collect};
use crate::{Failure, Rank, World};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread::Builder,
    time::Instant,
};

/// Runs `work` for every rank, each on a thread of its own, and returns the values by rank.
///
/// # Errors
/// When any rank failed; then threads that have not ended are left behind.
pub fn threads<T, W>(world: &World, work: W) -> Result<Vec<T>, LaunchError>
where
    T: Send + 'static,
    W: Fn(Rank) -> Result<T, WorkError> + Send + Sync + 'static,
{
    let work = Arc::new(work);
    let (sender, endings) = mpsc::channel();
    for number in 0..world.spec().size {
        let (work, world, home) = (work.clone(), world.clone(), sender.clone());
        let body = move || {
            let ending = run_rank(&world, number, |rank| work(rank));
            // The host no longer listens once it has given up on this rank.
            let _ = home.send((number, ending));
        };
        if let Err(error) = thread(number).spawn(body) {
            let failure = Failure::RankError {
                rank: number,
                message: format!("no thread: {error}"),
            };
            let _ = sender.send((number, Ending::Failed(failure)));
        }
    }
    drop(sender);
    collect(world, &endings)
}

/// Runs `work` for one rank of a world whose other ranks are processes that somebody else started.
///
/// # Errors
/// When any rank failed; if it is this one that does not leave, its thread is left behind.
pub fn joined<T, W>(world: &World, number: u32, work: W) -> Result<T, LaunchError>
where
    T: Send + 'static,
    W: FnOnce(Rank) -> Result<T, WorkError> + Send + 'static,
{
    let own = world.clone();
    let (home, endings) = mpsc::channel();
    let body = move || {
        let ending = run_rank(&own, number, work);
        // The host no longer listens once it has given up on this rank.
        let _ = home.send(ending);
    };
    if let Err(error) = thread(number).spawn(body) {
        world.fail(Failure::RankError {
            rank: number,
            message: format!("no thread: {error}"),
        });
    }
    let ending = ending_of(world, &endings);
    let stuck = match ending {
        Ok(Ending::Done(value)) => return Ok(value),
        Ok(_) | Err(RecvTimeoutError::Disconnected) => Vec::new(),
        Err(RecvTimeoutError::Timeout) => vec![number],
    };
    // Of no effect if the failure that ended the work is known, as it should be.
    world.fail(Failure::RankError {
        rank: number,
        message: "no thread could run it".into(),
    });
    let report = world.report().expect("a failed world has a report");
    Err(LaunchError {
        report: Box::new(report),
        stuck,
    })
}

/// Waits for the ending of a rank, or for a failure and then the grace.
fn ending_of<T>(
    world: &World,
    endings: &Receiver<Ending<T>>,
) -> Result<Ending<T>, RecvTimeoutError> {
    let mut failed_at = None;
    loop {
        let ending = endings.recv_timeout(POLL);
        if !matches!(ending, Err(RecvTimeoutError::Timeout)) {
            return ending;
        }
        if world.has_failed() && failed_at.get_or_insert_with(Instant::now).elapsed() > GRACE {
            return ending;
        }
    }
}

/// Prepares the thread of a rank.
pub(super) fn thread(rank: u32) -> Builder {
    Builder::new()
        .name(format!("rank {rank}"))
        .stack_size(STACK_BYTES)
}

/// Does the work of one rank on this thread; a panic is a failure of the rank.
pub(super) fn run_rank<T>(
    world: &World,
    number: u32,
    work: impl FnOnce(Rank) -> Result<T, WorkError>,
) -> Ending<T> {
    let result = catch_unwind(AssertUnwindSafe(|| work(world.take(number)?)));
    let ending = match result {
        Ok(result) => Ending::new(number, result),
        Err(panic) => Ending::Failed(Failure::RankError {
            rank: number,
            message: format!("panicked: {}", panic_message(&*panic)),
        }),
    };
    match &ending {
        Ending::Done(_) => world.finish(number),
        Ending::Aborted => {}
        // Recorded here and not only by the host, so that peers learn of it at once.
        Ending::Failed(failure) => world.fail(failure.clone()),
    }
    ending
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
