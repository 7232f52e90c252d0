// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Finding the best launch shape of every algorithm at every size, and the best algorithm.
//!
//! A candidate whose result is wrong anywhere is thrown away. First blocks, threads and unroll are tried with the trigger
//! that the present table has for the size, then the triggers with the best of those.

mod ranges;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::ExitCode,
    rc::Rc,
};

use anyhow::{Context, Result, bail, ensure};
use symm_abi::gpu::{
    Algorithm as Kind, ChipTable, KernelSpec, LaunchTable, Reduction, Shape, Trigger,
};
use symm_cli::out;

use crate::{
    case::Case,
    chosen::Chosen,
    data::Data,
    generated::{Generated, Library, chip_of},
    measure::{self, Plan, Row},
    options::Options,
    world::World,
};
use ranges::{choices, merged, shapes};

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

/// The best shapes of each algorithm by the traffic of the sizes that were measured.
type Found = BTreeMap<Kind, Vec<(u64, Best)>>;

/// Tunes every algorithm at the sizes that are chosen and writes the launch table with what was found.
///
/// # Errors
///
/// Fails where something is broken, and where what was found makes no launch table.
pub fn run(options: &Options, chosen: &Chosen, world: &mut World, path: &Path) -> Result<ExitCode> {
    let [(dtype, op)] = chosen.kinds[..] else {
        bail!("expected one -d and one -o to tune for, got all");
    };
    let library = chosen.library.as_ref().context("tuning needs kernels")?;
    let cases: Vec<_> = chosen.cases(dtype, op).collect();
    let table = tune(world, library, &cases, &options.plan())?;
    if world.leads() {
        write(&table, path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a table that can be read again.
fn write(table: &LaunchTable, path: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(table)? + "\n";
    LaunchTable::parse(&json)?;
    fs::write(path, json).with_context(|| format!("{}", path.display()))
}

/// Tunes every algorithm at `cases`, ascending in size, and returns the launch table with what was found.
fn tune(
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
    let mut tuner = Tuner {
        world,
        library,
        data: &data,
        plan,
        refusals: BTreeSet::new(),
    };
    let mut found = Found::new();
    for case in cases {
        for kind in Kind::ALL {
            if let Some((traffic, best)) = tuner.best(kind, case, &present)? {
                found.entry(kind).or_default().push((traffic, best));
            }
        }
    }
    if tuner.world.leads() {
        let mut refusals = tuner.refusals.iter();
        refusals.try_for_each(|why| out(&format!("# N/A: {why}\n")))?;
    }
    let choices = choices(&found);
    ensure!(
        !choices.is_empty(),
        "no launch shape was measured: the bundle has none of the kernels, or their results are wrong; see above"
    );
    let entry = ChipTable {
        chip,
        device: world.ranks[0].device.name()?,
        world_size: world.size,
        choices,
        shapes: shapes(&present, &found),
    };
    Ok(merged(library.table(), entry))
}

/// Returns an algorithm's kernel for a case, but for unroll factor and chip, and its elements.
fn kernel(kind: Kind, case: &Case, world_size: u32) -> Option<(KernelSpec, u64)> {
    let reduction = Reduction::canonical(case.dtype, case.op)?;
    let spec = KernelSpec {
        algorithm: kind,
        dtype: reduction.dtype,
        reduce_op: reduction.op,
        world_size,
        unroll: 1,
        chip: String::new(),
    };
    Some((spec, case.count as u64 * reduction.parts))
}

/// Returns what launch tables count a case as: the bytes of its packets, twice the data where integers are pushed.
fn traffic(kind: Kind, case: &Case, world_size: u32) -> Option<u64> {
    let (spec, count) = kernel(kind, case, world_size)?;
    Some(spec.packets(count) * 16)
}

/// What all measurements share.
struct Tuner<'a> {
    world: &'a mut World,
    library: &'a Rc<Library>,
    data: &'a Data,
    plan: &'a Plan,
    /// Why launch shapes could not be tried.
    refusals: BTreeSet<String>,
}

impl Tuner<'_> {
    /// Returns the best launch shape of an algorithm at one size, if it has any, and the size as launch tables count it.
    fn best(
        &mut self,
        kind: Kind,
        case: &Case,
        present: &ChipTable,
    ) -> Result<Option<(u64, Best)>> {
        let Some(traffic) = traffic(kind, case, self.world.size) else {
            return Ok(None);
        };
        let trigger = present
            .shape(kind, traffic)
            .map_or(Trigger::None, |shape| shape.trigger);
        let mut best = None;
        for (threads, unroll) in THREADS.iter().flat_map(|t| UNROLLS.map(|u| (*t, u))) {
            for max_blocks in BLOCKS {
                let shape = Shape {
                    up_to: None,
                    threads,
                    max_blocks,
                    unroll,
                    trigger,
                };
                self.attempt(kind, case, shape, &mut best)?;
            }
        }
        let Some(Best { shape, .. }) = best else {
            return Ok(None);
        };
        for trigger in TRIGGERS.into_iter().filter(|other| *other != trigger) {
            self.attempt(kind, case, Shape { trigger, ..shape }, &mut best)?;
        }
        if self.world.leads() {
            best.iter()
                .try_for_each(|best| out(&(line(kind, case, best) + "\n")))?;
        }
        Ok(best.map(|best| (traffic, best)))
    }

    /// Measures one shape and keeps it if it is right and the fastest so far.
    fn attempt(
        &mut self,
        kind: Kind,
        case: &Case,
        shape: Shape,
        best: &mut Option<Best>,
    ) -> Result<()> {
        if wasteful(kind, case, shape, self.world.size) {
            return Ok(());
        }
        let mut algorithm = Generated::forced(self.library, kind, shape);
        match measure::run(self.world, &mut algorithm, case, self.data, self.plan)? {
            Row::Measured(measured) => {
                let is_better = best.is_none_or(|best| measured.us < best.us);
                if measured.wrong == Some(0) && is_better {
                    *best = Some(Best {
                        shape,
                        us: measured.us,
                    });
                }
            }
            Row::Refused { refused } => _ = self.refusals.insert(format!("{kind}: {refused}")),
        }
        Ok(())
    }
}

/// Says what was found.
fn line(kind: Kind, case: &Case, best: &Best) -> String {
    let Shape {
        threads,
        max_blocks,
        unroll,
        trigger,
        ..
    } = best.shape;
    format!(
        "# {kind} {} bytes: {:.2} us, {threads} threads, {max_blocks} blocks, unroll {unroll}, trigger {trigger:?}",
        case.bytes(),
        best.us
    )
}

/// Tells whether a shape is the same launch as another candidate, or leaves most of the GPU idle while each thread loops.
fn wasteful(kind: Kind, case: &Case, shape: Shape, world_size: u32) -> bool {
    let Some((spec, count)) = kernel(kind, case, world_size) else {
        return true;
    };
    let spec = KernelSpec {
        unroll: shape.unroll,
        ..spec
    };
    if spec.check().is_err() || shape.threads > spec.max_threads() {
        return true;
    }
    let packets = spec.packets(count);
    let share = match kind {
        Kind::TwoShotPush | Kind::TwoShotPull => packets.div_ceil(u64::from(world_size)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use symm_abi::{DType, ReduceOp};

    #[test]
    fn sizes_are_counted_as_tables_count_them() {
        let of = |kind, dtype, count| traffic(kind, &Case::new(dtype, ReduceOp::Sum, count), 4);
        assert_eq!(of(Kind::OneShotPush, DType::BF16, 512), Some(1024));
        assert_eq!(of(Kind::OneShotPush, DType::I32, 256), Some(2048));
        assert_eq!(of(Kind::TwoShotPull, DType::I32, 256), Some(1024));
        assert_eq!(of(Kind::TwoShotPush, DType::C64, 128), Some(1024));
    }

    #[test]
    fn nothing_found_is_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.json");
        let mut table = LaunchTable::shipped().unwrap();
        write(&table, &path).unwrap();
        assert_eq!(
            LaunchTable::parse(&fs::read_to_string(&path).unwrap()).unwrap(),
            table
        );
        fs::remove_file(&path).unwrap();
        table.tables[0].choices = choices(&Found::new());
        assert!(
            write(&table, &path)
                .unwrap_err()
                .to_string()
                .contains("choices")
        );
        assert!(!path.exists());
    }
}
