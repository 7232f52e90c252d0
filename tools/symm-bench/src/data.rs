// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the ranks give, what they must get, and how many elements are wrong.
//!
//! The operands repeat with a period that no packet or block size divides, so that the oracle has to reduce one period
//! only, however large the message, and a packet that lands in a wrong place still shows.

use anyhow::{Context, Result};
use symm_abi::{DType, ReduceOp};
use symm_sim::{
    Buffer,
    small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat},
};

/// The period of the operands in elements: a prime.
const PERIOD: usize = 4099;

/// One period of the operands and of the result.
pub struct Data {
    dtype: DType,
    inputs: Vec<Vec<u8>>,
    expected: Vec<u8>,
    /// By how much each element may be off when the order of the sum is not ours.
    tolerance: Vec<f64>,
}

impl Data {
    /// Draws operands for `world` ranks, with NaNs and infinities among them if `special`, and asks the oracle for the result.
    pub fn new(dtype: DType, op: ReduceOp, world: u32, special: bool) -> Result<Self> {
        let sim_dtype = symm_sim::DType::ALL
            .into_iter()
            .find(|d| d.name() == dtype.name());
        let sim_op = symm_sim::ReduceOp::ALL
            .into_iter()
            .find(|o| o.name() == op.name());
        let (sim_dtype, sim_op) = sim_dtype
            .zip(sim_op)
            .context("the oracle knows every type and reduction")?;
        let inputs: Vec<_> = (0..world)
            .map(|rank| operand(dtype, op, rank, special))
            .collect();
        let buffers = inputs
            .iter()
            .map(|bytes| Buffer::new(sim_dtype, vec![PERIOD], bytes.clone()));
        let buffers = buffers.collect::<Result<Vec<_>, _>>()?;
        let expected = symm_sim::all_reduce(sim_op, &buffers)?
            .swap_remove(0)
            .bytes()
            .to_vec();
        let tolerance = tolerance(dtype, op, &inputs);
        Ok(Self {
            dtype,
            inputs,
            expected,
            tolerance,
        })
    }

    /// Returns `count` elements of a rank's operand, from element `first` of the period on.
    pub fn input(&self, rank: u32, count: usize, first: usize) -> Vec<u8> {
        self.tile(&self.inputs[rank as usize], count, first)
    }

    /// Returns `count` elements of the result, from element `first` of the period on.
    pub fn expected(&self, count: usize, first: usize) -> Vec<u8> {
        self.tile(&self.expected, count, first)
    }

    /// Counts the elements of a result that have not the oracle's bits; with `exact` unset, those that are farther from
    /// its value than another order of the sum can explain. All NaNs are equal.
    pub fn wrong(&self, result: &[u8], exact: bool) -> u64 {
        let mut wrong = 0;
        for period in result.chunks(self.expected.len()) {
            // Almost always all is well, and comparing bytes is fast.
            if *period != self.expected[..period.len()] {
                wrong += self.wrong_in_period(period, exact);
            }
        }
        wrong
    }

    fn wrong_in_period(&self, period: &[u8], exact: bool) -> u64 {
        let size = self.dtype.size();
        let pairs = period
            .chunks_exact(size)
            .zip(self.expected.chunks_exact(size));
        let wrong = pairs.enumerate().filter(|(at, (got, expected))| {
            got != expected && self.differ(got, expected, *at, exact)
        });
        wrong.count() as u64
    }

    /// Tells whether two elements with different bits are more different than they may be.
    fn differ(&self, got: &[u8], expected: &[u8], at: usize, exact: bool) -> bool {
        if !is_float(self.dtype) {
            return true;
        }
        let pairs = parts(self.dtype, got)
            .into_iter()
            .zip(parts(self.dtype, expected));
        let may = |(got, want): (f64, f64)| {
            let near = !exact && (got - want).abs() <= self.tolerance[at];
            got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan() || near
        };
        !pairs.into_iter().all(may)
    }

    fn tile(&self, period: &[u8], count: usize, first: usize) -> Vec<u8> {
        let (size, length) = (self.dtype.size(), period.len());
        let (before, from) = period.split_at(first % PERIOD * size);
        let mut tiled = [from, before]
            .concat()
            .repeat((count * size).div_ceil(length));
        tiled.truncate(count * size);
        tiled
    }
}

