// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The command line: the flags of nccl-tests, and a few of our own.

mod values;

pub use values::{Average, Isolation, Launcher, Register, What};

use std::{path::PathBuf, time::Duration};
use symm_cli::files;

use anyhow::{Context, Result, ensure};
use clap::{Parser, value_parser};

use crate::{
    case::{self, Unalign},
    measure::Plan,
    size::{self, Step},
};

/// Times and checks all-reduces, with the flags and the output of nccl-tests.
///
/// Each algorithm is timed as a CUDA graph of -n operations, replayed -G times; the median replay counts. All algorithms
/// of a size run one after the other on the same GPUs, so that they can be compared. The defaults are ours: -b 1K -e 16M
/// -f 2 -d bfloat16 -n 100 -w 5 -G 9 -a 2, where nccl-tests has -b 32M -e 32M -d float -n 20 -w 1 -G 0 -a 1.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Threads that drive the GPUs: there is one, or with --isolation=process one a rank
    #[arg(short = 't', long = "nthreads", default_value_t = 1, value_parser = value_parser!(u32).range(1..=1))]
    pub threads: u32,
    /// GPUs, one rank each; default: all
    #[arg(short = 'g', long = "ngpus")]
    pub gpus: Option<u32>,
    /// Least size in bytes: 8, 4K, 1.5M, 1G
    #[arg(short = 'b', long = "minbytes", value_parser = size::parse, default_value = "1K")]
    pub least: u64,
    /// Largest size in bytes
    #[arg(short = 'e', long = "maxbytes", value_parser = size::parse, default_value = "16M")]
    pub largest: u64,
    /// Add so many bytes from size to size, where -f does not say more than 1
    #[arg(short = 'i', long = "stepbytes", value_parser = size::parse_step)]
    pub step: Option<u64>,
    /// Multiply the size from size to size; up to 1: add -i, or 1M. Default: 2 unless there is -i
    #[arg(short = 'f', long = "stepfactor", value_parser = size::parse_factor)]
    pub factor: Option<f64>,
    /// Operations in each replay
    #[arg(short = 'n', long = "iters", default_value_t = 100, value_parser = value_parser!(u64).range(1..=10_000))]
    pub iterations: u64,
    /// Operations before anything is timed
    #[arg(short = 'w', long = "warmup_iters", default_value_t = 5)]
    pub warmup: usize,
    /// Which rank's time counts: 0: rank 0's, 1: the average, 2: the least, 3: the largest. The least is that of the rank
    /// that began last, so that it waited for nobody
    #[arg(short = 'a', long, default_value = "2", value_parser = Average::parse)]
    pub average: Average,
    /// Element type (int8 uint8 int16 int32 int64 half bfloat16 float double f8e4m3 f8e5m2 bool complex64 complex128) or all
    #[arg(short = 'd', long = "datatype", default_value = "bfloat16")]
    pub dtype: String,
    /// Reduction (sum prod min max avg band bor bxor) or all
    #[arg(short = 'o', long = "op", default_value = "sum")]
    pub op: String,
    /// Without effect, as in all tests of nccl-tests whose collective has no root
    #[arg(short = 'r', long, allow_negative_numbers = true)]
    pub root: Option<i64>,
    /// NCCL's buffers: 0: plain memory only, 2: symmetric windows only. Default: both
    #[arg(short = 'R', long = "local_register", value_parser = Register::parse)]
    pub register: Option<Register>,
    /// Check so many results after the timing, and if any, one before it
    #[arg(short = 'c', long = "check", default_value_t = 1)]
    pub checks: usize,
    /// Index of the first element in each buffer, which misaligns them; or one index for operands and one for results: 1,0
    #[arg(short = 'u', long, default_value = "0", value_parser = case::parse_unalign)]
    pub unalign: Unalign,
    /// Replays of the CUDA graph; 0: time plain launches
    #[arg(short = 'G', long = "cudagraph", default_value_t = 9)]
    pub replays: usize,
    /// Longest wait of a rank for another, in seconds
    #[arg(short = 'T', long = "timeout", default_value_t = 10.0, value_parser = seconds)]
    pub timeout: f64,
    /// Write everything measured to a JSON file
    #[arg(short = 'J', long = "output_file")]
    pub json: Option<PathBuf>,
    /// Draw latency and bandwidth to an SVG file
    #[arg(long)]
    pub plot: Option<PathBuf>,
    /// CSV files of what other programs took on these GPUs, to be shown beside (see bench/peers)
    #[arg(long, value_name = "FILE")]
    pub peers: Vec<PathBuf>,
    /// What to measure, in this order
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = What::ALL)]
    pub algorithms: Vec<What>,
    /// Of the generated algorithms, only the one whose turn it is with a type and reduction (see symm-kernels --in-turn)
    #[arg(long)]
    pub in_turn: bool,
    /// The folder of the generated kernels, as symm-kernels writes it; default: 'bundle' beside this program
    #[arg(long)]
    pub bundle: Option<PathBuf>,
    /// For tests only: the bundle is one of symm-kernels --stall or --break
    #[arg(long)]
    pub sabotaged: bool,
    /// A launch table in place of the shipped one
    #[arg(long)]
    pub table: Option<PathBuf>,
    /// Find the best launch shapes for -d and -o at the sizes chosen and write a launch table with them
    #[arg(long, conflicts_with_all = ["plot", "json"])]
    pub tune: Option<PathBuf>,
    /// Time nothing; run so many operations of each algorithm and compare every result on the device
    #[arg(long, conflicts_with_all = ["plot", "json", "tune"])]
    pub soak: Option<usize>,
    /// Channels that run at once while soaking, each on a stream of its own
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u8).range(1..=8))]
    pub channels: u8,
    /// Where ranks live: all in this process, or one process each
    #[arg(long, value_enum, default_value_t = Isolation::Thread)]
    pub isolation: Isolation,
    /// Whether this process is a rank of what torchrun, mpirun or srun started
    #[arg(long, value_enum, default_value_t = Launcher::Auto, overrides_with = "launcher")]
    pub launcher: Launcher,
    /// Let ranks share GPUs, to check results where GPUs are fewer than ranks
    #[arg(long)]
    pub share_gpus: bool,
}

