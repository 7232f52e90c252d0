// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One process per rank: this program again, with the variables that a launcher would set.

use std::{
    env,
    fs::File,
    io::Read,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::{
    io::Errno,
    process::{Signal, getpid, getppid, set_parent_process_death_signal},
};

use crate::output::complain;

/// Runs this command line once per rank and waits; when one fails, the others have `grace` to find out by themselves
/// and say so, and are then ended. No process outlives this one, or the thread that calls this.
pub fn processes(world: u32, grace: Duration) -> Result<ExitCode> {
    let token = secret()?;
    let mut children = Vec::new();
    for rank in 0..world {
        match start(rank, world, &token) {
            Ok(child) => children.push((rank, child)),
            Err(error) => {
                end(&mut children);
                return Err(error);
            }
        }
    }
    Ok(if wait(&mut children, grace)? {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn start(rank: u32, world: u32, token: &str) -> Result<Child> {
    let exe = env::current_exe().context("the path of this program")?;
    let mut command = Command::new(exe);
    command
        .args(env::args_os().skip(1))
        .arg("--launcher=own")
        .env("SYMM_JOB_TOKEN", token);
    for (name, value) in [
        ("RANK", rank),
        ("LOCAL_RANK", rank),
        ("WORLD_SIZE", world),
        ("LOCAL_WORLD_SIZE", world),
    ] {
        command.env(name, value.to_string());
    }
    let parent = getpid();
    let prepare = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // A parent that died before sends no signal any more.
        match getppid() {
            Some(pid) if pid == parent => Ok(()),
            _ => Err(Errno::SRCH.into()),
        }
    };
    // SAFETY: between fork and exec the closure makes system calls only; it does not allocate or lock.
    unsafe { command.pre_exec(prepare) };
    command
        .spawn()
        .with_context(|| format!("rank {rank} could not be started"))
}

/// Waits until all processes have ended; tells whether all succeeded. Those that failed have said so themselves, unless they
/// could not.
fn wait(children: &mut Vec<(u32, Child)>, grace: Duration) -> Result<bool> {
    let mut failed_at = None;
    while !children.is_empty() {
        let mut running = Vec::new();
        for (rank, mut child) in children.drain(..) {
            match child.try_wait()? {
                None => running.push((rank, child)),
                Some(status) if status.success() => {}
                Some(status) => {
                    failed_at.get_or_insert_with(Instant::now);
                    if let Some(signal) = status.signal() {
                        complain(format_args!("rank {rank} died: killed by {}", name(signal)));
                    }
                }
            }
        }
        *children = running;
        if failed_at.is_some_and(|at: Instant| at.elapsed() > grace) {
            end(children);
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(failed_at.is_none())
}

/// Names a signal that processes die of.
fn name(signal: i32) -> String {
    let known = [
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::ILL, "SIGILL"),
        (Signal::INT, "SIGINT"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::TERM, "SIGTERM"),
    ];
    let known = known.iter().find(|(known, _)| known.as_raw() == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).into())
}

fn end(children: &mut [(u32, Child)]) {
    for (_, child) in children {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Draws the job's secret.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("/dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