/// One period of a rank's operand.
fn operand(dtype: DType, op: ReduceOp, rank: u32, special: bool) -> Vec<u8> {
    let seed = (u64::from(rank) + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mut random = Random {
        state: 0x9E37_79B9_7F4A_7C15 ^ seed,
        special,
    };
    let mut bytes: Vec<u8> = (0..PERIOD)
        .flat_map(|_| element(dtype, op, &mut random))
        .collect();
    if special && is_float(dtype) && rank == 0 {
        // All ones is a NaN, and what an empty slot holds: whole packets of it must travel too.
        bytes[64..320].fill(0xff);
    }
    bytes
}

fn is_float(dtype: DType) -> bool {
    !matches!(
        dtype,
        DType::I1 | DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64
    )
}

fn element(dtype: DType, op: ReduceOp, random: &mut Random) -> Vec<u8> {
    let mut real = || random.real(op);
    match dtype {
        DType::F32 => real().to_le_bytes().to_vec(),
        DType::C64 => [real(), real()]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        DType::F64 => widened(real()).to_le_bytes().to_vec(),
        DType::C128 => [real(), real()]
            .iter()
            .flat_map(|x| widened(*x).to_le_bytes())
            .collect(),
        DType::F16 => F16.encode(real()).to_le_bytes().to_vec(),
        DType::BF16 => BF16.encode(real()).to_le_bytes().to_vec(),
        DType::F8E4M3FN => vec![F8E4M3FN.encode(real()) as u8],
        DType::F8E5M2 => vec![F8E5M2.encode(real()) as u8],
        DType::I1 => vec![(random.next() & 1) as u8],
        DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => {
            random.next().to_le_bytes()[..dtype.size()].to_vec()
        }
    }
}

/// Gives a number that an `f32` cannot hold.
fn widened(x: f32) -> f64 {
    f64::from(x) * (1.0 + f64::EPSILON * 3.0)
}

/// By how much a result may differ if another order or a rounding at each step is allowed.
fn tolerance(dtype: DType, op: ReduceOp, inputs: &[Vec<u8>]) -> Vec<f64> {
    let epsilon = match dtype {
        DType::F8E5M2 => 0.25,
        DType::F8E4M3FN => 0.125,
        DType::BF16 => 2f64.powi(-8),
        DType::F16 => 2f64.powi(-11),
        DType::F32 | DType::C64 => 2f64.powi(-24),
        DType::F64 | DType::C128 => 2f64.powi(-53),
        _ => 0.0,
    };
    let ranks = inputs.len() as f64;
    let magnitude = |at: usize| {
        let size = dtype.size();
        let of = |input: &Vec<u8>| {
            parts(dtype, &input[at * size..][..size])
                .into_iter()
                .map(f64::abs)
                .fold(0.0, f64::max)
        };
        match op {
            ReduceOp::Product => inputs.iter().map(of).product::<f64>(),
            ReduceOp::Avg => inputs.iter().map(of).sum::<f64>() / ranks,
            _ => inputs.iter().map(of).sum::<f64>(),
        }
    };
    (0..PERIOD)
        .map(|at| magnitude(at) * epsilon * (ranks + 1.0))
        .collect()
}

/// Returns the numbers an element is made of; integers as such.
fn parts(dtype: DType, bytes: &[u8]) -> Vec<f64> {
    let small = |format: SmallFloat| {
        let wide = [bytes[0], bytes.get(1).copied().unwrap_or(0)];
        vec![f64::from(format.decode(u16::from_le_bytes(wide)))]
    };
    let f32s = || {
        bytes
            .chunks_exact(4)
            .map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("four bytes"))))
            .collect()
    };
    let f64s = || {
        bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
            .collect()
    };
    match dtype {
        DType::F16 => small(F16),
        DType::BF16 => small(BF16),
        DType::F8E4M3FN => small(F8E4M3FN),
        DType::F8E5M2 => small(F8E5M2),
        DType::F32 | DType::C64 => f32s(),
        DType::F64 | DType::C128 => f64s(),
        _ => {
            let mut wide = [0; 8];
            wide[..bytes.len()].copy_from_slice(bytes);
            vec![u64::from_le_bytes(wide) as f64]
        }
    }
}

