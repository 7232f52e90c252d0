// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Measuring every algorithm at every size of every type and reduction, and saying so.

use std::{fs, process::ExitCode, time::SystemTime};

use anyhow::{Context, Result};
use symm_abi::ReduceOp;
use symm_cli::out;
use symm_cuda::{driver, nccl::Nccl};

use crate::{
    case::Case,
    chosen::Chosen,
    comparison,
    data::Data,
    json, measure,
    options::Options,
    output::complain,
    plot,
    report::{self, Entry, Place, Setting},
    world::{Rank, World},
};

/// Measures what is chosen, prints tables, and writes the files that are asked for.
///
/// # Errors
///
/// Fails where something is broken. Wrong results, and nothing measured at all, are a failure.
pub fn run(
    options: &Options,
    chosen: &Chosen,
    world: &mut World,
    processes: bool,
) -> Result<ExitCode> {
    let setting = setting(options, world, processes)?;
    let say = world.leads();
    if say {
        out(&report::header(&setting))?;
    }
    let mut entries = Vec::new();
    let done = sweep(options, chosen, world, &mut |entry, world| {
        let line = report::line(&entry, world.size) + "\n";
        entries.push(entry);
        if say {
            out(&line)?;
        }
        Ok(())
    });
    // What was measured before a failure is not lost.
    let concluded = match say {
        true => conclude(options, chosen, &setting, &entries),
        false => Ok(()),
    };
    done.and(concluded)?;
    if report::measured(&entries) == 0 && say {
        complain(
            "nothing was measured: the sizes leave no element, or no algorithm covers a case; see above",
        );
    }
    Ok(if report::is_sound(&entries) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Measures every algorithm at every size of every type and reduction.
fn sweep(
    options: &Options,
    chosen: &Chosen,
    world: &mut World,
    keep: &mut dyn FnMut(Entry, &World) -> Result<()>,
) -> Result<()> {
    let mut algorithms = chosen.algorithms();
    let plan = options.plan();
    for &(dtype, op) in &chosen.kinds {
        let data = Data::new(dtype, op, world.size, true)?;
        for case in chosen.cases(dtype, op) {
            for algorithm in algorithms.iter_mut() {
                if chosen.leaves_out(algorithm.name(), &case, world.size) {
                    continue;
                }
                let mut row = |in_place| {
                    let case = Case { in_place, ..case };
                    measure::run(world, &mut **algorithm, &case, &data, &plan)
                };
                let (out_of_place, in_place) = (row(false)?, row(true)?);
                keep(
                    Entry::new(algorithm.name(), case, out_of_place, in_place),
                    world,
                )?;
            }
        }
    }
    Ok(())
}

/// Prints what is to be said of everything measured, and writes the files that the command line asks for.
fn conclude(
    options: &Options,
    chosen: &Chosen,
    setting: &Setting,
    entries: &[Entry],
) -> Result<()> {
    let said = out(&report::footer(entries, setting.world));
    let mut all = entries.to_vec();
    for (dtype, op) in report::kinds(entries) {
        if op == ReduceOp::Sum {
            let lines = chosen.peers.iter();
            all.extend(lines.flat_map(|line| line.entries(setting.world, dtype)));
        }
    }
    let said = said.and_then(|()| out(&comparison::table(&all)));
    let written = options.json.iter().try_for_each(|path| {
        let text = json::document(options, setting, &all)? + "\n";
        fs::write(path, text).with_context(|| format!("{}", path.display()))
    });
    let drawn = options.plot.iter().try_for_each(|path| {
        plot::draw(path, &all, setting.world).with_context(|| format!("{}", path.display()))
    });
    // None of them is kept from its readers by another that failed.
    written.and(drawn)?;
    Ok(said?)
}

fn setting(options: &Options, world: &mut World, processes: bool) -> Result<Setting> {
    let plan = options.plan();
    let mine = world
        .ranks
        .iter()
        .map(|rank| serde_json::to_string(&place(rank)?).context("a place"));
    let mine = mine.collect::<Result<Vec<_>>>()?;
    let places = world.texts(&mine)?;
    let places = places.iter().map(|text| serde_json::from_str(text));
    let version = driver::version()?;
    Ok(Setting {
        begun: SystemTime::now(),
        version: env!("CARGO_PKG_VERSION"),
        world: world.size,
        places: places
            .collect::<Result<_, _>>()
            .context("the places of the ranks")?,
        driver: format!("{}.{}", version / 1000, version % 1000 / 10),
        nccl: Nccl::load().ok().map(Nccl::version_text),
        iterations: plan.iterations,
        warmup: plan.warmup,
        replays: plan.replays,
        average: plan.average.name(),
        unalign: [options.unalign.operand, options.unalign.result],
        processes,
    })
}

fn place(rank: &Rank) -> Result<Place> {
    Ok(Place {
        rank: rank.rank,
        pid: std::process::id(),
        device: rank.device.ordinal(),
        uuid: rank.device.uuid()?.to_string(),
        name: rank.device.name()?,
    })
}
