// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Memory that the launcher writes and the kernels read, or the other way round.

use super::MAX_WORLD_SIZE;

/// Number of epochs after which a channel starts again at epoch 0: one less than there are `u32`, for a packet's tag is its
/// epoch and one, and never 0. Epochs run from 0 to `EPOCH_PERIOD - 1`.
pub const EPOCH_PERIOD: u32 = u32::MAX;

/// Flag of [`KernelParams::flags`]: the next grid may start its prologue at once. Best for small messages.
pub const FLAG_TRIGGER_EARLY: u32 = 1;

/// Flag of [`KernelParams::flags`]: the next grid may start when this one has sent its data.
pub const FLAG_TRIGGER_LATE: u32 = 2;

/// [`ErrorRecord::kind`]: the wait ran out of time.
pub const RECORD_TIMEOUT: u32 = 1;

/// [`ErrorRecord::kind`]: another rank had given up before.
pub const RECORD_ABORTED: u32 = 2;

/// The one parameter of a kernel, passed by value.
///
/// All addresses are those of this rank. Where a peer's copy of something is meant, it lies as far from the peer's
/// channel as it lies from this rank's.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct KernelParams {
    /// `peers[k]`: the channel of rank `(rank + k) % world_size`, as mapped here; `peers[0]` is this rank's own.
    pub peers: [u64; MAX_WORLD_SIZE as usize],
    /// The channel's state: [`Channel::state_bytes`](super::Channel::state_bytes) of this device's memory.
    pub state: u64,
    /// The operand; in symmetric memory if [`Algorithm::operand_is_symmetric`](super::Algorithm::operand_is_symmetric).
    pub input: u64,
    /// The result; in symmetric memory if [`Algorithm::result_is_symmetric`](super::Algorithm::result_is_symmetric).
    /// May equal `input` where [`Algorithm::works_in_place`](super::Algorithm::works_in_place); the two never overlap in
    /// part.
    pub output: u64,
    /// Number of elements, counted as [`Reduction::parts`](super::Reduction::parts) says; 0 does nothing at all.
    pub count: u64,
    /// [`Channel::stride`](super::Channel::stride).
    pub stride: u64,
    /// The group's abort word.
    pub abort: u64,
    /// Device address of this rank's [`ErrorRecord`] for the channel.
    pub record: u64,
    /// Longest wait for a peer in nanoseconds; `u64::MAX` means forever.
    pub timeout_ns: u64,
    /// This rank.
    pub rank: u32,
    /// Id of the op, for the error record.
    pub op: u32,
    /// [`FLAG_TRIGGER_EARLY`] or [`FLAG_TRIGGER_LATE`] or 0; without effect on chips before sm_90.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a channel of a rank tells the host about the first wait that failed; all zeros while all is well.
///
/// The device writes [`kind`](Self::kind) last, with release semantics at system scope: read it first, with acquire.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct ErrorRecord {
    /// 0, [`RECORD_TIMEOUT`] or [`RECORD_ABORTED`].
    pub kind: u32,
    /// [`KernelParams::op`].
    pub op: u32,
    /// Index into [`Algorithm::phases`](super::Algorithm::phases).
    pub phase: u32,
    /// The rank whose data or signal was missing.
    pub peer: u32,
    /// Epoch of the block that waited.
    pub epoch: u32,
    /// The block that waited.
    pub block: u32,
    /// The rank that gave up first: this one after a timeout.
    pub cause: u32,
    /// Zero.
    pub reserved: u32,
}

/// Head of a channel's state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct StateHeader {
    /// Nonzero once a thread of this rank has claimed the channel's error record.
    pub claimed: u32,
    /// Zero.
    pub reserved: [u32; 7],
}

/// State of one block of a channel: block `b` has the one at `size_of::<StateHeader>() + b * size_of::<BlockState>()`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct BlockState {
    /// Epoch of the next call. A channel may start at any epoch below [`EPOCH_PERIOD`], the same on every rank; the signal
    /// words of a pull channel are then twice that epoch at first, modulo 2³².
    pub epoch: u32,
    /// Slot of the next call.
    pub slot: u32,
    /// Packets (of each sender) that the last call used, to be cleared by the next one.
    pub used: u32,
    /// Zero.
    pub reserved: u32,
    /// Zero; keeps two blocks' states out of one 32-byte sector.
    pub padding: [u64; 2],
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn layouts_are_the_documented_ones() {
        assert_eq!(size_of::<KernelParams>(), 144);
        assert_eq!(offset_of!(KernelParams, state), 64);
        assert_eq!(offset_of!(KernelParams, timeout_ns), 120);
        assert_eq!(offset_of!(KernelParams, flags), 136);
        assert_eq!(size_of::<ErrorRecord>(), 32);
        assert_eq!(size_of::<StateHeader>(), 32);
        assert_eq!(size_of::<BlockState>(), 32);
        assert_eq!(offset_of!(BlockState, used), 8);
    }
}