/// A small generator of pseudo-random numbers (xorshift64*), the same everywhere.
struct Random {
    state: u64,
    special: bool,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Draws a number of either sign with a full mantissa, and now and then a negative zero. The magnitudes are far
    /// enough apart that the order of a sum shows, and small enough that no type overflows.
    fn real(&mut self, op: ReduceOp) -> f32 {
        let bits = self.next();
        match bits % 1024 {
            0 if self.special => return f32::NAN,
            1 if self.special => return f32::INFINITY,
            2 if self.special => return f32::NEG_INFINITY,
            0..32 => return -0.0,
            _ => {}
        }
        let exponents = if op == ReduceOp::Product { 1 } else { 5 };
        let exponent = (bits >> 8) as i32 % exponents - exponents / 2;
        let mantissa = 1.0 + (bits >> 41) as f32 / (1u32 << 23) as f32;
        let sign = if bits & 128 == 0 { 1.0 } else { -1.0 };
        sign * mantissa * 2f32.powi(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_pair() -> impl Iterator<Item = (DType, ReduceOp)> {
        let pairs = DType::ALL
            .into_iter()
            .flat_map(|d| ReduceOp::ALL.map(|o| (d, o)));
        pairs.filter(|(dtype, op)| dtype.has_reduction(*op))
    }

    #[test]
    fn the_oracles_result_has_nothing_wrong_and_any_other_bit_does() {
        for (dtype, op) in every_pair() {
            let data = Data::new(dtype, op, 3, true).unwrap();
            let mut result: Vec<u8> = data
                .expected
                .iter()
                .copied()
                .cycle()
                .take(9000 * dtype.size())
                .collect();
            assert_eq!(
                (data.wrong(&result, true), data.wrong(&result, false)),
                (0, 0),
                "{dtype:?} {op:?}"
            );
            let last = result.len() - 1;
            result[last] ^= 0x40;
            assert_eq!(data.wrong(&result, true), 1, "{dtype:?} {op:?}");
            result[last] ^= 0x40;
            // Behind the special values: a finite number's, or an integer's, last bit.
            result[320] ^= 1;
            assert_eq!(data.wrong(&result, true), 1, "{dtype:?} {op:?}");
        }
    }

    #[test]
    fn floats_are_finite_and_their_order_matters() {
        for (dtype, op) in every_pair() {
            let data = Data::new(dtype, op, 8, false).unwrap();
            let finite = data
                .expected
                .chunks_exact(dtype.size())
                .all(|e| parts(dtype, e).iter().all(|x| x.is_finite()));
            assert!(finite, "{dtype:?} {op:?}");
        }
        let data = Data::new(DType::F32, ReduceOp::Sum, 4, true).unwrap();
        let sum = |order: [usize; 4]| -> Vec<u8> {
            let at = |rank: usize, i: usize| {
                f32::from_le_bytes(data.inputs[rank][4 * i..][..4].try_into().unwrap())
            };
            (0..PERIOD)
                .flat_map(|i| {
                    order
                        .iter()
                        .map(|r| at(*r, i))
                        .reduce(|a, b| a + b)
                        .unwrap()
                        .to_le_bytes()
                })
                .collect()
        };
        assert_eq!(data.wrong(&sum([0, 1, 2, 3]), true), 0);
        assert!(data.wrong(&sum([3, 2, 1, 0]), true) > PERIOD as u64 / 10);
        assert_eq!(data.wrong(&sum([3, 2, 1, 0]), false), 0);
    }

    #[test]
    fn a_missing_rank_is_wrong_within_any_tolerance() {
        for dtype in [DType::BF16, DType::F16, DType::F32, DType::F64, DType::I32] {
            let (all, few) = (
                Data::new(dtype, ReduceOp::Sum, 4, false).unwrap(),
                Data::new(dtype, ReduceOp::Sum, 3, false).unwrap(),
            );
            assert!(
                all.wrong(&few.expected, false) > PERIOD as u64 / 2,
                "{dtype:?}"
            );
        }
    }

    #[test]
    fn operands_repeat_with_the_period() {
        let data = Data::new(DType::BF16, ReduceOp::Sum, 2, true).unwrap();
        let long = data.input(1, 3 * PERIOD + 5, 0);
        assert_eq!(long.len(), 2 * (3 * PERIOD + 5));
        assert_eq!(long[..10], long[2 * PERIOD..][..10]);
        assert_eq!(long[2 * 7..][..20], data.input(1, 10, PERIOD + 7));
        assert_ne!(data.input(0, 10, 0), data.input(1, 10, 0));
        assert_eq!(data.wrong(&data.expected(30, 0), true), 0);
        assert!(data.wrong(&data.expected(30, 7), true) > 20);
    }
}
