// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The other side of [`processes`](super::processes): a process that runs one rank.

use super::{
    Ending, WorkError, frame,
    threads::{run_rank, thread},
};
use crate::{Failure, Rank, World, WorldSpec};
use rustix::io::{FdFlags, fcntl_setfd};
use serde::{Deserialize, Serialize};
use std::{
    io,
    os::{
        fd::{FromRawFd, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    process::ExitCode,
};

/// Environment variable that tells a worker process the number of its inherited socket.
pub const WORKER_SOCKET: &str = "SYMM_WORKER_SOCKET";

/// First message of the host.
#[derive(Deserialize, Serialize)]
pub(super) struct Hello {
    pub(super) rank: u32,
    pub(super) spec: WorldSpec,
    /// Numbers of the inherited files of the world.
    pub(super) files: Vec<RawFd>,
}

/// Last message of a worker; its payload, if there is one, follows as a message of its own.
#[derive(Deserialize, Serialize)]
pub(super) enum Goodbye {
    Done,
    Aborted,
    Failed(Failure),
}

/// Runs the rank that the host started this process for: `work` gets the rank and the job, and returns what the host gets.
///
/// To be called by a process that [`processes`](super::processes) started, once, before it opens files.
///
/// # Errors
/// When the process was not started by a host, or the host is gone.
pub fn worker(
    work: impl FnOnce(Rank, &[u8]) -> Result<Vec<u8>, WorkError> + Send + 'static,
) -> io::Result<ExitCode> {
    let number = std::env::var(WORKER_SOCKET)
        .ok()
        .and_then(|number| number.parse().ok());
    let number: RawFd =
        number.ok_or_else(|| io::Error::other(format!("{WORKER_SOCKET} is not set by a host")))?;
    let mut host = UnixStream::from(inherited(number)?);
    let hello: Hello = serde_json::from_slice(&frame::read(&mut host)?)?;
    let job = frame::read(&mut host)?;
    let ending = run(hello, job, work)?;
    let (goodbye, payload, code) = match ending {
        Ending::Done(payload) => (Goodbye::Done, payload, ExitCode::SUCCESS),
        Ending::Aborted => (Goodbye::Aborted, Vec::new(), ExitCode::FAILURE),
        Ending::Failed(failure) => (Goodbye::Failed(failure), Vec::new(), ExitCode::FAILURE),
    };
    frame::write(&mut host, &serde_json::to_vec(&goodbye)?)?;
    frame::write(&mut host, &payload)?;
    Ok(code)
}

fn run(
    hello: Hello,
    job: Vec<u8>,
    work: impl FnOnce(Rank, &[u8]) -> Result<Vec<u8>, WorkError> + Send + 'static,
) -> io::Result<Ending<Vec<u8>>> {
    let Hello { rank, spec, files } = hello;
    let files = files
        .into_iter()
        .map(inherited)
        .collect::<io::Result<_>>()?;
    let world = match World::join(spec, files, rank) {
        Ok(world) => world,
        Err(error) => return Ok(Ending::new(rank, Err(error.into()))),
    };
    let body = move || run_rank(&world, rank, |rank| work(rank, &job));
    let ending = thread(rank).spawn(body)?.join();
    ending.map_err(|_| io::Error::other("the thread of the rank panicked"))
}

/// Takes over an inherited file, and keeps it from this process's own children.
fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the host opened this number for this process and nothing else here owns it; a number that is not open
    // fails in the next line, and -1, which no `OwnedFd` may hold, is refused.
    let file = unsafe {
        if number < 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        OwnedFd::from_raw_fd(number)
    };
    match fcntl_setfd(&file, FdFlags::CLOEXEC) {
        Ok(()) => Ok(file),
        Err(error) => {
            // Not open: there is nothing to close.
            std::mem::forget(file);
            Err(error.into())
        }
    }
}
