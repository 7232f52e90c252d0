// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The command line: the flags of nccl-tests, and a few of our own.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

use crate::{
    case::{self, Unalign},
    measure::Plan,
    size::{self, Step},
};

/// Times and checks all-reduces, with the flags and the output of nccl-tests.
///
/// Each algorithm is timed as a CUDA graph of -n operations, replayed -G times; the median replay counts. All algorithms
/// of a size run one after the other on the same GPUs, so that they can be compared.
#[derive(Clone, Debug, Parser)]
#[command(version)]
pub struct Options {
    /// Least size in bytes: 8, 4K, 16M, 1G
    #[arg(short = 'b', long = "minbytes", value_parser = size::parse, default_value = "1K")]
    pub least: u64,
    /// Largest size in bytes
    #[arg(short = 'e', long = "maxbytes", value_parser = size::parse, default_value = "16M")]
    pub largest: u64,
    /// Add so many bytes from size to size
    #[arg(short = 'i', long = "stepbytes", value_parser = size::parse, conflicts_with = "factor")]
    pub step: Option<u64>,
    /// Multiply the size from size to size
    #[arg(short = 'f', long = "stepfactor", default_value_t = 2.0)]
    pub factor: f64,
    /// GPUs, one rank each; default: all
    #[arg(short = 'g', long = "ngpus")]
    pub gpus: Option<u32>,
    /// Operations in each replay
    #[arg(short = 'n', long = "iters", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub iterations: u64,
    /// Operations before anything is timed
    #[arg(short = 'w', long = "warmup_iters", default_value_t = 5)]
    pub warmup: usize,
    /// Element type (int8 uint8 int16 int32 int64 half bfloat16 float double f8e4m3 f8e5m2 bool complex64 complex128) or all
    #[arg(short = 'd', long = "datatype", default_value = "bfloat16")]
    pub dtype: String,
    /// Reduction (sum prod min max avg band bor bxor) or all
    #[arg(short = 'o', long = "op", default_value = "sum")]
    pub op: String,
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
    #[arg(short = 'a', long, value_enum, value_delimiter = ',', default_values_t = What::ALL)]
    pub algorithms: Vec<What>,
    /// The folder of the generated kernels
    #[arg(long)]
    pub bundle: Option<PathBuf>,
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
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
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

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum What {
    /// What the launch table selects
    Symm,
    /// Generated kernel
    OneShotPush,
    /// Generated kernel
    TwoShotPush,
    /// Generated kernel
    OneShotPull,
    /// Generated kernel
    TwoShotPull,
    /// NCCL on plain memory
    Nccl,
    /// NCCL on symmetric windows
    NcclWindow,
}

impl What {
    /// Everything, in the order of the tables' columns.
    pub const ALL: [Self; 7] = [
        Self::Symm,
        Self::OneShotPush,
        Self::TwoShotPush,
        Self::OneShotPull,
        Self::TwoShotPull,
        Self::Nccl,
        Self::NcclWindow,
    ];

    /// Tells whether it runs kernels of the bundle.
    pub fn is_generated(self) -> bool {
        !matches!(self, Self::Nccl | Self::NcclWindow)
    }
}

/// Whose ranks are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Launcher {
    /// The launcher's, where it has started several
    Auto,
    /// Those of -g
    None,
}

/// Where the ranks live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// All in this process
    Thread,
    /// One process each
    Process,
}

impl Options {
    /// Returns the sizes to measure for elements of `element` bytes.
    pub fn sizes(&self, element: u64) -> Vec<u64> {
        let step = self.step.map_or(Step::Factor(self.factor), Step::Bytes);
        size::sweep(self.least, self.largest, step, element)
    }

    /// Returns how to measure.
    pub fn plan(&self) -> Plan {
        Plan {
            iterations: self.iterations as usize,
            warmup: self.warmup,
            replays: self.replays,
            checks: self.checks,
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
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_nccl_tests_are_understood() {
        let line = "symm-bench -b 8 -e 128M -f 4 -g 4 -n 20 -w 3 -d float -o max -c 0 -G 1 -T 5 -J out.json";
        let options = Options::parse_from(line.split(' '));
        assert_eq!(
            (options.least, options.largest, options.gpus),
            (8, 128 << 20, Some(4))
        );
        assert_eq!(
            (
                options.plan().iterations,
                options.plan().warmup,
                options.plan().replays
            ),
            (20, 3, 1)
        );
        assert_eq!(options.plan().checks, 0);
        assert_eq!(options.sizes(4).len(), 13);
        let long = "symm-bench --minbytes 1K --maxbytes 4K --stepbytes 1K --datatype half --op sum --iters 7 --warmup_iters 0 --check 1 --ngpus 2";
        assert_eq!(
            Options::parse_from(long.split(' ')).sizes(2),
            [1024, 2048, 3072, 4096]
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "-n 0",
            "-b x",
            "-c -1",
            "-T 0",
            "-T nan",
            "-a nothing",
            "-i 4 -f 2",
            "--tune a --plot b",
        ] {
            assert!(
                Options::try_parse_from(format!("symm-bench {line}").split(' ')).is_err(),
                "{line}"
            );
        }
        // Processes that symm-bench starts are ranks of its own, whatever its own command line was.
        let child = Options::parse_from(["symm-bench", "--launcher=none", "--launcher=auto"]);
        assert_eq!(child.launcher, Launcher::Auto);
        let some = Options::parse_from("symm-bench -a nccl,one_shot_push".split(' '));
        assert_eq!(some.algorithms, [What::Nccl, What::OneShotPush]);
    }
}
