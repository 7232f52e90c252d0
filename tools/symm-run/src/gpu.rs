// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What is different where ranks are on GPUs: how many there can be, who else may have started them, and their trace.

use crate::{
    Outcome,
    cli::{Cli, Launcher},
    job::Job,
    rank_path, text,
    work::{Report, work},
};
use std::path::{Path, PathBuf};
use symm_runtime::{
    WorldSpec,
    cuda::{Joined, LaunchEnv, TraceFile, gpus},
    launch,
};

/// Finds out whether torchrun, mpirun or srun started this process as one of several ranks.
pub fn launched(cli: &Cli) -> Result<Option<LaunchEnv>, String> {
    if cli.launcher == Launcher::None {
        return Ok(None);
    }
    let env = LaunchEnv::with_peers().map_err(|error| {
        format!("{error}; or run without the launcher's ranks: --launcher=none")
    })?;
    let Some(env) = env else {
        return Ok(None);
    };
    match cli.ranks {
        Some(ranks) if ranks != env.world => Err(format!(
            "-n {ranks}: {} started {} ranks: leave -n out, or run without them: --launcher=none",
            env.launcher.name(),
            env.world
        )),
        _ => Ok(Some(env)),
    }
}

/// Checks that there is a GPU for every rank of this process, or that ranks may share, and that a trace can be written.
pub fn check(cli: &Cli, ranks: u32, launched: Option<&LaunchEnv>) -> Result<(), String> {
    if let Some(path) = &cli.trace {
        let path = trace_path(path, launched);
        symm_cli::files::check_writable(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let present = gpus().map_err(text)?;
    let needed = launched.map_or(ranks, |env| env.local_rank + 1);
    if present >= needed as usize || cli.share_gpus && present > 0 {
        return Ok(());
    }
    Err(format!(
        "{needed} ranks need {needed} GPUs, {present} can be used: run fewer ranks, or see CUDA_VISIBLE_DEVICES"
    ))
}

/// Runs this process's rank of a run that a launcher started.
pub fn joined(env: &LaunchEnv, spec: WorldSpec, job: &Job) -> Result<Outcome, String> {
    let mut job = job.clone();
    let gpu = job.gpu.as_mut().ok_or("expected --device=cuda")?;
    let joined = Joined::new(env, spec, gpu.config.clone()).map_err(|error| {
        let launcher = env.launcher.name();
        format!("{error}; or run without the ranks that {launcher} started: --launcher=none")
    })?;
    gpu.config = joined.config.clone();
    let local_rank = joined.local_rank;
    let outcome = launch::joined(&joined.world, joined.number, move |rank| {
        let program = job.load(rank.number())?;
        work(rank, local_rank, &job, &program)
    });
    Ok(outcome.map(|report| vec![report]))
}

/// Writes the times of the ops: one file for all ranks, or one for each that a launcher started.
pub fn write_trace(
    path: &Path,
    launched: Option<&LaunchEnv>,
    reports: &[Report],
) -> Result<(), String> {
    let first = launched.map_or(0, |env| env.rank);
    let path = trace_path(path, launched);
    let spans = (first..).zip(reports.iter().map(|report| &report.spans[..]));
    let json = TraceFile::new(spans).to_json();
    std::fs::write(&path, json).map_err(|error| format!("{}: {error}", path.display()))
}

/// Returns where this process writes the trace.
fn trace_path(path: &Path, launched: Option<&LaunchEnv>) -> PathBuf {
    launched.map_or_else(|| path.to_owned(), |env| own_path(path, env.rank))
}

/// Returns the path of a rank's own trace: `%r` replaced, or `trace.json` made `trace.rank3.json`.
fn own_path(path: &Path, rank: u32) -> PathBuf {
    let pattern = path.to_string_lossy();
    if pattern.contains("%r") {
        return rank_path(&pattern, rank).into();
    }
    path.with_extension(match path.extension() {
        Some(extension) => format!("rank{rank}.{}", extension.to_string_lossy()),
        None => format!("rank{rank}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_a_trace_of_its_own() {
        let own = |path: &str| own_path(Path::new(path), 3);
        assert_eq!(own("a/trace.json"), Path::new("a/trace.rank3.json"));
        assert_eq!(own("a/trace"), Path::new("a/trace.rank3"));
        assert_eq!(own("t%r.json"), Path::new("t3.json"));
    }
}
