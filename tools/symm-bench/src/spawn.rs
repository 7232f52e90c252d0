// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One process per rank: this program again, with the variables that a launcher would set.

use std::{
    env,
    fs::File,
    io::Read,
    process::{Child, Command, ExitCode},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};

/// Runs this command line once per rank and waits; when one fails, the others are ended.
pub fn processes(world: u32) -> Result<ExitCode> {
    let token = secret()?;
    let mut children = Vec::new();
    for rank in 0..world {
        match start(rank, world, &token) {
            Ok(child) => children.push(child),
            Err(error) => {
                end(&mut children);
                return Err(error);
            }
        }
    }
    Ok(if wait(&mut children)? {
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
        .env("SYMM_JOB_TOKEN", token);
    for (name, value) in [
        ("RANK", rank),
        ("LOCAL_RANK", rank),
        ("WORLD_SIZE", world),
        ("LOCAL_WORLD_SIZE", world),
    ] {
        command.env(name, value.to_string());
    }
    command
        .spawn()
        .with_context(|| format!("rank {rank} could not be started"))
}

/// Waits until all processes have ended; tells whether all succeeded.
fn wait(children: &mut Vec<Child>) -> Result<bool> {
    while !children.is_empty() {
        let mut failed = false;
        let mut running = Vec::new();
        for mut child in children.drain(..) {
            match child.try_wait()? {
                Some(status) => failed |= !status.success(),
                None => running.push(child),
            }
        }
        *children = running;
        if failed {
            // The others find out by themselves within their time-out; give them the time to say so.
            thread::sleep(Duration::from_secs(2));
            end(children);
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}

fn end(children: &mut [Child]) {
    for child in children {
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
