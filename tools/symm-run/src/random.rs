// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Generated inputs: a function of seed, argument name, rank and position, simple enough to compute elsewhere.
//!
//! The stream begins at `s = fnv1a64("SEED:NAME:RANK")`, for values that are the same on all ranks at `fnv1a64("SEED:NAME")`. Component `i` (of a complex element: real part, then
//! imaginary part) takes `u = splitmix64(s + (i + 1) * 0x9e3779b97f4a7c15)`, where `splitmix64` is the finalizer of that
//! generator, and becomes
//!
//! - for floats `(u >> 11) * 2^-52 - 1`, uniform in [-1, 1), rounded to `f32` and then to the type;
//! - for signed integers `u % 17 - 8`, for unsigned ones `u % 17`, for `i1` `u % 2`.

use symm_abi::DType;
use symm_runtime::{Tensor, number};

/// Fills a tensor with the values for an argument on one rank, or on all.
pub fn fill(tensor: &mut Tensor, seed: u64, name: &str, rank: Option<u32>) {
    let key = match rank {
        Some(rank) => format!("{seed}:{name}:{rank}"),
        None => format!("{seed}:{name}"),
    };
    let mut state = fnv1a(key.as_bytes());
    let dtype = tensor.dtype();
    for component in tensor.chunks_exact_mut(number::component_size(dtype)) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        number::from_f64(dtype, value(dtype, mix(state)), component);
    }
}

fn value(dtype: DType, bits: u64) -> f64 {
    match dtype {
        DType::I1 => (bits % 2) as f64,
        DType::U8 => (bits % 17) as f64,
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => (bits % 17) as f64 - 8.0,
        _ => (bits >> 11) as f64 * f64::powi(2.0, -52) - 1.0,
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use symm_abi::Value;

    fn floats(seed: u64, name: &str, rank: Option<u32>) -> Vec<f64> {
        let value = Value {
            name: name.into(),
            dtype: DType::F64,
            shape: vec![1000],
        };
        let mut tensor = Tensor::zeros(&value).unwrap();
        fill(&mut tensor, seed, name, rank);
        tensor
            .chunks_exact(8)
            .map(|bytes| number::to_f64(DType::F64, bytes))
            .collect()
    }

    #[test]
    fn values_follow_from_seed_name_and_rank() {
        let values = floats(1, "x", Some(0));
        assert_eq!(values, floats(1, "x", Some(0)));
        for other in [
            floats(2, "x", Some(0)),
            floats(1, "y", Some(0)),
            floats(1, "x", Some(1)),
            floats(1, "x", None),
        ] {
            assert_ne!(values, other);
        }
        assert!(values.iter().all(|value| (-1.0..1.0).contains(value)));
        let mean = values.iter().sum::<f64>() / 1000.0;
        assert!(mean.abs() < 0.1, "{mean}");
    }

    #[test]
    fn the_generator_is_the_published_one() {
        // First output of SplitMix64 with seed 0.
        assert_eq!(mix(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
