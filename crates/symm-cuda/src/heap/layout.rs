// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where everything lies in a rank's arena, the same on every rank.

use sha2::{Digest, Sha256};
use symm_abi::gpu::{Channel, Fill};

use crate::error::{Error, Result};

/// Where the group's abort word lies in the arena: a `u32`, zero while the group is well.
pub const ABORT_OFFSET: usize = 0;
/// Bytes of the status words at the start of the arena.
pub const HEADER_BYTES: usize = 4096;
/// Where channels and buffers begin: multiples of this.
pub const ALIGN: usize = 512;

const LIMIT: usize = 1 << 47;

/// A channel's range of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelRange {
    /// Where it begins, in bytes from the start of the arena.
    pub offset: usize,
    /// Its size in bytes.
    pub bytes: usize,
    /// What it holds before the first call.
    pub fill: Fill,
}

/// The layout of the arena of every rank of a group: status words, then the channels, then the buffers that the
/// compiler has placed.
///
/// ```
/// use symm_abi::gpu::{Channel, Fill};
/// use symm_cuda::heap::HeapLayout;
///
/// let channel = Channel { bytes: 3 * 4 * 65536, fill: Fill::Ones, state_bytes: 64, stride: 4096, max_count: 32768 };
/// let layout = HeapLayout::new(4, &[channel], 1 << 20)?;
/// assert!(layout.channels()[0].offset < layout.buffers());
/// assert_eq!(layout.bytes(), layout.buffers() + (1 << 20));
/// # Ok::<(), symm_cuda::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeapLayout {
    world: u32,
    channels: Vec<ChannelRange>,
    buffers: usize,
    bytes: usize,
}

impl HeapLayout {
    /// Lays out an arena for a group of `world` ranks with these channels and `buffer_bytes` bytes of buffers.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if the sizes do not fit the address space.
    pub fn new(world: u32, channels: &[Channel], buffer_bytes: usize) -> Result<Self> {
        let mut end = HEADER_BYTES;
        let mut place = |channel: &Channel| {
            let bytes = usize::try_from(channel.bytes).unwrap_or(usize::MAX);
            let range = ChannelRange {
                offset: end,
                bytes,
                fill: channel.fill,
            };
            end = after(end, bytes)?;
            Ok(range)
        };
        let channels = channels.iter().map(&mut place).collect::<Result<_>>()?;
        after(end, buffer_bytes)?;
        Ok(Self {
            world,
            channels,
            buffers: end,
            bytes: end + buffer_bytes,
        })
    }

    /// Returns the number of ranks.
    pub fn world(&self) -> u32 {
        self.world
    }

    /// Returns the channels' ranges, in the order in which the channels were given.
    pub fn channels(&self) -> &[ChannelRange] {
        &self.channels
    }

    /// Returns where the buffers begin.
    pub fn buffers(&self) -> usize {
        self.buffers
    }

    /// Returns the size of the arena before it is rounded up to the device's granularity.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns a hash of the layout, by which ranks find out that they differ.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |number: usize| hash.update((number as u64).to_le_bytes());
        add(self.world as usize);
        for channel in &self.channels {
            let fill = channel.fill.byte().into();
            [channel.offset, channel.bytes, fill]
                .into_iter()
                .for_each(&mut add);
        }
        add(self.buffers);
        add(self.bytes);
        hash.finalize().into()
    }
}

/// Returns where the next part can begin after `bytes` bytes at `begin`.
fn after(begin: usize, bytes: usize) -> Result<usize> {
    let end = begin
        .checked_add(bytes)
        .and_then(|end| end.checked_next_multiple_of(ALIGN));
    end.filter(|end| *end < LIMIT).ok_or(Error::Range {
        what: "a symmetric heap",
        offset: begin,
        len: bytes,
        size: LIMIT,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(bytes: u64, fill: Fill) -> Channel {
        Channel {
            bytes,
            fill,
            state_bytes: 64,
            stride: 1,
            max_count: 1,
        }
    }

    #[test]
    fn parts_neither_overlap_nor_misalign() {
        let channels = [1, 24_000, 0, 513].map(|bytes| channel(bytes, Fill::Ones));
        let layout = HeapLayout::new(3, &channels, 12_345).unwrap();
        let mut end = HEADER_BYTES;
        for (channel, range) in channels.iter().zip(layout.channels()) {
            assert!(range.offset >= end, "{} < {end}", range.offset);
            assert_eq!(range.offset % ALIGN, 0);
            assert_eq!(range.bytes as u64, channel.bytes);
            end = range.offset + range.bytes;
        }
        assert!(layout.buffers() >= end && layout.buffers().is_multiple_of(ALIGN));
        assert_eq!(layout.bytes(), layout.buffers() + 12_345);
    }

    #[test]
    fn any_difference_shows_in_the_hash() {
        let hash = |world, channels: &[Channel], buffers| {
            HeapLayout::new(world, channels, buffers).unwrap().hash()
        };
        let one = channel(4096, Fill::Ones);
        let base = hash(4, &[one], 0);
        assert_eq!(base, hash(4, &[one], 0));
        for other in [
            hash(3, &[one], 0),
            hash(4, &[one, one], 0),
            hash(4, &[channel(8192, Fill::Ones)], 0),
            hash(4, &[channel(4096, Fill::Zeros)], 0),
            hash(4, &[one], 1),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        assert!(HeapLayout::new(2, &[], usize::MAX).is_err());
        let huge = channel(u64::MAX / 2, Fill::Ones);
        assert!(HeapLayout::new(8, &[huge, huge], 0).is_err());
    }
}
