// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a copy costs and what an algorithm saves.
//!
//! Device times on 4 × H100 with NVLink, bf16, in CUDA graphs: NCCL's less that of
//! PyTorch's kernel for the same algorithm, which pulls. They decide only whether
//! copies are worth their time, so that a rough table will do.

use super::choice::Algorithm;

/// Bytes, and nanoseconds saved by one-shot and by two-shot, up to this size.
const SAVED_NS: [(u64, u64, u64); 12] = [
    (1 << 10, 5_500, 6_300),
    (4 << 10, 6_600, 8_200),
    (16 << 10, 6_900, 8_800),
    (64 << 10, 6_600, 7_100),
    (128 << 10, 5_800, 4_900),
    (256 << 10, 4_500, 7_300),
    (512 << 10, 4_900, 8_900),
    (1 << 20, 4_200, 7_000),
    (2 << 20, 2_700, 13_800),
    (4 << 20, 0, 16_900),
    (8 << 20, 0, 20_300),
    (16 << 20, 0, 13_900),
];

/// A kernel in a graph.
const LAUNCH_NS: u64 = 800;
/// Bytes that memory moves in a nanosecond: 3.35 TB/s.
const BYTES_PER_NS: u64 = 3_350;

/// Returns the nanoseconds that an algorithm saves over NCCL: none where nobody
/// measured any.
pub fn saved_ns(algorithm: Algorithm, bytes: u64) -> u64 {
    let row = SAVED_NS.iter().find(|(limit, ..)| bytes <= *limit);
    row.map_or(0, |(_, one_shot, two_shot)| match algorithm {
        Algorithm::OneShot => *one_shot,
        Algorithm::TwoShot => *two_shot,
    })
}

/// Returns the nanoseconds that copies of an operand take: each reads and writes
/// every byte.
pub fn copies_ns(bytes: u64, copies: u64) -> u64 {
    let copy = bytes.saturating_mul(2) / BYTES_PER_NS + LAUNCH_NS;
    copy.saturating_mul(copies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_is_worth_it_below_the_default_thresholds() {
        for shift in 0..=17 {
            assert!(copies_ns(1 << shift, 1) < saved_ns(Algorithm::OneShot, 1 << shift));
        }
        for shift in 18..=23 {
            assert!(copies_ns(1 << shift, 2) < saved_ns(Algorithm::TwoShot, 1 << shift));
        }
        assert!(copies_ns(1 << 24, 1) < saved_ns(Algorithm::TwoShot, 1 << 24));
        assert!(copies_ns(1 << 24, 2) > saved_ns(Algorithm::TwoShot, 1 << 24));
    }

    #[test]
    fn nothing_is_saved_beyond_what_was_measured() {
        assert_eq!(saved_ns(Algorithm::TwoShot, (16 << 20) + 1), 0);
        assert_eq!(saved_ns(Algorithm::OneShot, u64::MAX), 0);
        assert!(copies_ns(u64::MAX, u64::MAX) > 0);
    }
}
