// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How a channel is laid out.

use std::mem::size_of;

use super::{Algorithm, BlockState, KernelSpec, MAX_WORLD_SIZE, StateHeader, Wire};

/// Slots that the calls on a push channel use in turn.
///
/// A call writes one, and clears the one that the call before it used; the third is the one that a peer which is a call
/// ahead may already be writing.
pub const SLOTS: u64 = 3;

/// Bytes of a block's signal words in a pull channel: one `u32` per sender, one 32-byte sector per block.
pub const SIGNAL_BYTES: u64 = MAX_WORLD_SIZE as u64 * 4;

const PACKET_BYTES: u64 = 16;

/// What a channel is filled with before its first call, on every rank, before any rank makes that call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fill {
    /// Every byte 0.
    Zeros,
    /// Every byte 0xFF.
    Ones,
}

impl Fill {
    /// Returns the byte.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Zeros => 0,
            Self::Ones => 0xFF,
        }
    }
}

/// Layout of the channel of one kernel.
///
/// In a push channel packet `i` of sender `r` lies at `(((slot * areas + area) * world_size + r) * stride + i) * 16`;
/// one-shot has one area, two-shot two: reduce-scatter, then all-gather. In a pull channel block `b`'s signal word of
/// sender `r` lies at `b * SIGNAL_BYTES + r * 4`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Channel {
    /// Bytes of symmetric memory, to be aligned to [`Channel::ALIGN`].
    pub bytes: u64,
    /// What they are filled with at first.
    pub fill: Fill,
    /// Bytes of ordinary device memory for the state, aligned to [`Channel::ALIGN`] and zero at first.
    pub state_bytes: u64,
    /// Packets of one sender in one area: [`KernelParams::stride`](super::KernelParams::stride); 0 for pull.
    pub stride: u64,
    /// Most elements (of the kernel) that a call may have.
    pub max_count: u64,
}

impl Channel {
    /// Alignment of a channel and of its state in bytes.
    pub const ALIGN: u64 = 128;

    /// Lays out a channel for calls of at most `max_count` elements (of the kernel) in launches of `blocks` blocks; no
    /// channel takes more than [`KernelSpec::max_count`].
    pub const fn new(spec: &KernelSpec, max_count: u64, blocks: u32) -> Self {
        let world = spec.world_size as u64;
        let max_count = if max_count < spec.max_count() {
            max_count
        } else {
            spec.max_count()
        };
        let packets = spec.packets(max_count);
        let (areas, stride) = match spec.algorithm {
            Algorithm::OneShotPush => (1, packets),
            Algorithm::TwoShotPush => (2, packets.div_ceil(world)),
            Algorithm::OneShotPull | Algorithm::TwoShotPull => (0, 0),
        };
        let signals = if spec.algorithm.is_push() {
            0
        } else {
            blocks as u64 * SIGNAL_BYTES
        };
        let fill = match spec.wire() {
            Wire::Sentinel if spec.algorithm.is_push() => Fill::Ones,
            _ => Fill::Zeros,
        };
        Self {
            bytes: SLOTS * areas * world * stride * PACKET_BYTES + signals,
            fill,
            state_bytes: size_of::<StateHeader>() as u64
                + blocks as u64 * size_of::<BlockState>() as u64,
            stride,
            max_count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, ReduceOp};

    fn spec(algorithm: Algorithm, dtype: DType) -> KernelSpec {
        KernelSpec {
            algorithm,
            dtype,
            reduce_op: ReduceOp::Sum,
            world_size: 3,
            unroll: 1,
            chip: "sm_90".into(),
        }
    }

    #[test]
    fn slots_hold_the_largest_call() {
        let channel = Channel::new(&spec(Algorithm::OneShotPush, DType::BF16), 1001, 7);
        assert_eq!(channel.stride, 126);
        assert_eq!(channel.bytes, 3 * 3 * 126 * 16);
        assert_eq!(channel.fill, Fill::Ones);
        assert_eq!(channel.state_bytes, 32 + 7 * 32);
    }

    #[test]
    fn integers_take_twice_the_bytes() {
        let channel = Channel::new(&spec(Algorithm::TwoShotPush, DType::I32), 1000, 1);
        assert_eq!(channel.stride, 167);
        assert_eq!(channel.bytes, 3 * 2 * 3 * 167 * 16);
        assert_eq!(channel.fill, Fill::Zeros);
    }

    #[test]
    fn pull_channels_hold_signals_only() {
        let channel = Channel::new(&spec(Algorithm::TwoShotPull, DType::F32), 1 << 30, 5);
        assert_eq!(
            (channel.bytes, channel.stride, channel.fill),
            (160, 0, Fill::Zeros)
        );
    }
}
