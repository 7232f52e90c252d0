// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Many operations in a row, every result compared on the device.
//!
//! Operands rotate through sets whose number shares no factor with the number of slots, so that a word left over from
//! an earlier call is never the word that is due. From round to round operands also rotate through the buffers, and rounds of
//! operations back to back take turns with rounds of single ones on the same buffers: so an operand that is
//! overwritten while a peer still reads it is seen, and so is a result that is not written in time. With two channels, two
//! streams of each GPU run at once. Half way, the epochs of every channel begin again at 0.

mod compare;

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use symm_abi::gpu::EPOCH_PERIOD;
use symm_cli::out;
use symm_cuda::{Graph, Stream};

use crate::{
    algorithm::{Algorithm, Outcome, Prepared},
    case::{Case, dtype_name, op_name},
    chosen::Chosen,
    data::Data,
    measure::capture,
    options::Options,
    world::World,
};
use compare::{Buffers, Check};

/// Sets of buffers: no multiple of the three slots of a channel.
const SETS: usize = 5;
/// Rounds through all sets in one graph.
const ROUNDS: usize = 20;
/// How far the operands of one set are shifted against those of the set before it, in elements.
const SHIFT: usize = 811;

/// How much to run.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Operations on each channel.
    operations: usize,
    /// Channels that run at once.
    channels: usize,
}

/// What came of it.
enum Verdict {
    /// So many operations ran on each channel, with so many wrong bytes over all ranks.
    Ran { operations: usize, wrong: u64 },
    /// The algorithm does not cover the case.
    Refused(String),
}

