// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The names of kernels.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Chip, Reduction};
use crate::{DType, ReduceOp};

/// Largest group that kernels exist for; the smallest has two ranks.
pub const MAX_WORLD_SIZE: u32 = 8;

/// Most packets of a call: one bit less than the 32 in which kernels count them, so that no sum overflows.
const MAX_PACKETS: u64 = 1 << 31;

/// How an all-reduce moves its data.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Every rank stores its operand into a slot of every peer and reduces what arrives. No barrier.
    OneShotPush,
    /// Reduce-scatter, then all-gather, both by stores into slots. No barrier.
    TwoShotPush,
    /// A barrier, then every rank reads all operands; a second barrier before the operands may change.
    OneShotPull,
    /// A barrier, then every rank reduces its share of the operands and stores it into every peer's result; a second
    /// barrier when all is there.
    TwoShotPull,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [
        Self::OneShotPush,
        Self::TwoShotPush,
        Self::OneShotPull,
        Self::TwoShotPull,
    ];

    /// Returns the name, as in kernel names and launch tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OneShotPush => "one_shot_push",
            Self::TwoShotPush => "two_shot_push",
            Self::OneShotPull => "one_shot_pull",
            Self::TwoShotPull => "two_shot_pull",
        }
    }

    /// Tells whether data travels through slots of the channel.
    pub const fn is_push(self) -> bool {
        matches!(self, Self::OneShotPush | Self::TwoShotPush)
    }

    /// Tells whether the operand must be symmetric memory.
    pub const fn operand_is_symmetric(self) -> bool {
        !self.is_push()
    }

    /// Tells whether the result must be symmetric memory.
    pub const fn result_is_symmetric(self) -> bool {
        matches!(self, Self::TwoShotPull)
    }

    /// Tells whether the result may be the operand itself.
    pub const fn works_in_place(self) -> bool {
        !matches!(self, Self::OneShotPull)
    }

    /// Returns the numbers of packets of each rank that a thread can have in flight at once.
    ///
    /// More than one makes a difference to large messages. There are kernels for it in the types that these have.
    pub const fn unrolls(self, dtype: DType) -> &'static [u32] {
        match (self, dtype) {
            (Self::TwoShotPush, DType::F16 | DType::BF16 | DType::F32) => &[1, 2],
            (Self::OneShotPull | Self::TwoShotPull, DType::F16 | DType::BF16 | DType::F32) => {
                &[1, 2, 4]
            }
            _ => &[1],
        }
    }

    /// Returns what the kernel can wait for, as an error message names it; the index is
    /// [`ErrorRecord::phase`](super::ErrorRecord::phase).
    pub const fn phases(self) -> &'static [&'static str] {
        match self {
            Self::OneShotPush => &["gather"],
            Self::TwoShotPush => &["reduce-scatter", "all-gather"],
            Self::OneShotPull | Self::TwoShotPull => &["entry barrier", "exit barrier"],
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a slot's words say that they have arrived.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Wire {
    /// 16 bytes of data a packet; a 64-bit word of all ones, a NaN in each of its lanes, has not arrived.
    Sentinel,
    /// 8 bytes of data a packet; each 64-bit word holds 32 bits of data and, above them, the tag of the call.
    Tagged,
}

impl Wire {
    /// Returns the bytes of data in a packet, which takes 16 bytes of a slot.
    pub const fn payload(self) -> u64 {
        match self {
            Self::Sentinel => 16,
            Self::Tagged => 8,
        }
    }
}

/// What a kernel does, and where: its name.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct KernelSpec {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Element type, as [`Reduction::canonical`] gives it.
    pub dtype: DType,
    /// Reduction, as [`Reduction::canonical`] gives it.
    pub reduce_op: ReduceOp,
    /// Ranks of the group: 2 to [`MAX_WORLD_SIZE`].
    pub world_size: u32,
    /// Packets of each rank that a thread has in flight at once: one of [`Algorithm::unrolls`].
    pub unroll: u32,
    /// The chip, for example `sm_90`.
    pub chip: String,
}

/// Why there is no such kernel.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The reduction is not defined for the type.
    #[error("expected a reduction that exists for {dtype}, got {op}")]
    NoReduction {
        /// MLIR's spelling of the type.
        dtype: &'static str,
        /// Name of the reduction.
        op: &'static str,
    },
    /// The pair of type and reduction is served by the kernel of another pair.
    #[error("expected a canonical reduction, got {op} of {dtype}; use `Reduction::canonical`")]
    NotCanonical {
        /// MLIR's spelling of the type.
        dtype: &'static str,
        /// Name of the reduction.
        op: &'static str,
    },
    /// The group is too small or too large.
    #[error("expected a group of 2 to {MAX_WORLD_SIZE} ranks, got {0}")]
    WorldSize(u32),
    /// No kernel has this many packets in flight.
    #[error("expected an unroll factor out of {known:?}, got {unroll}")]
    Unroll {
        /// The factors that are.
        known: &'static [u32],
        /// The factor.
        unroll: u32,
    },
}

