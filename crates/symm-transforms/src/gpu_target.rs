// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Chips and PTX versions that kernels can be made for.
//!
//! LLVM ends the process when it meets a chip or a version that it does not know, or a version too old for a chip. So
//! both are checked here, before LLVM sees them.

use symm_abi::gpu::Chip;

/// Chips with the number behind `sm_` and the oldest PTX version that LLVM 22 takes for each, times ten.
const CHIPS: &[(&str, u32, u32)] = &[
    ("sm_80", 80, 70),
    ("sm_86", 86, 71),
    ("sm_87", 87, 74),
    ("sm_88", 88, 90),
    ("sm_89", 89, 78),
    ("sm_90", 90, 78),
    ("sm_90a", 90, 80),
    ("sm_100", 100, 86),
    ("sm_100a", 100, 86),
    ("sm_100f", 100, 88),
    ("sm_103", 103, 88),
    ("sm_103a", 103, 88),
    ("sm_103f", 103, 88),
    ("sm_110", 110, 90),
    ("sm_110a", 110, 90),
    ("sm_110f", 110, 90),
    ("sm_120", 120, 87),
    ("sm_120a", 120, 87),
    ("sm_120f", 120, 88),
    ("sm_121", 121, 88),
    ("sm_121a", 121, 88),
    ("sm_121f", 121, 88),
];

/// PTX versions that LLVM 22 writes, times ten.
const PTX_VERSIONS: &[u32] = &[
    70, 71, 72, 73, 74, 75, 76, 77, 78, 80, 81, 82, 83, 84, 85, 86, 87, 88, 90,
];

/// Version that we write unless the chip is younger: that of CUDA 12.1, the first in which every chip that converts f8 may
/// do so.
const DEFAULT_PTX_VERSION: u32 = 81;

/// Why there is no such target.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The chip is not one that kernels can be made for.
    #[error("expected a chip out of {}, got {chip}", known.join(", "))]
    Chip {
        /// The chip.
        chip: String,
        /// The chips that are.
        known: Vec<&'static str>,
    },
    /// The version is older than the chip.
    #[error("expected at least PTX {} for {chip}, got PTX {}", dotted(*oldest), dotted(*version))]
    PtxTooOld {
        /// The chip.
        chip: &'static str,
        /// Oldest version for it, times ten.
        oldest: u32,
        /// The version, times ten.
        version: u32,
    },
    /// The version is not one that LLVM writes.
    #[error(
        "expected a PTX version out of {}, got {}",
        known.iter().map(|&version| dotted(version)).collect::<Vec<_>>().join(", "),
        dotted(*version)
    )]
    PtxVersion {
        /// The version, times ten.
        version: u32,
        /// The versions that are.
        known: Vec<u32>,
    },
}

fn dotted(version: u32) -> String {
    format!("{}.{}", version / 10, version % 10)
}

/// A chip and a PTX version that LLVM takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    chip: &'static str,
    number: u32,
    ptx_version: u32,
}

impl Target {
    /// Returns the target for a chip such as `sm_90`, with the oldest PTX version that will do, or with the given one
    /// (times ten: 80 is PTX 8.0).
    ///
    /// # Errors
    ///
    /// Refuses a chip or a version that LLVM does not know, chips before sm_80, and versions too old for the chip.
    pub fn new(chip: &str, ptx_version: Option<u32>) -> Result<Self, TargetError> {
        let &(chip, number, oldest) =
            CHIPS
                .iter()
                .find(|&&(name, ..)| name == chip)
                .ok_or_else(|| TargetError::Chip {
                    chip: chip.to_owned(),
                    known: Self::chips().collect(),
                })?;
        let ptx_version = ptx_version.unwrap_or(oldest.max(DEFAULT_PTX_VERSION));
        if !PTX_VERSIONS.contains(&ptx_version) {
            return Err(TargetError::PtxVersion {
                version: ptx_version,
                known: PTX_VERSIONS.to_vec(),
            });
        }
        if ptx_version < oldest {
            return Err(TargetError::PtxTooOld {
                chip,
                oldest,
                version: ptx_version,
            });
        }
        Ok(Self {
            chip,
            number,
            ptx_version,
        })
    }

    /// Returns the chips that kernels can be made for.
    pub fn chips() -> impl Iterator<Item = &'static str> {
        CHIPS.iter().map(|&(name, ..)| name)
    }

    /// Returns the name of the chip.
    pub fn chip(&self) -> &'static str {
        self.chip
    }

    /// Returns the PTX version, times ten.
    pub fn ptx_version(&self) -> u32 {
        self.ptx_version
    }

    /// Tells whether a grid can wait for the one before it, and let the next one start.
    pub fn has_dependent_launch(&self) -> bool {
        Chip::named(self.chip).is_some_and(Chip::has_dependent_launch)
    }

    /// Tells whether the chip converts f8 by itself.
    pub fn converts_f8(&self) -> bool {
        self.number >= 89 && self.ptx_version >= DEFAULT_PTX_VERSION
    }
}
