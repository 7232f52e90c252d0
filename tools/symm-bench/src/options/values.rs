// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What options can be set to.

use clap::ValueEnum;

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
    /// Those of a symm-bench with --isolation=process, which started this one and says how its ranks die
    #[value(hide = true)]
    Own,
}

/// Where the ranks live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Isolation {
    /// All in this process
    Thread,
    /// One process each
    Process,
}

/// What the ranks' times of a replay make together, by the numbers of nccl-tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// Rank 0's.
    First,
    /// Their mean.
    Mean,
    /// The least: that of the rank which began last.
    #[default]
    Least,
    /// The largest.
    Largest,
}

impl Average {
    /// Parses the number of nccl-tests.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "0" => Ok(Self::First),
            "1" => Ok(Self::Mean),
            "2" => Ok(Self::Least),
            "3" => Ok(Self::Largest),
            _ => Err(format!(
                "expected 0 (rank 0), 1 (average), 2 (least) or 3 (largest), got '{text}'; algorithms are chosen by --algorithms"
            )),
        }
    }

    /// Combines the ranks' times, of which there is at least one, in the order of the ranks.
    pub fn of(self, times: &[f64]) -> f64 {
        let all = times.iter().copied();
        match self {
            Self::First => times[0],
            Self::Mean => all.sum::<f64>() / times.len() as f64,
            Self::Least => all.fold(f64::INFINITY, f64::min),
            Self::Largest => all.fold(0.0, f64::max),
        }
    }

    /// Says whose time it is.
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "rank 0's",
            Self::Mean => "average over ranks",
            Self::Least => "least over ranks",
            Self::Largest => "largest over ranks",
        }
    }
}

/// How NCCL's buffers are registered, by the numbers of nccl-tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Not at all.
    Plain,
    /// As symmetric windows.
    Symmetric,
}

impl Register {
    /// Parses the number of nccl-tests.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "0" => Ok(Self::Plain),
            "2" => Ok(Self::Symmetric),
            _ => Err(format!(
                "expected 0 (plain memory) or 2 (symmetric windows), got '{text}'; there is no registration of one rank's own"
            )),
        }
    }

    /// Tells whether it leaves something to be measured; what is not NCCL's is not concerned.
    pub fn keeps(self, what: What) -> bool {
        match self {
            Self::Plain => what != What::NcclWindow,
            Self::Symmetric => what != What::Nccl,
        }
    }
}
