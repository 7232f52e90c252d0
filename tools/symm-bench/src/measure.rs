// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Checking and timing one case.
//!
//! Timing: a CUDA graph of n operations on every rank, replayed on all of them at once. A replay's time is by default that
//! of the rank that waited least, which is the last to start, over n; the figure is the median of the replays.

use anyhow::{Context, Result};
use serde::Serialize;
use symm_cuda::{Capture, Captured, Event, Graph, Stream};

use crate::{
    algorithm::{Algorithm, Outcome, Prepared},
    case::Case,
    check::Check,
    data::Data,
    options::Average,
    world::World,
};

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Operations per replay.
    pub iterations: usize,
    /// Operations before anything is timed.
    pub warmup: usize,
    /// Replays of the graph; 0 times plain launches instead, as often as [`PLAIN_REPEATS`] says.
    pub replays: usize,
    /// How often results are checked after the timing; if at all, also once before it.
    pub checks: usize,
    /// What the ranks' times make together.
    pub average: Average,
}

/// How often plain launches are timed where no graph is wanted.
pub const PLAIN_REPEATS: usize = 9;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Median time of one operation in microseconds.
    pub us: f64,
    /// The least and the largest replay's, in microseconds per operation.
    pub range_us: [f64; 2],
    /// Wrong elements over all ranks, before and after the timing; none if nothing was checked.
    pub wrong: Option<u64>,
    /// How it was launched.
    pub shape: String,
}

/// What came of a case.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    /// It was measured.
    Measured(Measured),
    /// The algorithm does not cover it.
    Refused {
        /// Why.
        refused: String,
    },
}

impl Row {
    /// Returns what was measured, if anything.
    pub fn measured(&self) -> Option<&Measured> {
        match self {
            Row::Measured(measured) => Some(measured),
            Row::Refused { .. } => None,
        }
    }
}

/// Checks and times one case.
pub fn run(
    world: &mut World,
    algorithm: &mut dyn Algorithm,
    case: &Case,
    data: &Data,
    plan: &Plan,
) -> Result<Row> {
    let check = Check {
        case,
        data,
        exact: algorithm.exact(),
    };
    let mut prepared = match algorithm.prepare(world, case)? {
        Outcome::Ready(prepared) => prepared,
        Outcome::Refused(refused) => return Ok(Row::Refused { refused }),
    };
    let done = measure(world, &mut *prepared, &check, plan);
    // A rank that gave up explains why the others, or the driver, failed.
    prepared.verdict()?;
    let measured =
        done.with_context(|| format!("{} of {} bytes", algorithm.name(), case.bytes()))?;
    world.barrier("end of a case")?;
    Ok(Row::Measured(measured))
}

fn measure(
    world: &mut World,
    prepared: &mut dyn Prepared,
    check: &Check,
    plan: &Plan,
) -> Result<Measured> {
    let mut wrong = 0;
    if plan.checks > 0 {
        wrong += check.run(world, prepared, 0)?;
    }
    let mut times = time(world, prepared, plan)?;
    for number in 1..=plan.checks {
        wrong += check.run(world, prepared, number)?;
    }
    times.sort_by(f64::total_cmp);
    let wrong = world.total(wrong as f64)? as u64;
    Ok(Measured {
        us: times[times.len() / 2],
        range_us: [times[0], times[times.len() - 1]],
        wrong: (plan.checks > 0).then_some(wrong),
        shape: prepared.shape(),
    })
}

/// Returns the time of one operation in microseconds, once per replay.
fn time(world: &mut World, prepared: &mut dyn Prepared, plan: &Plan) -> Result<Vec<f64>> {
    let streams = world.streams();
    for _ in 0..plan.warmup {
        prepared.enqueue(&streams, 0)?;
    }
    world.synchronize()?;
    prepared.verdict()?;
    let clocks = world
        .ranks
        .iter()
        .map(|rank| Ok((Event::new(&rank.device)?, Event::new(&rank.device)?)));
    let clocks = clocks.collect::<Result<Vec<_>>>()?;
    let per_op = |us: f64| us / plan.iterations as f64;
    if plan.replays == 0 {
        return (0..PLAIN_REPEATS)
            .map(|_| {
                let mut work =
                    || (0..plan.iterations).try_for_each(|_| prepared.enqueue(&streams, 0));
                launched(world, &clocks, &mut work, plan.average).map(per_op)
            })
            .collect();
    }
    let mut graphs = capture(&streams, |streams| {
        (0..plan.iterations).try_for_each(|_| prepared.enqueue(streams, 0))
    })?;
    // The first launches may wait for the device, so they are not counted.
    for _ in 0..2 {
        replayed(world, &clocks, &mut graphs, plan.average)?;
    }
    (0..plan.replays)
        .map(|_| replayed(world, &clocks, &mut graphs, plan.average).map(per_op))
        .collect()
}

/// Captures what `work` puts into the streams, as one graph per stream, ready to be launched.
pub fn capture(
    streams: &[Stream],
    work: impl FnOnce(&[Stream]) -> Result<()>,
) -> Result<Vec<Graph>> {
    let captures = streams
        .iter()
        .map(Capture::begin)
        .collect::<Result<Vec<_>, _>>()?;
    work(streams)?;
    // The driver makes no graph executable while this thread still captures, so every capture ends first.
    let captured = captures.into_iter().map(Capture::end);
    let captured = captured.collect::<Result<Vec<_>, _>>()?;
    let graphs = captured.into_iter().map(Captured::instantiate);
    let mut graphs = graphs.collect::<Result<Vec<_>, _>>()?;
    for (graph, stream) in graphs.iter_mut().zip(streams) {
        graph.upload(stream)?;
        stream.synchronize()?;
    }
    Ok(graphs)
}

/// Times one replay. Each rank's clock begins right before its own launch, so that the least time is that of the rank
/// launched last, which waited for nobody.
fn replayed(
    world: &mut World,
    clocks: &[(Event, Event)],
    graphs: &mut [Graph],
    average: Average,
) -> Result<f64> {
    world.synchronize()?;
    world.barrier("start of a replay")?;
    for ((graph, (begin, end)), rank) in graphs.iter_mut().zip(clocks).zip(&world.ranks) {
        begin.record(&rank.stream)?;
        graph.launch(&rank.stream)?;
        end.record(&rank.stream)?;
    }
    together(world, clocks, average)
}

/// Times work that is launched without a graph.
fn launched(
    world: &mut World,
    clocks: &[(Event, Event)],
    work: &mut dyn FnMut() -> Result<()>,
    average: Average,
) -> Result<f64> {
    world.synchronize()?;
    world.barrier("start of a run")?;
    for ((begin, _), rank) in clocks.iter().zip(&world.ranks) {
        begin.record(&rank.stream)?;
    }
    work()?;
    for ((_, end), rank) in clocks.iter().zip(&world.ranks) {
        end.record(&rank.stream)?;
    }
    together(world, clocks, average)
}

/// Makes one time of those of all ranks.
fn together(world: &mut World, clocks: &[(Event, Event)], average: Average) -> Result<f64> {
    let times = clocks.iter().map(|(begin, end)| begin.elapsed_us(end));
    let times = times.collect::<Result<Vec<_>, _>>()?;
    Ok(average.of(&world.all(&times)?))
}
