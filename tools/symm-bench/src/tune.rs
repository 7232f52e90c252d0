// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Finding the best launch shape of every algorithm at every size, and the best algorithm.
//!
//! A candidate whose result is wrong anywhere is thrown away. First blocks, threads and unroll are tried with the trigger
//! that the present table has for the size, then the triggers with the best of those.

use std::{collections::BTreeMap, rc::Rc};

use anyhow::{Context, Result};
use symm_abi::gpu::{
    Algorithm as Kind, ChipTable, Choice, KernelSpec, LaunchTable, Reduction, Shape, Trigger,
};

use crate::{
    case::Case,
    data::Data,
    generated::{Generated, Library, chip_of},
    measure::{self, Plan},
    world::World,
};

const THREADS: [u32; 5] = [64, 128, 256, 512, 1024];
const BLOCKS: [u32; 4] = [16, 32, 64, 128];
const UNROLLS: [u32; 3] = [1, 2, 4];
const TRIGGERS: [Trigger; 3] = [Trigger::None, Trigger::Early, Trigger::Late];

/// The best shape of one algorithm at one size.
#[derive(Clone, Copy, Debug)]
struct Best {
    shape: Shape,
    us: f64,
}

/// Tunes every algorithm at `cases`, ascending in size, and returns the launch table with what was found.
pub fn tune(
    world: &mut World,
    library: &Rc<Library>,
    cases: &[Case],
    plan: &Plan,
) -> Result<LaunchTable> {
    let first = cases
        .first()
        .context("expected at least one size to tune")?;
    let data = Data::new(first.dtype, first.op, world.size, true)?;
    let chip = chip_of(&world.ranks[0].device)?;
    let present = library
        .table()
        .entry(&chip, world.size)
        .context("the launch table is empty")?
        .clone();
    let mut found: BTreeMap<Kind, Vec<(u64, Best)>> = BTreeMap::new();
    for case in cases {
        for kind in Kind::ALL {
            let mut bench = Bench {
                world: &mut *world,
                library,
                kind,
                case,
                data: &data,
                plan,
            };
            let start = present
                .shape(kind, case.bytes() as u64)
                .map_or(Trigger::None, |shape| shape.trigger);
            let Some(best) = bench.best(start)? else {
                continue;
            };
            if world.leads() {
                let Shape {
                    threads,
                    max_blocks,
                    unroll,
                    trigger,
                    ..
                } = best.shape;
                println!(
                    "# {kind:?} {} bytes: {:.2} us, {threads} threads, {max_blocks} blocks, unroll {unroll}, trigger {trigger:?}",
                    case.bytes(),
                    best.us
                );
            }
            found
                .entry(kind)
                .or_default()
                .push((case.bytes() as u64, best));
        }
    }
    let device = world.ranks[0].device.name()?;
    let entry = ChipTable {
        chip,
        device,
        world_size: world.size,
        choices: choices(&found),
        shapes: shapes(&present, &found),
    };
    Ok(merged(library.table(), entry))
}

/// One algorithm at one size.
struct Bench<'a> {
    world: &'a mut World,
    library: &'a Rc<Library>,
    kind: Kind,
    case: &'a Case,
    data: &'a Data,
    plan: &'a Plan,
}

impl Bench<'_> {
    fn best(&mut self, trigger: Trigger) -> Result<Option<Best>> {
        let mut best: Option<Best> = None;
        for threads in THREADS {
            for unroll in UNROLLS {
                for max_blocks in BLOCKS {
                    let shape = Shape {
                        up_to: None,
                        threads,
                        max_blocks,
                        unroll,
                        trigger,
                    };
                    self.attempt(shape, &mut best)?;
                }
            }
        }
        let Some(Best { shape, .. }) = best else {
            return Ok(None);
        };
        for trigger in TRIGGERS.into_iter().filter(|other| *other != trigger) {
            self.attempt(Shape { trigger, ..shape }, &mut best)?;
        }
        Ok(best)
    }

    /// Measures one shape and keeps it if it is right and the fastest so far.
    fn attempt(&mut self, shape: Shape, best: &mut Option<Best>) -> Result<()> {
        if self.wasteful(shape) {
            return Ok(());
        }
        let mut algorithm = Generated::forced(self.library, self.kind, shape);
        let row = measure::run(self.world, &mut algorithm, self.case, self.data, self.plan)?;
        if let Some(measured) = row.measured()
            && measured.wrong == Some(0)
            && best.is_none_or(|best| measured.us < best.us)
        {
            *best = Some(Best {
                shape,
                us: measured.us,
            });
        }
        Ok(())
    }

    /// Tells whether a shape is the same launch as another candidate, or leaves most of the GPU idle while each thread loops.
    fn wasteful(&self, shape: Shape) -> bool {
        let Some(reduction) = Reduction::canonical(self.case.dtype, self.case.op) else {
            return true;
        };
        let spec = KernelSpec {
            algorithm: self.kind,
            dtype: reduction.dtype,
            reduce_op: reduction.op,
            world_size: self.world.size,
            unroll: shape.unroll,
            chip: String::new(),
        };
        if spec.check().is_err() || shape.threads > spec.max_threads() {
            return true;
        }
        let packets = (self.case.bytes() as u64).div_ceil(16);
        let share = match self.kind {
            Kind::TwoShotPush | Kind::TwoShotPull => packets.div_ceil(u64::from(self.world.size)),
            Kind::OneShotPush | Kind::OneShotPull => packets,
        };
        let per_block = u64::from(shape.threads) * u64::from(shape.unroll);
        let blocks = share.div_ceil(per_block);
        let smaller = BLOCKS.iter().rev().find(|b| **b < shape.max_blocks);
        let repeats = smaller.is_some_and(|smaller| blocks <= u64::from(*smaller));
        let empty = shape.threads > THREADS[0] && share * 2 <= per_block;
        let loops = share.div_ceil(per_block * u64::from(shape.max_blocks));
        repeats || empty || loops > 64
    }
}

