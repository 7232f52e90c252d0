// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-bench`: times and checks all-reduces with the flags and the output of nccl-tests.

mod algorithm;
mod case;
mod check;
mod compare;
mod comparison;
mod data;
mod generated;
mod measure;
mod options;
mod peers;
mod plot;
mod report;
mod size;
mod soak;
mod spawn;
mod tune;
mod world;

use std::{
    cell::RefCell,
    fmt::Display,
    fs,
    io::{self, Write},
    process::ExitCode,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm as Kind, Bundle, LaunchTable},
};
use symm_cuda::{Gpu, driver, launch_env::LaunchEnv, nccl::Nccl};

use algorithm::Algorithm;
use case::Case;
use data::Data;
use generated::{Generated, Library};
use options::{Isolation, Launcher, Options, What};
use peers::{Communicators, NcclPeer};
use report::{Entry, Setting};
use world::World;

fn main() -> ExitCode {
    let options = Options::parse();
    symm_log::to_stderr();
    // SAFETY: no other thread runs yet.
    unsafe { forbid_multicast() };
    match run(&options) {
        Ok(code) => code,
        Err(error) => {
            complain(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints an error by one write: the ranks of a launcher share its standard error.
fn complain(message: impl Display) {
    let line = format!("error: {message}\n");
    // Where nobody reads it there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Keeps NCCL from NVLink multicast unless the user has decided: what is compared are kernels over peer pointers.
///
/// # Safety
///
/// No other thread may run.
unsafe fn forbid_multicast() {
    const NAME: &str = "NCCL_NVLS_ENABLE";
    if std::env::var_os(NAME).is_none() {
        // SAFETY: the caller's promise.
        unsafe { std::env::set_var(NAME, "0") };
    }
}

fn run(options: &Options) -> Result<ExitCode> {
    let env = match options.launcher {
        Launcher::Auto => LaunchEnv::with_peers()
            .context("the launcher's variables (--launcher=none ignores them)")?,
        Launcher::None => None,
    };
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
                .map_or_else(|| Gpu::count().map(|n| n as u32), Ok)?;
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
        (Some(path), _) => tune(options, &mut world, path).map(|()| ExitCode::SUCCESS),
        (None, Some(operations)) => soak(options, &mut world, operations),
        (None, None) => bench(options, &mut world, env.is_some()),
    }
}

fn tune(options: &Options, world: &mut World, path: &std::path::Path) -> Result<()> {
    let library = library(options)?.context("expected --bundle with the kernels to tune")?;
    let [(dtype, op)] = kinds(options)?[..] else {
        bail!("expected one -d and one -o to tune for, got all");
    };
    let cases: Vec<_> = cases(options, dtype, op).collect();
    let table = tune::tune(world, &library, &cases, &options.plan())?;
    if world.leads() {
        fs::write(path, serde_json::to_string_pretty(&table)? + "\n")
            .with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}

fn bench(options: &Options, world: &mut World, processes: bool) -> Result<ExitCode> {
    let mut algorithms = algorithms(options)?;
    let setting = setting(options, world, processes)?;
    let say = world.leads();
    if say {
        print!("{}", report::header(&setting));
    }
    let mut entries = Vec::new();
    let done = sweep(options, world, &mut algorithms, &mut |entry, world| {
        if say {
            println!("{}", report::line(&entry, world.size));
        }
        entries.push(entry);
    });
    // What was measured before a failure is not lost.
    if say {
        print!("{}", report::footer(&entries, world.size));
        let mut all = entries.clone();
        for path in &options.peers {
            for (dtype, _) in report::kinds(&entries)
                .into_iter()
                .filter(|(_, op)| *op == ReduceOp::Sum)
            {
                all.extend(compare::read(path, world.size, dtype)?);
            }
        }
        print!("{}", comparison::table(&all));
        write(options, &setting, &all)?;
    }
    done?;
    let wrong = entries.iter().any(|e| {
        [&e.out_of_place, &e.in_place]
            .iter()
            .any(|row| row.measured().is_some_and(|m| m.wrong.unwrap_or(0) > 0))
    });
    Ok(if wrong {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn soak(options: &Options, world: &mut World, operations: usize) -> Result<ExitCode> {
    let mut algorithms = algorithms(options)?;
    let plan = soak::Plan {
        operations,
        channels: options.channels.into(),
    };
    let mut failed = false;
    for (dtype, op) in kinds(options)? {
        let data = Data::new(dtype, op, world.size, false)?;
        for case in cases(options, dtype, op) {
            for algorithm in algorithms.iter_mut().filter(|a| a.exact()) {
                if world.leads() {
                    println!("# soaking {}", algorithm.name());
                }
                let verdict = soak::run(world, &mut **algorithm, &case, &data, &plan)?;
                failed |= !matches!(verdict, soak::Verdict::Ran { wrong: 0, .. });
                if world.leads() {
                    println!("{}", soak::line(algorithm.name(), &case, &plan, &verdict));
                }
            }
        }
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Measures every algorithm at every size of every type and reduction.
fn sweep(
    options: &Options,
    world: &mut World,
    algorithms: &mut [Box<dyn Algorithm>],
    keep: &mut dyn FnMut(Entry, &World),
) -> Result<()> {
    let plan = options.plan();
    for (dtype, op) in kinds(options)? {
        let data = Data::new(dtype, op, world.size, true)?;
        for case in cases(options, dtype, op) {
            for algorithm in algorithms.iter_mut() {
                let mut row = |in_place| {
                    measure::run(
                        world,
                        &mut **algorithm,
                        &Case { in_place, ..case },
                        &data,
                        &plan,
                    )
                };
                let (out_of_place, in_place) = (row(false)?, row(true)?);
                keep(
                    Entry::new(algorithm.name(), case, out_of_place, in_place),
                    world,
                );
            }
        }
    }
    Ok(())
}

/// Returns the pairs of type and reduction that the command line asks for and that exist.
fn kinds(options: &Options) -> Result<Vec<(DType, ReduceOp)>> {
    let dtypes = case::parse_dtypes(&options.dtype).map_err(anyhow::Error::msg)?;
    let ops = case::parse_ops(&options.op).map_err(anyhow::Error::msg)?;
    let pairs = dtypes
        .iter()
        .flat_map(|dtype| ops.iter().map(move |op| (*dtype, *op)));
    let kinds: Vec<_> = pairs
        .filter(|(dtype, op)| dtype.has_reduction(*op))
        .collect();
    ensure!(
        !kinds.is_empty(),
        "{} of {} is not defined",
        options.op,
        options.dtype
    );
    Ok(kinds)
}

fn cases(options: &Options, dtype: DType, op: ReduceOp) -> impl Iterator<Item = Case> {
    let sizes = options.sizes(dtype.size() as u64).into_iter();
    let unalign = options.unalign;
    sizes.map(move |bytes| Case {
        unalign,
        ..Case::new(dtype, op, bytes as usize / dtype.size())
    })
}

/// Opens the bundle that the command line names, if it does.
fn library(options: &Options) -> Result<Option<Rc<Library>>> {
    let table = match &options.table {
        None => LaunchTable::shipped()?,
        Some(path) => {
            let json = fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
            LaunchTable::parse(&json)?
        }
    };
    let bundle = options.bundle.as_deref().map(Bundle::open).transpose()?;
    Ok(bundle.map(|bundle| Library::new(bundle, table, options.timeout())))
}

fn algorithms(options: &Options) -> Result<Vec<Box<dyn Algorithm>>> {
    let library = library(options)?;
    if library.is_none() && options.algorithms.iter().any(|what| what.is_generated()) {
        eprintln!("# without --bundle there are no generated kernels to measure");
    }
    let comms = Rc::new(RefCell::new(Communicators::default()));
    let generated = |kind| {
        library
            .as_ref()
            .map(|library| Box::new(Generated::new(library, kind)) as Box<dyn Algorithm>)
    };
    let peer = |windows| Some(Box::new(NcclPeer::new(&comms, windows)) as Box<dyn Algorithm>);
    let chosen = options.algorithms.iter().filter_map(|what| match what {
        What::Symm => generated(None),
        What::OneShotPush => generated(Some(Kind::OneShotPush)),
        What::TwoShotPush => generated(Some(Kind::TwoShotPush)),
        What::OneShotPull => generated(Some(Kind::OneShotPull)),
        What::TwoShotPull => generated(Some(Kind::TwoShotPull)),
        What::Nccl => peer(false),
        What::NcclWindow => peer(true),
    });
    Ok(chosen.collect())
}

fn setting(options: &Options, world: &World, processes: bool) -> Result<Setting> {
    let plan = options.plan();
    let describe = |rank: &world::Rank| {
        Ok(format!(
            "on device {:2} {} {}",
            rank.device.ordinal(),
            rank.device.name()?,
            rank.device.uuid()?
        ))
    };
    let version = driver::version()?;
    Ok(Setting {
        version: env!("CARGO_PKG_VERSION"),
        world: world.size,
        devices: world.ranks.iter().map(describe).collect::<Result<_>>()?,
        driver: format!("{}.{}", version / 1000, version % 1000 / 10),
        nccl: Nccl::load().ok().map(Nccl::version_text),
        iterations: plan.iterations,
        warmup: plan.warmup,
        replays: plan.replays,
        processes,
    })
}

/// Writes the files that the command line asks for.
fn write(options: &Options, setting: &Setting, entries: &[Entry]) -> Result<()> {
    if let Some(path) = &options.json {
        let text = report::json(setting, entries)? + "\n";
        fs::write(path, text).with_context(|| format!("{}", path.display()))?;
    }
    if let Some(path) = &options.plot {
        plot::draw(path, entries, setting.world)?;
    }
    Ok(())
}
