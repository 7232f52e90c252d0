// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The command line.

use clap::{Parser, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// Runs a compiled Symm program on several ranks of this machine.
///
/// Exit codes: 0, every rank finished; 1, the run failed on some rank; 2, nothing ran because the command line, an input or the
/// program can't be used.
#[derive(Debug, Parser)]
#[command(name = "symm-run", version)]
pub struct Cli {
    /// Program from symm-compile; '%r' stands for the rank. A .mlir file is compiled first, by the symm-compile beside symm-run.
    pub program: String,

    /// Number of ranks; without it, as many as the program needs.
    #[arg(short = 'n', long, value_name = "RANKS", value_parser = clap::value_parser!(u32).range(1..))]
    pub ranks: Option<u32>,

    /// Where the ranks run.
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    pub device: Device,

    /// What a rank is.
    #[arg(long, value_enum, default_value_t = Isolation::Thread)]
    pub isolation: Isolation,

    /// Entry to run; without it the only one, or else 'main'.
    #[arg(long, value_name = "NAME")]
    pub entry: Option<String>,

    /// Value of an argument: a .npy file ('%r' stands for the rank), 'zeros', 'ones', 'random:SEED' (other values on each
    /// rank) or 'same:SEED' (the same values on all ranks).
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub args: Vec<String>,

    /// Where to save a result; '%r' stands for the rank, without it rank 0's result is saved.
    #[arg(long = "save", value_name = "NAME=FILE.npy")]
    pub saves: Vec<String>,

    /// Folder to save every result of every rank in, as NAME.rank%r.npy; '%r' stands for the rank in the folder's path, too.
    #[arg(long, value_name = "FOLDER")]
    pub save_dir: Option<PathBuf>,

    /// Bound of every wait: '30s', '500ms', '2m'.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub timeout: Duration,

    /// Size of each group's symmetric heap per rank: bytes, or with K, M or G for powers of 1024; without it, what the
    /// program asks for, or else 256M.
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    pub heap_bytes: Option<u64>,

    /// Runs the entry this many times, on fresh copies of its arguments, and prints the times.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: Option<u32>,

    /// Prints the time, also of a single run.
    #[arg(long)]
    pub time: bool,

    /// GPUs: size of the arena for a rank's ordinary buffers, as for --heap-bytes.
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    pub arena_bytes: Option<u64>,

    /// GPUs: captures the entry in a CUDA graph, and replays that.
    #[arg(long, conflicts_with = "trace")]
    pub graph: bool,

    /// GPUs: writes the times of every op on every rank, for Perfetto or chrome://tracing.
    #[arg(long, value_name = "FILE.json")]
    pub trace: Option<PathBuf>,

    /// GPUs: whether this process is a rank of what torchrun, mpirun or srun started.
    #[arg(long, value_enum, default_value_t = Launcher::Auto)]
    pub launcher: Launcher,

    /// GPUs: uses NCCL for groups whose GPUs don't reach each other's memory.
    #[arg(long)]
    pub fallback: bool,

    /// GPUs: lets several ranks share a GPU where there are too few; for tests. With more than two on a GPU, set
    /// CUDA_DEVICE_MAX_CONNECTIONS=32.
    #[arg(long)]
    pub share_gpus: bool,

    /// Prints what the program consists of and where its buffers live.
    #[arg(short, long)]
    pub verbose: bool,
}

/// Machine that runs the ranks.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Device {
    /// This machine's processors.
    Cpu,
    /// This machine's NVIDIA GPUs, one a rank.
    Cuda,
}

impl From<Device> for symm_abi::Device {
    fn from(device: Device) -> Self {
        match device {
            Device::Cpu => Self::Cpu,
            Device::Cuda => Self::Cuda,
        }
    }
}

impl Cli {
    /// Checks that no option of one device is given for another.
    pub fn check(&self) -> Result<(), String> {
        let given = [
            ("--arena-bytes", self.arena_bytes.is_some()),
            ("--graph", self.graph),
            ("--trace", self.trace.is_some()),
            ("--launcher", self.launcher == Launcher::None),
            ("--fallback", self.fallback),
            ("--share-gpus", self.share_gpus),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) if self.device == Device::Cpu => {
                Err(format!("{option}: expected --device=cuda"))
            }
            _ => Ok(()),
        }
    }
}

/// What a rank is.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Isolation {
    /// A thread of one process.
    Thread,
    /// A process of its own.
    Process,
}

/// Whose ranks run the program.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Launcher {
    /// The launcher's, where it has started several.
    Auto,
    /// Those that symm-run starts.
    None,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds_per_unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        unit => return Err(format!("expected a time in 'ms', 's' or 'm', got '{unit}'")),
    };
    let count: f64 = digits
        .parse()
        .map_err(|_| format!("expected a time, got '{text}'"))?;
    let duration =
        Duration::try_from_secs_f64(count * seconds_per_unit).map_err(|error| error.to_string())?;
    if duration.is_zero() {
        Err("expected a time greater than zero".into())
    } else {
        Ok(duration)
    }
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) if text.ends_with('K') => (digits, 10),
        Some(digits) if text.ends_with('M') => (digits, 20),
        Some(digits) => (digits, 30),
        None => (text, 0),
    };
    let count: u64 = digits
        .parse()
        .map_err(|_| format!("expected a number of bytes, got '{text}'"))?;
    count
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("'{text}' is more than an address space"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_and_sizes_parse() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for text in ["", "0", "-1s", "1h", "s", "nans", "1e400s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(parse_bytes("64M"), Ok(64 << 20));
        assert_eq!(parse_bytes("0"), Ok(0));
        for text in ["", "K", "-1", "1T", "99999999999G"] {
            assert!(parse_bytes(text).is_err(), "{text}");
        }
    }
}
