// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which algorithm and launch shape a size gets.
//!
//! The answer depends on the table, the chip, the group's size and the message's size alone, so that all ranks get the
//! same one.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::DType;

use super::{
    Algorithm, FLAG_TRIGGER_EARLY, FLAG_TRIGGER_LATE, KernelSpec, MAX_WORLD_SIZE, SpecError,
};

/// Version of the table's form.
const VERSION: u32 = 1;

/// The table that Symm ships, as JSON; measured on GPUs or derived from that, as each entry's device says.
const SHIPPED: &str = include_str!("launch_table.json");

/// When the next grid in the stream may start (programmatic dependent launch).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// When this one has ended; the launch takes no attribute.
    #[default]
    None,
    /// At once.
    Early,
    /// When this one has sent its data.
    Late,
}

impl Trigger {
    /// Returns the bits of [`KernelParams::flags`](super::KernelParams::flags).
    pub const fn flags(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Early => FLAG_TRIGGER_EARLY,
            Self::Late => FLAG_TRIGGER_LATE,
        }
    }

    /// Returns what a kernel is launched with: nothing if it is of a chip on which it can't wait for the grid before it. It
    /// would run on newer chips, and read operands that are not written yet.
    pub fn on(self, spec: &KernelSpec) -> Self {
        if spec.has_dependent_launch() {
            self
        } else {
            Self::None
        }
    }
}

/// Up to a size, an algorithm.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Choice {
    /// Largest message in bytes; none for the last.
    pub up_to: Option<u64>,
    /// What is best up to there.
    pub algorithm: Algorithm,
}

/// Up to a size, a launch shape.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Shape {
    /// Largest message in bytes; none for the last.
    pub up_to: Option<u64>,
    /// Threads of a block: a multiple of 32.
    pub threads: u32,
    /// Most blocks; fewer are launched where fewer have work, or fit on a GPU at once.
    pub max_blocks: u32,
    /// [`KernelSpec::unroll`].
    pub unroll: u32,
    /// When the next grid may start.
    #[serde(default)]
    pub trigger: Trigger,
}

/// What is best on one chip for groups of one size.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ChipTable {
    /// The chip, for example `sm_90`.
    pub chip: String,
    /// Where it was measured, or what it was derived from.
    pub device: String,
    /// Ranks of the group.
    pub world_size: u32,
    /// Algorithms by size, ascending, among those that need no symmetric operand.
    pub choices: Vec<Choice>,
    /// Launch shapes of each algorithm by size, ascending.
    pub shapes: BTreeMap<Algorithm, Vec<Shape>>,
}

/// How to launch a kernel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Launch {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// [`KernelSpec::unroll`] of the kernel.
    pub unroll: u32,
    /// Most blocks of the grid. Blocks wait for those of peers, so that all have to be on their GPUs at once: a launcher asks
    /// every rank's driver how many fit, and launches no more than the least of these numbers, on each rank the same.
    pub blocks: u32,
    /// Threads of a block.
    pub threads: u32,
    /// When the next grid may start.
    pub trigger: Trigger,
}

/// Algorithms and launch shapes by chip, group size and message size.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LaunchTable {
    /// Version of this form: 1.
    pub version: u32,
    /// At most one entry per chip and group size.
    pub tables: Vec<ChipTable>,
}

/// Why a launch table is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchTableError {
    /// It is not JSON of this form.
    #[error("expected a launch table: {0}")]
    Json(#[from] serde_json::Error),
    /// It has another version.
    #[error("expected a launch table of version {VERSION}, got version {0}")]
    Version(u32),
    /// It has no entry at all.
    #[error("expected a launch table with at least one entry, got none")]
    Empty,
    /// An entry leaves a size or an algorithm without an answer, or gives one that cannot be launched.
    #[error(
        "expected a usable launch table, got an entry for {chip} and {world_size} ranks in which {what}"
    )]
    Entry {
        /// The entry's chip.
        chip: String,
        /// The entry's group size.
        world_size: u32,
        /// What is wrong.
        what: String,
    },
}

impl LaunchTable {
    /// Returns the table that Symm ships.
    ///
    /// # Errors
    ///
    /// None that a released version gives: the tests parse the table.
    pub fn shipped() -> Result<Self, LaunchTableError> {
        Self::parse(SHIPPED)
    }

