// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which kernels to compile.

use clap::Parser;
use serde::de::{DeserializeOwned, IntoDeserializer, value::Error as NameError};
use std::{collections::BTreeSet, path::PathBuf};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelSpec, LaunchTable, MAX_WORLD_SIZE, Reduction, SpecError},
};
use symm_codegen::gpu::{Law, Sabotage};

/// Compiles Symm's all-reduce kernels to a bundle of PTX.
///
/// Without options: every algorithm, element type and reduction for groups of 2, 3 and 4 ranks on sm_90. Each option may
/// be given several times.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// Folder to write the bundle to.
    #[arg(short, long, value_name = "FOLDER")]
    pub output: PathBuf,
    /// Add to the bundle in the folder, and compile only what it lacks, or has in another PTX version than --ptx-version.
    #[arg(long)]
    pub add: bool,
    /// Chip.
    #[arg(long, value_name = "CHIP", default_value = "sm_90")]
    chip: Vec<String>,
    /// PTX version times ten; without it the oldest that will do for the chip.
    #[arg(long, value_name = "VERSION")]
    pub ptx_version: Option<u32>,
    /// Number of ranks.
    #[arg(long, value_name = "RANKS", default_values_t = [2, 3, 4])]
    world_size: Vec<u32>,
    /// Algorithm, such as one_shot_push.
    #[arg(long, value_name = "NAME", value_parser = named::<Algorithm>)]
    algorithm: Vec<Algorithm>,
    /// Element type, such as bf16.
    #[arg(long, value_name = "TYPE", value_parser = named::<DType>)]
    dtype: Vec<DType>,
    /// Reduction, such as sum.
    #[arg(long, value_name = "NAME", value_parser = named::<ReduceOp>)]
    reduce_op: Vec<ReduceOp>,
    /// One algorithm for each type and reduction, which takes turns: over groups of four sizes in a row, each pair has every
    /// algorithm.
    #[arg(long)]
    in_turn: bool,
    /// Packets of each rank that a thread has in flight at once. Without it: 1, and what the shipped launch table chooses;
    /// measuring a new table needs 1, 2 and 4.
    #[arg(long, value_name = "PACKETS")]
    unroll: Vec<u32>,
    /// For tests only: kernels that stall between the phases of their protocol, which changes no result. The bundle says that
    /// they are sabotaged, and is opened where such are asked for and nowhere else.
    #[arg(long, conflicts_with = "add")]
    stall: bool,
    /// For tests only: kernels that break a law of their protocol (L2, L3 or L9) and compute nonsense; a bundle as with
    /// --stall.
    #[arg(long = "break", value_name = "LAW", conflicts_with = "add")]
    broken: Option<Law>,
}

/// Parses a name as the index of a bundle spells it.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, NameError> {
    T::deserialize(name.into_deserializer())
}

/// Tells whether a value was asked for; no list asks for all.
fn asked<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

impl Arguments {
    /// Returns the kernels that the options ask for.
    ///
    /// # Errors
    ///
    /// Refuses group sizes that no kernel exists for, and options that leave no kernel.
    pub fn specs(&self) -> Result<Vec<KernelSpec>, String> {
        self.check_unrolls()?;
        let reductions = self.reductions();
        let table = LaunchTable::shipped().map_err(|error| error.to_string())?;
        let mut specs = Vec::new();
        let mut unrolls = BTreeSet::new();
        for chip in &self.chip {
            for &world_size in &self.world_size {
                if !(2..=MAX_WORLD_SIZE).contains(&world_size) {
                    return Err(SpecError::WorldSize(world_size).to_string());
                }
                let all = KernelSpec::all(chip, world_size).into_iter();
                let asked = all.filter(|spec| {
                    asked(&self.algorithm, &spec.algorithm)
                        && self.has_turn(spec)
                        && reductions.contains(&(spec.dtype, spec.reduce_op))
                });
                for spec in asked {
                    unrolls.insert(spec.unroll);
                    if self.unrolls(&table, &spec) {
                        specs.push(spec);
                    }
                }
            }
        }
        if specs.is_empty() && !unrolls.is_empty() {
            return Err(format!(
                "expected an --unroll that these kernels have, out of {unrolls:?}, got {:?}",
                self.unroll
            ));
        }
        if specs.is_empty() {
            return Err("expected options that leave at least one kernel, got none".into());
        }
        Ok(specs)
    }

    /// Refuses unroll factors that no kernel has.
    fn check_unrolls(&self) -> Result<(), String> {
        let pairs = Algorithm::ALL.iter().flat_map(|algorithm| {
            let of = |dtype| algorithm.unrolls(dtype).iter().copied();
            DType::ALL.into_iter().flat_map(of)
        });
        let known: BTreeSet<u32> = pairs.collect();
        match self.unroll.iter().find(|unroll| !known.contains(unroll)) {
            None => Ok(()),
            Some(unroll) => Err(format!(
                "expected an --unroll out of {known:?}, got {unroll}"
            )),
        }
    }

    /// Returns what is to be wrong with the kernels.
    pub fn sabotage(&self) -> Sabotage {
        Sabotage {
            stall: self.stall,
            broken: self.broken,
        }
    }