impl Options {
    /// Checks what only makes no sense together.
    ///
    /// # Errors
    ///
    /// Names the options.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.least <= self.largest,
            "expected sizes from -b up to -e, got -b {} and -e {}",
            self.least,
            self.largest
        );
        let file = |path: &Option<PathBuf>| path.as_deref().and_then(files::place);
        ensure!(
            file(&self.json).is_none_or(|json| file(&self.plot) != Some(json)),
            "expected a file for -J and another for --plot, got the same"
        );
        ensure!(
            self.tune.is_none() || self.checks > 0,
            "expected -c 1 or more with --tune, which takes no launch shape whose results were not checked, got -c 0"
        );
        Ok(())
    }

    /// Checks that the files that are asked for can be written, for what is measured takes long.
    ///
    /// # Errors
    ///
    /// Names the file.
    pub fn check_files(&self) -> Result<()> {
        let files = [&self.json, &self.plot, &self.tune];
        files.into_iter().flatten().try_for_each(|path| {
            files::check_writable(path).with_context(|| format!("{}", path.display()))
        })
    }

    /// Returns how to go from size to size.
    pub fn step(&self) -> Step {
        match (self.factor, self.step) {
            (Some(factor), _) if factor > 1.0 => Step::Factor(factor),
            (None, None) => Step::Factor(2.0),
            (_, step) => Step::Bytes(step.unwrap_or(1 << 20)),
        }
    }

    /// Returns the sizes to measure for elements of `element` bytes.
    pub fn sizes(&self, element: u64) -> Vec<u64> {
        size::sweep(self.least, self.largest, self.step(), element)
    }

    /// Returns what to measure.
    pub fn chosen(&self) -> impl Iterator<Item = What> {
        let register = self.register;
        let kept = move |what: &What| register.is_none_or(|register| register.keeps(*what));
        self.algorithms.iter().copied().filter(kept)
    }

    /// Returns how to measure.
    pub fn plan(&self) -> Plan {
        Plan {
            iterations: self.iterations as usize,
            warmup: self.warmup,
            replays: self.replays,
            checks: self.checks,
            average: self.average,
        }
    }

    /// Returns the longest wait of a rank for another.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("expected seconds, got '{text}'"))?;
    let sound = (0.001..=86_400.0).contains(&value);
    sound
        .then_some(value)
        .ok_or(format!("expected 0.001 to 86400 seconds, got {text}"))
}

#[cfg(test)]
mod tests;