    /// Parses and checks a table.
    ///
    /// # Errors
    ///
    /// Refuses what is not a table or would leave a size without an answer.
    pub fn parse(json: &str) -> Result<Self, LaunchTableError> {
        let table: Self = serde_json::from_str(json)?;
        if table.version != VERSION {
            return Err(LaunchTableError::Version(table.version));
        }
        if table.tables.is_empty() {
            return Err(LaunchTableError::Empty);
        }
        for entry in &table.tables {
            entry.check().map_err(|what| LaunchTableError::Entry {
                chip: entry.chip.clone(),
                world_size: entry.world_size,
                what,
            })?;
        }
        Ok(table)
    }

    /// Returns the entry for a chip and a group size, or the nearest one that there is: of the same chip if there is one, of
    /// the next larger group if there is one.
    pub fn entry(&self, chip: &str, world_size: u32) -> Option<&ChipTable> {
        self.tables.iter().min_by_key(|entry| {
            let smaller = entry.world_size < world_size;
            (
                entry.chip != chip,
                smaller,
                entry.world_size.abs_diff(world_size),
            )
        })
    }
}

impl ChipTable {
    /// Returns the algorithm for a message that travels as `bytes` bytes: those of the packets, thus twice the data
    /// for integers.
    pub fn choose(&self, bytes: u64) -> Option<Algorithm> {
        let fits = |choice: &&Choice| choice.up_to.is_none_or(|limit| bytes <= limit);
        Some(self.choices.iter().find(fits)?.algorithm)
    }

    /// Returns the unroll factor for a message; with it the kernel's spec is complete.
    pub fn shape(&self, algorithm: Algorithm, bytes: u64) -> Option<&Shape> {
        let fits = |shape: &&Shape| shape.up_to.is_none_or(|limit| bytes <= limit);
        self.shapes.get(&algorithm)?.iter().find(fits)
    }

    /// Returns how to launch an algorithm for `count` elements (of the kernel); `spec.unroll` is not read. Types without
    /// kernels of the table's unroll factor get those of factor 1.
    pub fn launch(&self, spec: &KernelSpec, count: u64) -> Option<Launch> {
        let packets = spec.packets(count);
        let shape = self.shape(spec.algorithm, packets * 16)?;
        let shared = matches!(
            spec.algorithm,
            Algorithm::TwoShotPush | Algorithm::TwoShotPull
        );
        let share = if shared {
            packets.div_ceil(u64::from(spec.world_size))
        } else {
            packets
        };
        let unroll = if spec.algorithm.unrolls(spec.dtype).contains(&shape.unroll) {
            shape.unroll
        } else {
            1
        };
        let max_threads = KernelSpec {
            unroll,
            ..spec.clone()
        }
        .max_threads();
        let threads = shape.threads.min(max_threads);
        let per_block = u64::from(threads) * u64::from(unroll);
        let blocks = share
            .div_ceil(per_block)
            .clamp(1, u64::from(shape.max_blocks)) as u32;
        Some(Launch {
            algorithm: spec.algorithm,
            unroll,
            blocks,
            threads,
            trigger: shape.trigger.on(spec),
        })
    }

