// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-bench`: times and checks all-reduces with the flags and the output of nccl-tests.

mod algorithm;
mod bench;
mod case;
mod check;
mod chosen;
mod compare;
mod comparison;
mod data;
mod generated;
mod json;
mod measure;
mod options;
mod output;
mod peers;
mod plot;
mod report;
mod size;
mod soak;
mod spawn;
mod tune;
mod world;

use std::{env, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use symm_cuda::{exchange::ExchangeError, launch_env::LaunchEnv};

use chosen::Chosen;
use options::{Isolation, Launcher, Options};
use output::{complain, told};
use world::World;

fn main() -> ExitCode {
    let options = Options::parse();
    symm_log::to_stderr();
    // SAFETY: no other thread runs yet.
    unsafe { forbid_multicast() };
    match run(&options) {
        Ok(code) => code,
        Err(error) => {
            if options.launcher != Launcher::Own || !is_of_another(&error) {
                complain(told(&error));
            }
            ExitCode::FAILURE
        }
    }
}

/// Tells whether it is another rank that failed, of which that rank, or who started it, has more to say.
fn is_of_another(error: &anyhow::Error) -> bool {
    let is_left = |error: &ExchangeError| matches!(error, ExchangeError::Left { .. });
    error
        .chain()
        .any(|cause| match cause.downcast_ref::<symm_cuda::Error>() {
            Some(symm_cuda::Error::Exchange(error)) => is_left(error),
            _ => cause.downcast_ref().is_some_and(is_left),
        })
}

/// Keeps NCCL from NVLink multicast unless the user has decided: what is compared are kernels over peer pointers.
///
/// # Safety
///
/// No other thread may run.
unsafe fn forbid_multicast() {
    const NAME: &str = "NCCL_NVLS_ENABLE";
    if env::var_os(NAME).is_none() {
        // SAFETY: the caller's promise.
        unsafe { env::set_var(NAME, "0") };
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    let chosen = Chosen::new(options)?;
    let env = match options.launcher {
        Launcher::Auto | Launcher::Own => LaunchEnv::with_peers()
            .context("the launcher's variables (--launcher=none ignores them)")?,
        Launcher::None => None,
    };
    if env.as_ref().is_none_or(|env| env.rank == 0) {
        options.check_files()?;
    }
    let mut world = match &env {
        Some(env) => {
            World::joined(env, options.share_gpus, options.timeout()).with_context(|| {
                let launcher = env.launcher.name();
                format!("joining the ranks that {launcher} started (--launcher=none ignores them)")
            })?
        }
        None => {
            let gpus = options
                .gpus
                .map_or_else(|| world::count_gpus().map(|n| n as u32), Ok)?;
            if options.isolation == Isolation::Process {
                return spawn::processes(gpus, options.timeout() + Duration::from_secs(5));
            }
            World::here(gpus, options.share_gpus)?
        }
    };
    if world.size < 2 {
        bail!(
            "expected at least 2 ranks, got {}; use -g, or --share-gpus to check results on one GPU",
            world.size
        );
    }
    match (&options.tune, options.soak) {
        (Some(path), _) => tune::run(options, &chosen, &mut world, path),
        (None, Some(operations)) => soak::run(options, &chosen, &mut world, operations),
        (None, None) => bench::run(options, &chosen, &mut world, env.is_some()),
    }
}