/// Runs everything that is chosen again and again and says how many bytes are wrong.
///
/// # Errors
///
/// Fails where something is broken or there is nothing to run. Wrong bytes, and a case that no kernel covers, are a failure.
pub fn run(
    options: &Options,
    chosen: &Chosen,
    world: &mut World,
    operations: usize,
) -> Result<ExitCode> {
    let plan = Plan {
        operations,
        channels: options.channels.into(),
    };
    let mut algorithms = chosen.algorithms();
    algorithms.retain(|algorithm| algorithm.exact());
    let (mut ran, mut failed) = (0, 0);
    for &(dtype, op) in &chosen.kinds {
        let data = Data::new(dtype, op, world.size, false)?;
        for case in chosen.cases(dtype, op) {
            for algorithm in &mut algorithms {
                if world.leads() {
                    out(&format!("# soaking {}\n", algorithm.name()))?;
                }
                let verdict = soak(world, &mut **algorithm, &case, &data, &plan)?;
                match verdict {
                    Verdict::Ran { wrong: 0, .. } => ran += 1,
                    _ => failed += 1,
                }
                if world.leads() {
                    out(&(line(algorithm.name(), &case, &plan, &verdict) + "\n"))?;
                }
            }
        }
    }
    ensure!(
        ran + failed > 0,
        "nothing was soaked: the sizes leave no element, or all algorithms are NCCL's, whose sums have bits of their own"
    );
    Ok(if failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Returns the line that says what came of a case.
fn line(name: &str, case: &Case, plan: &Plan, verdict: &Verdict) -> String {
    let what = format!(
        "soak {name} {} bytes {} {}",
        case.bytes(),
        dtype_name(case.dtype),
        op_name(case.op)
    );
    match verdict {
        Verdict::Ran { operations, wrong } => {
            let result = if *wrong == 0 { "OK" } else { "FAILED" };
            format!(
                "{what}: {operations} operations on each of {} channels, {wrong} wrong bytes {result}",
                plan.channels
            )
        }
        Verdict::Refused(why) => format!("{what}: N/A ({why})"),
    }
}

/// Runs an algorithm again and again and counts wrong bytes.
fn soak(
    world: &mut World,
    algorithm: &mut dyn Algorithm,
    case: &Case,
    data: &Data,
    plan: &Plan,
) -> Result<Verdict> {
    let launches = plan.operations.div_ceil(SETS * ROUNDS);
    let case = Case {
        sets: SETS,
        epoch: first_epoch(launches * SETS * ROUNDS),
        ..*case
    };
    let mut channels = Vec::new();
    for _ in 0..plan.channels {
        match algorithm.prepare(world, &case)? {
            Outcome::Ready(prepared) => channels.push(Channel::new(world, prepared, &case, data)?),
            Outcome::Refused(why) => return Ok(Verdict::Refused(why)),
        }
    }
    world.barrier("operands are written")?;
    for number in 0..launches {
        let done = channels
            .iter_mut()
            .try_for_each(|channel| channel.launch(number));
        done.and_then(|()| channels.iter().try_for_each(Channel::finish))?;
    }
    let mut wrong = 0;
    for channel in &channels {
        wrong += channel.wrong()?;
    }
    let wrong = world.total(wrong as f64)? as u64;
    Ok(Verdict::Ran {
        operations: launches * SETS * ROUNDS,
        wrong,
    })
}

/// Returns the epoch to begin at, so that the epochs begin again half way.
fn first_epoch(operations: usize) -> u32 {
    let half = u32::try_from(operations / 2).unwrap_or(u32::MAX);
    EPOCH_PERIOD.saturating_sub(half.max(1))
}

/// An operation: its buffers, and the values that they hold.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn {
    set: usize,
    values: usize,
}

/// Returns the operations of a round, as many together as run back to back between writing operands and comparing results:
/// all, each on buffers of its own, or one at a time, always on the same buffers.
fn batches(round: usize) -> Vec<Vec<Turn>> {
    let turn = |number: usize, set| Turn {
        set,
        values: (number + round) % SETS,
    };
    if round.is_multiple_of(2) {
        vec![(0..SETS).map(|number| turn(number, number)).collect()]
    } else {
        (0..SETS).map(|number| vec![turn(number, 0)]).collect()
    }
}

/// An algorithm on streams and buffers of its own.
struct Channel {
    graphs: Vec<Graph>,
    streams: Vec<Stream>,
    checks: Vec<Check>,
    prepared: Box<dyn Prepared>,
}

impl Channel {
    fn new(
        world: &World,
        mut prepared: Box<dyn Prepared>,
        case: &Case,
        data: &Data,
    ) -> Result<Self> {
        let streams = world.ranks.iter().map(|rank| Stream::new(&rank.device));
        let streams = streams.collect::<Result<Vec<_>, _>>()?;
        let mut checks = Vec::new();
        for (index, rank) in world.ranks.iter().enumerate() {
            let buffers = (0..SETS).map(|set| Buffers {
                operand: prepared.operand_address(index, set),
                result: prepared.result_address(index, set),
            });
            let buffers = buffers.collect();
            let check = Check::new(&rank.device, rank.rank, buffers, case, data)?;
            check.prove(&rank.device, &streams[index])?;
            checks.push(check);
        }
        let graphs = capture(&streams, |streams| {
            for batch in (0..ROUNDS).flat_map(batches) {
                for (check, stream) in checks.iter().zip(streams) {
                    batch
                        .iter()
                        .try_for_each(|turn| check.write(stream, turn))?;
                }
                let mut sets = batch.iter().map(|turn| turn.set);
                sets.try_for_each(|set| prepared.enqueue(streams, set))?;
                for (check, stream) in checks.iter().zip(streams) {
                    batch
                        .iter()
                        .try_for_each(|turn| check.compare(stream, turn))?;
                }
            }
            Ok(())
        })?;
        Ok(Self {
            graphs,
            streams,
            checks,
            prepared,
        })
    }

    /// Launches the graph on every rank, beginning with another rank each time.
    fn launch(&mut self, number: usize) -> Result<()> {
        let ranks = self.graphs.len();
        for index in (0..ranks).map(|i| (i + number) % ranks) {
            self.graphs[index].launch(&self.streams[index])?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        let done: Result<(), _> = self.streams.iter().try_for_each(Stream::synchronize);
        self.prepared.verdict()?;
        done.context("the streams of a channel")
    }

    fn wrong(&self) -> Result<u64> {
        self.checks.iter().map(Check::wrong).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_begin_again_half_way() {
        assert_eq!(first_epoch(10_000), EPOCH_PERIOD - 5000);
        assert_eq!(first_epoch(1), EPOCH_PERIOD - 1);
        assert_eq!(first_epoch(usize::MAX), 0);
    }

    #[test]
    fn what_is_left_over_is_never_what_is_due() {
        let turns: Vec<_> = (0..ROUNDS).flat_map(batches).flatten().collect();
        assert_eq!(turns.len(), ROUNDS * SETS);
        // No word left over from one of the last calls is the word that is due.
        for distance in 1..=3 {
            let earlier = turns.iter().cycle().skip(turns.len() - distance);
            assert!(
                turns
                    .iter()
                    .zip(earlier)
                    .all(|(now, earlier)| now.values != earlier.values)
            );
        }
        for set in 0..SETS {
            let values: Vec<_> = turns
                .iter()
                .filter(|turn| turn.set == set)
                .map(|turn| turn.values)
                .collect();
            assert!(values.len() > 1);
            // A graph follows itself.
            let next = values.iter().cycle().skip(1);
            assert!(
                values.iter().zip(next).all(|(now, next)| now != next),
                "{values:?}"
            );
        }
    }
}