    fn check(&self) -> Result<(), String> {
        if !(2..=MAX_WORLD_SIZE).contains(&self.world_size) {
            return Err(SpecError::WorldSize(self.world_size).to_string());
        }
        check_limits(
            "the choices",
            self.choices.iter().map(|choice| choice.up_to),
        )?;
        for algorithm in Algorithm::ALL {
            let shapes = self.shapes.get(&algorithm).map_or(&[][..], Vec::as_slice);
            check_limits(algorithm.name(), shapes.iter().map(|shape| shape.up_to))?;
            for shape in shapes {
                if shape.threads == 0 || shape.threads > 1024 || !shape.threads.is_multiple_of(32) {
                    return Err(format!(
                        "{algorithm} has blocks of {} threads",
                        shape.threads
                    ));
                }
                if shape.max_blocks == 0 || !algorithm.unrolls(DType::BF16).contains(&shape.unroll)
                {
                    return Err(format!(
                        "{algorithm} has {} blocks, unroll {}",
                        shape.max_blocks, shape.unroll
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Checks that limits ascend and that only the last is open.
fn check_limits(what: &str, limits: impl Iterator<Item = Option<u64>>) -> Result<(), String> {
    let limits: Vec<u64> = limits.map(|limit| limit.unwrap_or(u64::MAX)).collect();
    if limits.last() != Some(&u64::MAX) {
        return Err(format!("{what} end before the largest size"));
    }
    if limits.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(format!("the sizes of {what} do not ascend"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReduceOp;

    fn spec(algorithm: Algorithm) -> KernelSpec {
        KernelSpec {
            algorithm,
            dtype: DType::BF16,
            reduce_op: ReduceOp::Sum,
            world_size: 4,
            unroll: 1,
            chip: "sm_90".into(),
        }
    }

    #[test]
    fn the_shipped_table_answers_for_every_size() {
        let table = LaunchTable::shipped().expect("the shipped table is sound");
        for world_size in 2..=MAX_WORLD_SIZE {
            let entry = table.entry("sm_90", world_size).expect("there is an entry");
            for shift in 0..34 {
                assert!(entry.choose(1 << shift).is_some());
                for algorithm in Algorithm::ALL {
                    let spec = KernelSpec {
                        world_size,
                        ..spec(algorithm)
                    };
                    let launch = entry.launch(&spec, 1 << shift).expect("there is a shape");
                    let kernel = KernelSpec {
                        unroll: launch.unroll,
                        ..spec
                    };
                    assert!(launch.threads <= kernel.max_threads() && launch.blocks >= 1);
                }
            }
        }
    }

    #[test]
    fn the_sizes_of_the_seed_get_the_frontier_shapes() {
        let table = LaunchTable::shipped().expect("the shipped table is sound");
        let four = table.entry("sm_90", 4).expect("measured");
        assert_eq!(four.choose(128 << 10), Some(Algorithm::OneShotPush));
        assert_eq!(four.choose(256 << 10), Some(Algorithm::TwoShotPush));
        let two = table.entry("sm_90", 2).expect("measured");
        assert_eq!(two.choose(1 << 20), Some(Algorithm::OneShotPush));
        let launch = four
            .launch(&spec(Algorithm::OneShotPush), 32 << 10)
            .expect("64 KiB");
        assert_eq!(launch.blocks * launch.threads, 4096);
    }

    #[test]
    fn the_nearest_entry_serves_what_has_none() {
        let table = LaunchTable::shipped().expect("the shipped table is sound");
        let entry = |chip, ranks| table.entry(chip, ranks).map(|entry| entry.world_size);
        assert_eq!(entry("sm_90", 4), Some(4));
        assert_eq!(entry("sm_90", 5), Some(5));
        assert_eq!(entry("sm_90", 7), Some(8));
        assert_eq!(entry("sm_100", 2), Some(2));
    }

    #[test]
    fn only_kernels_that_wait_for_the_grid_before_them_start_before_its_end() {
        let table = LaunchTable::shipped().expect("the shipped table is sound");
        let trigger = |chip: &str| {
            let spec = KernelSpec {
                chip: chip.into(),
                ..spec(Algorithm::OneShotPush)
            };
            let entry = table.entry(chip, 4).expect("the nearest one");
            entry.launch(&spec, 64).expect("a shape").trigger
        };
        for chip in ["sm_90", "sm_90a", "sm_100"] {
            assert_ne!(trigger(chip), Trigger::None, "{chip}");
        }
        for chip in ["sm_80", "sm_86", "sm_89"] {
            assert_eq!(trigger(chip), Trigger::None, "{chip}");
        }
    }

    #[test]
    fn tables_with_holes_are_refused() {
        let refused = |edit: &dyn Fn(&mut LaunchTable)| {
            let mut table = LaunchTable::shipped().expect("the shipped table is sound");
            edit(&mut table);
            let json = serde_json::to_string(&table).expect("it serializes");
            LaunchTable::parse(&json)
                .expect_err("it has a hole")
                .to_string()
        };
        assert!(refused(&|table| table.version = 2).contains("version 2"));
        assert!(refused(&|table| table.tables.clear()).contains("none"));
        assert!(refused(&|table| _ = table.tables[0].choices.pop()).contains("choices"));
        assert!(refused(&|table| table.tables[0].choices[0].up_to = None).contains("ascend"));
        assert!(refused(&|table| table.tables[0].shapes.clear()).contains("one_shot_push"));
        let threads = |table: &mut LaunchTable| {
            table.tables[0]
                .shapes
                .get_mut(&Algorithm::TwoShotPush)
                .expect("it is there")[0]
                .threads = 33;
        };
        assert!(refused(&threads).contains("33 threads"));
        assert!(LaunchTable::parse("{").is_err());
    }
}
