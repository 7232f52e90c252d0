// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The arguments of `examples/tp_block.mlir`: drawn from a fixed seed, whole and in shards.

use std::path::Path;

use anyhow::Result;
use ndarray::{Array, ArrayD, Axis, Dimension, ShapeBuilder};

use super::npy;

/// The number of tokens.
pub const TOKENS: usize = 16;
/// The width of the residual stream.
pub const HIDDEN: usize = 1024;
/// The number of attention heads, over all ranks.
pub const HEADS: usize = 8;
/// The width of a head.
pub const HEAD: usize = HIDDEN / HEADS;
/// The width of the MLP, over all ranks.
pub const FFN: usize = 2816;
/// The number of ranks.
pub const RANKS: usize = 4;

const SEED: u64 = 0x5EED_0F5A_11EE;

/// How an argument is divided among the ranks.
#[derive(Clone, Copy)]
enum Sharding {
    /// Every rank has all of it.
    Replicated,
    /// Rank r has chunk r along this axis.
    Along(Axis),
}

/// An argument of the block, unsharded.
pub struct Argument {
    /// Its name in the program.
    pub name: &'static str,
    /// Its value.
    pub value: ArrayD<f32>,
    sharding: Sharding,
}

impl Argument {
    /// Writes each rank's shard as `<name>.<rank>.npy`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write_shards(&self, folder: &Path) -> Result<()> {
        for rank in 0..RANKS {
            let path = folder.join(format!("{}.{rank}.npy", self.name));
            npy::write(&path, self.shard(rank).view())?;
        }
        Ok(())
    }

    fn shard(&self, rank: usize) -> ArrayD<f32> {
        match self.sharding {
            Sharding::Replicated => self.value.clone(),
            Sharding::Along(axis) => {
                let width = self.value.len_of(axis) / RANKS;
                let range = ndarray::Slice::from(rank * width..(rank + 1) * width);
                self.value.slice_axis(axis, range).to_owned()
            }
        }
    }
}

/// Draws all arguments, in the order of the program's.
pub fn arguments() -> Vec<Argument> {
    let mut random = Random(SEED);
    let columns = Sharding::Along(Axis(1));
    let rows = Sharding::Along(Axis(0));
    let mut matrix = |name, [height, width]: [usize; 2], sharding| {
        // Uniform with variance 1 / height keeps every product at the scale of its input.
        let bound = (3.0 / height as f64).sqrt();
        let value = filled((height, width), || random.uniform(bound));
        Argument {
            name,
            value,
            sharding,
        }
    };
    let x = matrix("x", [TOKENS, HIDDEN], Sharding::Replicated);
    let wq = matrix("wq", [HIDDEN, HIDDEN], columns);
    let wk = matrix("wk", [HIDDEN, HIDDEN], columns);
    let wv = matrix("wv", [HIDDEN, HIDDEN], columns);
    let wo = matrix("wo", [HIDDEN, HIDDEN], rows);
    let w_gate = matrix("w_gate", [HIDDEN, FFN], columns);
    let w_up = matrix("w_up", [HIDDEN, FFN], columns);
    let w_down = matrix("w_down", [FFN, HIDDEN], rows);
    let mut norm = |name| {
        let value = filled(HIDDEN, || 1.0 + random.uniform(0.1));
        Argument {
            name,
            value,
            sharding: Sharding::Replicated,
        }
    };
    let (attention_norm, mlp_norm) = (norm("attention_norm"), norm("mlp_norm"));
    let (cos, sin) = (angles("cos", f64::cos), angles("sin", f64::sin));
    vec![
        x,
        attention_norm,
        wq,
        wk,
        wv,
        cos,
        sin,
        wo,
        mlp_norm,
        w_gate,
        w_up,
        w_down,
    ]
}

/// The rotary embedding's table: for token t and pair i, a function of t · 10000^(-2 i / head).
fn angles(name: &'static str, function: fn(f64) -> f64) -> Argument {
    let value = Array::from_shape_fn((TOKENS, HEAD / 2), |(token, pair)| {
        let frequency = 10000f64.powf(-2.0 * pair as f64 / HEAD as f64);
        function(token as f64 * frequency) as f32
    });
    Argument {
        name,
        value: value.into_dyn(),
        sharding: Sharding::Replicated,
    }
}

fn filled<D: Dimension>(
    shape: impl ShapeBuilder<Dim = D>,
    mut draw: impl FnMut() -> f64,
) -> ArrayD<f32> {
    Array::from_shape_simple_fn(shape, || draw() as f32).into_dyn()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// Draws from [-bound, bound).
    fn uniform(&mut self, bound: f64) -> f64 {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        bound * (2.0 * unit - 1.0)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_put_together_are_the_whole() {
        for argument in arguments() {
            let shards: Vec<_> = (0..RANKS).map(|rank| argument.shard(rank)).collect();
            let views: Vec<_> = shards.iter().map(|shard| shard.view()).collect();
            match argument.sharding {
                Sharding::Replicated => assert!(shards.iter().all(|it| *it == argument.value)),
                Sharding::Along(axis) => {
                    let whole = ndarray::concatenate(axis, &views).expect("shards fit together");
                    assert_eq!(whole, argument.value, "{}", argument.name);
                }
            }
        }
    }
}
