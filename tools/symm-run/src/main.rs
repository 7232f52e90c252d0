// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-run`: runs compiled Symm programs on ranks that are threads or processes.

mod cli;
mod compile;
mod crash;
mod gpu;
mod job;
mod print;
mod random;
mod source;
mod summary;
mod work;

use clap::Parser;
use cli::{Cli, Device, Isolation};
use compile::Compiled;
use job::Job;
use std::{
    fmt::Display,
    io::{self, Write},
    path::Path,
    process::{Command, ExitCode},
};
use symm_abi::Manifest;
use symm_cli::out;
use symm_runtime::{
    Artifact, Program, World, WorldSpec,
    launch::{self, LaunchError},
};
use work::{Report, work};

/// Some rank failed.
const RUN_FAILED: u8 = 1;

/// Nothing ran.
const UNUSABLE: u8 = 2;

/// First argument of the processes that this binary starts for ranks.
const WORKER: &str = "--worker";

fn main() -> ExitCode {
    symm_log::to_stderr();
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == WORKER)
    {
        return worker();
    }
    match host(&Cli::parse()) {
        Ok(code) => code,
        Err(message) => {
            complain(message);
            UNUSABLE.into()
        }
    }
}

/// Prints an error by one write: the ranks of a launcher share its standard error.
fn complain(message: impl Display) {
    let line = format!("error: {message}\n");
    // Where nobody reads it there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Runs the ranks; an error means that nothing ran.
fn host(cli: &Cli) -> Result<ExitCode, String> {
    cli.check()?;
    let device = cli.device.into();
    let compiled = cli
        .program
        .ends_with(".mlir")
        .then(|| Compiled::new(&cli.program, device))
        .transpose()?;
    let program = match &compiled {
        Some(compiled) => compiled.path(),
        None => cli.program.clone(),
    };
    let artifact = Artifact::read(Path::new(&rank_path(&program, 0)))
        .map_err(|error| job::naming(&cli.program, &program, error))?;
    artifact.require(device).map_err(text)?;
    let manifest = artifact.manifest().clone();
    let launched = match cli.device {
        Device::Cpu => None,
        Device::Cuda => gpu::launched(cli)?,
    };
    let ranks = match &launched {
        Some(env) => env.world,
        None => cli.ranks.unwrap_or_else(|| manifest.min_world_size()),
    };
    let mut spec = WorldSpec::new(&manifest, ranks, cli.timeout, cli.heap_bytes).map_err(text)?;
    let job = Job::new(cli, program, &manifest, ranks)?;
    if cli.device == Device::Cuda {
        gpu::check(cli, ranks, launched.as_ref())?;
        spec = spec.without_heaps();
    }
    let speaks = launched.as_ref().is_none_or(|env| env.rank == 0);
    if cli.verbose && speaks {
        out(&print::program(&manifest)).map_err(text)?;
    }
    let outcome = match (&launched, cli.isolation) {
        (Some(env), _) => gpu::joined(env, spec, &job)?,
        (None, Isolation::Thread) => threads(&World::create(spec).map_err(text)?, &job, artifact)?,
        (None, Isolation::Process) => processes(&World::create(spec).map_err(text)?, &job)?,
    };
    let told = outcome
        .map_err(|error| describe(&error, &manifest))
        .and_then(|reports| {
            // First what the run gave, which is not lost where the trace can't be written.
            if speaks {
                tell(cli, &job, &reports)?;
            }
            let mut traces = cli.trace.iter();
            traces.try_for_each(|path| gpu::write_trace(path, launched.as_ref(), &reports))
        });
    Ok(told.map_or_else(failed, |()| ExitCode::SUCCESS))
}

/// Prints why a run that began has failed.
fn failed(message: String) -> ExitCode {
    complain(message);
    RUN_FAILED.into()
}

/// Prints what a run gave.
fn tell(cli: &Cli, job: &Job, reports: &[Report]) -> Result<(), String> {
    out(&print::results(job, reports)).map_err(text)?;
    if cli.time || cli.repeat.is_some() {
        out(&print::times(reports)).map_err(text)?;
    }
    Ok(())
}

/// What came of a run that began.
type Outcome = Result<Vec<Report>, LaunchError>;

fn threads(world: &World, job: &Job, artifact: Artifact) -> Result<Outcome, String> {
    crash::report();
    let shared = Program::from_artifact(artifact).map_err(|error| job.naming(error))?;
    let job = job.clone();
    Ok(launch::threads(world, move |rank| {
        let number = rank.number();
        let program = if job.shares_program() {
            shared.for_rank().map_err(|error| job.naming(error))?
        } else {
            job.load(number)?
        };
        work(rank, number, &job, &program)
    }))
}

fn processes(world: &World, job: &Job) -> Result<Outcome, String> {
    let own = std::env::current_exe().map_err(|error| format!("path of symm-run: {error}"))?;
    let job = serde_json::to_vec(job).map_err(text)?;
    let command = |_| {
        let mut command = Command::new(&own);
        command.arg(WORKER);
        command
    };
    match launch::processes(world, &job, command) {
        Ok(reports) => {
            let reports = reports.iter().map(|report| serde_json::from_slice(report));
            Ok(Ok(reports.collect::<Result<_, _>>().map_err(text)?))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Runs one rank for the host that started this process.
fn worker() -> ExitCode {
    let result = launch::worker(|rank, job| {
        let job: Job = serde_json::from_slice(job)?;
        let number = rank.number();
        let program = job.load(number)?;
        Ok(serde_json::to_vec(&work(rank, number, &job, &program)?)?)
    });
    result.unwrap_or_else(|error| {
        complain(format_args!(
            "{WORKER} is for processes that symm-run starts: {error}"
        ));
        UNUSABLE.into()
    })
}

fn describe(error: &LaunchError, manifest: &Manifest) -> String {
    let mut text = error.report.describe(manifest);
    for rank in &error.stuck {
        text.push_str(&format!(
            "\n  note: rank {rank} had not left {:?} later and was stopped",
            launch::GRACE
        ));
    }
    text
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Puts a rank in the place of `%r`.
fn rank_path(pattern: &str, rank: u32) -> String {
    pattern.replace("%r", &rank.to_string())
}