    /// Tells whether the unroll factor of a kernel is asked for.
    fn unrolls(&self, table: &LaunchTable, spec: &KernelSpec) -> bool {
        if !self.unroll.is_empty() {
            return self.unroll.contains(&spec.unroll);
        }
        let shapes = table
            .entry(&spec.chip, spec.world_size)
            .and_then(|entry| entry.shapes.get(&spec.algorithm));
        let chosen =
            shapes.is_some_and(|shapes| shapes.iter().any(|shape| shape.unroll == spec.unroll));
        chosen || spec.unroll == 1
    }

    /// Tells whether it is the algorithm's turn, where they take turns.
    fn has_turn(&self, spec: &KernelSpec) -> bool {
        let in_turn = |pair: Reduction| pair.algorithm_in_turn(spec.world_size) == spec.algorithm;
        !self.in_turn || Reduction::canonical(spec.dtype, spec.reduce_op).is_some_and(in_turn)
    }

    /// Kernel forms of the types and reductions that are asked for: they may be those of other types.
    fn reductions(&self) -> Vec<(DType, ReduceOp)> {
        let mut reductions = Vec::new();
        for dtype in DType::ALL
            .into_iter()
            .filter(|dtype| asked(&self.dtype, dtype))
        {
            for op in ReduceOp::ALL
                .into_iter()
                .filter(|op| asked(&self.reduce_op, op))
            {
                reductions
                    .extend(Reduction::canonical(dtype, op).map(|form| (form.dtype, form.op)));
            }
        }
        reductions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn specs(options: &[&str]) -> Result<Vec<KernelSpec>, String> {
        let command = [&["symm-kernels", "-o", "bundle"], options].concat();
        Arguments::try_parse_from(command)
            .map_err(|error| error.to_string())?
            .specs()
    }

    #[test]
    fn without_options_all_that_the_launch_table_may_choose_is_asked_for_once() {
        let specs = specs(&[]).expect("the defaults");
        let mut names: Vec<_> = specs.iter().map(KernelSpec::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), specs.len());
        let table = LaunchTable::shipped().expect("it is sound");
        for spec in (2..=4).flat_map(|world_size| KernelSpec::all("sm_90", world_size)) {
            let entry = table.entry("sm_90", spec.world_size).expect("there is one");
            for shift in 0..34 {
                let launch = entry
                    .launch(&spec, 1 << shift)
                    .expect("every size has a shape");
                let chosen = KernelSpec {
                    unroll: launch.unroll,
                    ..spec.clone()
                };
                assert!(
                    names.binary_search(&chosen.name()).is_ok(),
                    "{}",
                    chosen.name()
                );
            }
        }
    }

    #[test]
    fn options_narrow_the_choice() {
        let options = [
            "--world-size=2",
            "--algorithm=two_shot_push",
            "--dtype=complex<f32>",
            "--reduce-op=sum",
        ];
        let chosen = specs(&options).expect("there is one");
        assert!(
            chosen
                .iter()
                .all(|spec| spec.dtype == DType::F32 && spec.world_size == 2)
        );
        let one = specs(&[&options[..], &["--unroll=2"]].concat()).expect("there is one");
        assert_eq!(one.iter().map(|spec| spec.unroll).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn in_turn_every_type_and_reduction_has_one_algorithm() {
        let specs = specs(&["--in-turn", "--world-size=7", "--unroll=1"]).expect("the defaults");
        let pairs: HashSet<_> = specs
            .iter()
            .map(|spec| (spec.dtype, spec.reduce_op))
            .collect();
        let all = Reduction::all()
            .into_iter()
            .map(|pair| (pair.dtype, pair.op));
        assert_eq!(
            (specs.len(), pairs),
            (Reduction::all().len(), all.collect())
        );
    }

    #[test]
    fn nothing_is_wrong_unless_it_is_asked_for() {
        let sabotage = |options: &[&str]| {
            let command = [&["symm-kernels", "-o", "bundle"], options].concat();
            Arguments::try_parse_from(command).map(|arguments| arguments.sabotage())
        };
        assert_eq!(sabotage(&[]).expect("the defaults"), Sabotage::default());
        let asked = sabotage(&["--stall", "--break=L9"]).expect("there is such a law");
        assert_eq!((asked.stall, asked.broken), (true, Some(Law::FreeAgain)));
        let refused = sabotage(&["--break=L4"]).expect_err("it cannot be broken");
        assert!(refused.to_string().contains("got 'L4'"), "{refused}");
        let mixed =
            sabotage(&["--stall", "--add"]).expect_err("sound kernels stay among themselves");
        assert!(mixed.to_string().contains("--add"), "{mixed}");
    }

    #[test]
    fn what_does_not_exist_is_refused_by_name() {
        assert!(
            specs(&["--dtype=f12"])
                .expect_err("no such type")
                .contains("f12")
        );
        assert!(
            specs(&["--world-size=9"])
                .expect_err("too large")
                .contains("got 9")
        );
        for unrolls in [&["--unroll=3"][..], &["--unroll=1", "--unroll=0"]] {
            let refused = specs(unrolls).expect_err("no such factor");
            assert!(refused.contains("out of {1, 2, 4}, got "), "{refused}");
        }
        let refused = specs(&["--dtype=i32", "--unroll=2"]).expect_err("only 1");
        assert!(refused.contains("out of {1}, got [2]"), "{refused}");
        assert!(
            specs(&["--dtype=f32", "--reduce-op=band"])
                .expect_err("undefined")
                .contains("got none")
        );
    }
}