/// Turns the best shapes by size into ranges: each size's shape also serves what is smaller, down to the next size.
fn shapes(
    present: &ChipTable,
    found: &BTreeMap<Kind, Vec<(u64, Best)>>,
) -> BTreeMap<Kind, Vec<Shape>> {
    let mut shapes = present.shapes.clone();
    for (kind, sizes) in found {
        let mut ranges: Vec<Shape> = Vec::new();
        for (bytes, best) in sizes {
            let range = Shape {
                up_to: Some(*bytes),
                ..best.shape
            };
            match ranges.last_mut() {
                Some(last)
                    if Shape {
                        up_to: None,
                        ..*last
                    } == best.shape =>
                {
                    last.up_to = Some(*bytes)
                }
                _ => ranges.push(range),
            }
        }
        if let Some(last) = ranges.last_mut() {
            last.up_to = None;
        }
        shapes.insert(*kind, ranges);
    }
    shapes
}

/// Finds the fastest algorithm of each size among those that need no symmetric operand, as ranges.
fn choices(found: &BTreeMap<Kind, Vec<(u64, Best)>>) -> Vec<Choice> {
    let mut sizes: BTreeMap<u64, (Kind, f64)> = BTreeMap::new();
    for (kind, bests) in found
        .iter()
        .filter(|(kind, _)| !kind.operand_is_symmetric())
    {
        for (bytes, best) in bests {
            let fastest = sizes.entry(*bytes).or_insert((*kind, best.us));
            if best.us < fastest.1 {
                *fastest = (*kind, best.us);
            }
        }
    }
    let mut choices: Vec<Choice> = Vec::new();
    for (bytes, (algorithm, _)) in sizes {
        match choices.last_mut() {
            Some(last) if last.algorithm == algorithm => last.up_to = Some(bytes),
            _ => choices.push(Choice {
                up_to: Some(bytes),
                algorithm,
            }),
        }
    }
    if let Some(last) = choices.last_mut() {
        last.up_to = None;
    }
    choices
}

/// Puts an entry into a table, in the place of the one for the same chip and group size.
fn merged(table: &LaunchTable, entry: ChipTable) -> LaunchTable {
    let mut table = table.clone();
    let same = |other: &ChipTable| other.chip == entry.chip && other.world_size == entry.world_size;
    match table.tables.iter().position(same) {
        Some(place) => table.tables[place] = entry,
        None => table.tables.push(entry),
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(threads: u32, us: f64) -> Best {
        Best {
            shape: Shape {
                up_to: None,
                threads,
                max_blocks: 32,
                unroll: 1,
                trigger: Trigger::Early,
            },
            us,
        }
    }

    #[test]
    fn what_was_found_is_a_table_that_parses() {
        let table = LaunchTable::shipped().unwrap();
        let present = table.entry("sm_90", 4).unwrap();
        let found = BTreeMap::from([
            (
                Kind::OneShotPush,
                vec![
                    (1024, best(64, 1.8)),
                    (2048, best(64, 1.9)),
                    (4096, best(128, 4.0)),
                ],
            ),
            (
                Kind::TwoShotPush,
                vec![
                    (1024, best(64, 3.0)),
                    (2048, best(64, 3.0)),
                    (4096, best(64, 3.0)),
                ],
            ),
            (Kind::OneShotPull, vec![(1024, best(64, 0.1))]),
        ]);
        let choices = choices(&found);
        let told: Vec<_> = choices.iter().map(|c| (c.up_to, c.algorithm)).collect();
        assert_eq!(
            told,
            [(Some(2048), Kind::OneShotPush), (None, Kind::TwoShotPush)]
        );
        let shapes = shapes(present, &found);
        let told: Vec<_> = shapes[&Kind::OneShotPush]
            .iter()
            .map(|s| (s.up_to, s.threads))
            .collect();
        assert_eq!(told, [(Some(2048), 64), (None, 128)]);
        assert_eq!(
            shapes[&Kind::TwoShotPull],
            present.shapes[&Kind::TwoShotPull]
        );

        let entry = ChipTable {
            chip: "sm_90".into(),
            device: "here".into(),
            world_size: 4,
            choices,
            shapes,
        };
        let merged = merged(&table, entry);
        assert_eq!(merged.tables.len(), table.tables.len());
        LaunchTable::parse(&serde_json::to_string(&merged).unwrap()).unwrap();
    }
}
