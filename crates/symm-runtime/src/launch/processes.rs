// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks as processes, one each, watched by this one.

use super::{
    Ending, LaunchError, collect, frame,
    worker::{Goodbye, Hello, WORKER_SOCKET},
};
use crate::{Failure, World};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{FdFlags, fcntl_setfd},
    process::{
        Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, set_parent_process_death_signal,
    },
};
use std::{
    io,
    os::{
        fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd},
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    process::{Child, Command, ExitStatus},
    sync::mpsc::{self, Sender},
    thread::{self, Builder},
    time::{Duration, Instant},
};

/// Time that a process has to exit once nothing is expected of it any more.
const EXIT_TIME: Duration = Duration::from_millis(500);

/// Runs every rank in a process of its own, which `command` describes and which calls [`worker`](super::worker);
/// each gets `job`, and what its work returned is returned by rank.
///
/// A process that dies, for whatever reason, is a failure that names its rank. No process outlives this call, or this thread.
///
/// # Errors
/// When any rank failed; by then every process has ended or was killed.
pub fn processes(
    world: &World,
    job: &[u8],
    command: impl Fn(u32) -> Command,
) -> Result<Vec<Vec<u8>>, LaunchError> {
    let (sender, endings) = mpsc::channel();
    thread::scope(|scope| {
        let mut handles = Vec::new();
        for rank in 0..world.spec().size {
            // The thread before the process, so that there is no process that nobody reaps.
            let (give, given) = mpsc::channel();
            let home = sender.clone();
            let body = move || {
                if let Ok((child, socket)) = given.recv() {
                    watch(world, rank, job, child, &socket, &home);
                }
            };
            let started = Builder::new()
                .name(format!("host of rank {rank}"))
                .spawn_scoped(scope, body)
                .and_then(|_| spawn(world, command(rank)));
            match started {
                Ok((child, socket, handle)) => {
                    handles.push((rank, handle));
                    // The thread is there, and waits for this.
                    let _ = give.send((child, socket));
                }
                Err(error) => {
                    let message = format!("its process can't be started: {error}");
                    world.fail(Failure::RankError { rank, message });
                    // Nobody waits for those that were never there.
                    for absent in rank..world.spec().size {
                        let _ = sender.send((absent, Ending::Aborted));
                    }
                    break;
                }
            }
        }
        drop(sender);
        let result = collect(world, &endings);
        end(&handles);
        result
    })
}

/// Starts a worker; the handle names the process for as long as it is held, even after it ended.
fn spawn(world: &World, mut command: Command) -> io::Result<(Child, UnixStream, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut inherited: Vec<RawFd> = world.files().iter().map(AsRawFd::as_raw_fd).collect();
    inherited.push(theirs.as_raw_fd());
    command.env(WORKER_SOCKET, theirs.as_raw_fd().to_string());
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        for &number in &inherited {
            // SAFETY: the files are open in the parent during the spawn, hence in its copy, the child.
            let file = unsafe { BorrowedFd::borrow_raw(number) };
            fcntl_setfd(file, FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls only; it does not allocate or lock.
    unsafe { command.pre_exec(prepare) };
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(handle) => Ok((child, ours, handle)),
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error.into())
        }
    }
}

/// Gives a worker its job, waits for its ending and reaps it.
fn watch(
    world: &World,
    rank: u32,
    job: &[u8],
    mut child: Child,
    socket: &UnixStream,
    home: &Sender<(u32, Ending<Vec<u8>>)>,
) {
    let goodbye = talk(world, rank, job, socket);
    if let Ok(ending) = goodbye {
        let _ = home.send((rank, ending));
        let _ = child.wait();
        return;
    }
    // The connection broke, so the process has ended or is about to.
    let how = child
        .wait()
        .map_or_else(|error| error.to_string(), describe);
    let failure = Failure::RankDied { rank, how };
    world.fail(failure.clone());
    let _ = home.send((rank, Ending::Failed(failure)));
}

fn talk(world: &World, rank: u32, job: &[u8], socket: &UnixStream) -> io::Result<Ending<Vec<u8>>> {
    let files = world.files().iter().map(AsRawFd::as_raw_fd).collect();
    let hello = Hello {
        rank,
        spec: world.spec().clone(),
        files,
    };
    frame::write(socket, &serde_json::to_vec(&hello)?)?;
    frame::write(socket, job)?;
    let goodbye = serde_json::from_slice(&frame::read(socket)?)?;
    let payload = frame::read(socket)?;
    Ok(match goodbye {
        Goodbye::Done => Ending::Done(payload),
        Goodbye::Aborted => Ending::Aborted,
        Goodbye::Failed(failure) => Ending::Failed(failure),
    })
}

/// Sees that every process ends: those that came home have no reason to stay, the others had their grace.
fn end(handles: &[(u32, OwnedFd)]) {
    let deadline = Instant::now() + EXIT_TIME;
    for (rank, handle) in handles {
        let left = deadline.saturating_duration_since(Instant::now());
        if !ended(handle, left) {
            tracing::debug!(rank, "killed");
            // A process that ended meanwhile can't be signalled, and need not be.
            let _ = pidfd_send_signal(handle, Signal::KILL);
        }
    }
}

/// Waits for the end of a process.
fn ended(handle: &OwnedFd, timeout: Duration) -> bool {
    let timeout = Timespec {
        tv_sec: timeout.as_secs() as i64,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    let mut events = [PollFd::new(handle, PollFlags::IN)];
    poll(&mut events, Some(&timeout)).is_ok_and(|ready| ready > 0)
}

fn describe(status: ExitStatus) -> String {
    let name = |signal| match signal {
        libc::SIGABRT => "killed by SIGABRT".into(),
        libc::SIGBUS => "killed by SIGBUS (out of memory?)".into(),
        libc::SIGFPE => "killed by SIGFPE".into(),
        libc::SIGILL => "killed by SIGILL".into(),
        libc::SIGINT => "killed by SIGINT".into(),
        libc::SIGKILL => "killed by SIGKILL".into(),
        libc::SIGSEGV => "killed by SIGSEGV".into(),
        libc::SIGTERM => "killed by SIGTERM".into(),
        other => format!("killed by signal {other}"),
    };
    match (status.signal(), status.code()) {
        (Some(signal), _) => name(signal),
        (None, Some(code)) => format!("its process exited with code {code} before it was done"),
        (None, None) => "its process is gone".into(),
    }
}