impl KernelSpec {
    /// Checks that such a kernel can exist on some chip.
    ///
    /// # Errors
    ///
    /// Names what is out of range.
    pub fn check(&self) -> Result<(), SpecError> {
        let (dtype, op) = (self.dtype.name(), self.reduce_op.name());
        let canonical = Reduction::canonical(self.dtype, self.reduce_op)
            .ok_or(SpecError::NoReduction { dtype, op })?;
        if canonical.dtype != self.dtype || canonical.op != self.reduce_op {
            return Err(SpecError::NotCanonical { dtype, op });
        }
        if !(2..=MAX_WORLD_SIZE).contains(&self.world_size) {
            return Err(SpecError::WorldSize(self.world_size));
        }
        let known = self.algorithm.unrolls(self.dtype);
        if !known.contains(&self.unroll) {
            return Err(SpecError::Unroll {
                known,
                unroll: self.unroll,
            });
        }
        Ok(())
    }

    /// Tells whether the kernel waits for the grid before it, so that it may be launched before that has ended.
    pub fn has_dependent_launch(&self) -> bool {
        Chip::named(&self.chip).is_some_and(Chip::has_dependent_launch)
    }

    /// Returns how slots of this kernel's channel hold data: floats have a NaN to spare, integers need tags.
    pub const fn wire(&self) -> Wire {
        match self.dtype {
            DType::I1 | DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => {
                Wire::Tagged
            }
            _ => Wire::Sentinel,
        }
    }

    /// Returns the bytes of data that a thread handles at once.
    pub const fn packet_payload(&self) -> u64 {
        if self.algorithm.is_push() {
            self.wire().payload()
        } else {
            16
        }
    }

    /// Returns the number of packets that hold `count` elements, the last one perhaps in part.
    pub const fn packets(&self, count: u64) -> u64 {
        (count * self.dtype.size() as u64).div_ceil(self.packet_payload())
    }

    /// Returns every kernel for a chip and groups of one size.
    pub fn all(chip: &str, world_size: u32) -> Vec<Self> {
        let mut all = Vec::new();
        for algorithm in Algorithm::ALL {
            for Reduction { dtype, op, .. } in Reduction::all() {
                all.extend(algorithm.unrolls(dtype).iter().map(|&unroll| Self {
                    algorithm,
                    dtype,
                    reduce_op: op,
                    world_size,
                    unroll,
                    chip: chip.to_owned(),
                }));
            }
        }
        all
    }

    /// Returns the most elements that a call may have: packets are counted in 32 bits.
    pub const fn max_count(&self) -> u64 {
        MAX_PACKETS * self.packet_payload() / self.dtype.size() as u64
    }

    /// Returns the most threads a block may have: the kernel's registers are bounded so that this many fit.
    pub const fn max_threads(&self) -> u32 {
        // Elements of one byte take four times their room while they are reduced.
        let weight = if self.dtype.size() == 1 { 2 } else { 1 };
        match self.world_size * self.unroll * weight {
            0..=4 => 1024,
            5..=8 => 512,
            _ => 256,
        }
    }

    /// Returns the name of the kernel, unique among all specs: entry point and file name.
    pub fn name(&self) -> String {
        format!(
            "symm_{}_{}_{}_w{}_u{}_{}",
            self.algorithm.name(),
            self.dtype.name().to_lowercase(),
            self.reduce_op.name(),
            self.world_size,
            self.unroll,
            self.chip
        )
    }
}

/// A compiled kernel.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KernelImage {
    /// What it does.
    pub spec: KernelSpec,
    /// Name of the entry point in the module.
    pub entry: String,
    /// PTX version times ten: 80 is PTX 8.0.
    pub ptx_version: u32,
    /// The module, in PTX.
    pub ptx: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_out_of_range_are_refused_by_name() {
        let good = KernelSpec {
            algorithm: Algorithm::OneShotPush,
            dtype: DType::BF16,
            reduce_op: ReduceOp::Sum,
            world_size: 4,
            unroll: 1,
            chip: "sm_90".into(),
        };
        assert_eq!(good.check(), Ok(()));
        assert_eq!(good.name(), "symm_one_shot_push_bf16_sum_w4_u1_sm_90");
        let refused = |spec: KernelSpec| spec.check().expect_err("out of range").to_string();
        assert!(
            refused(KernelSpec {
                world_size: 9,
                ..good.clone()
            })
            .contains("got 9")
        );
        assert!(
            refused(KernelSpec {
                world_size: 1,
                ..good.clone()
            })
            .contains("got 1")
        );
        assert!(
            refused(KernelSpec {
                unroll: 3,
                ..good.clone()
            })
            .contains("got 3")
        );
        assert!(
            refused(KernelSpec {
                reduce_op: ReduceOp::BOr,
                ..good.clone()
            })
            .contains("bor")
        );
        assert!(
            refused(KernelSpec {
                dtype: DType::I8,
                ..good.clone()
            })
            .contains("canonical")
        );
    }
}
