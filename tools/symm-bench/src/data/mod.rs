// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the ranks give, what they must get, and how many elements are wrong.
//!
//! The operands repeat with a period that no packet or block size divides, so that the oracle has to reduce one period
//! only, however large the message, and a packet that lands in a wrong place still shows.

mod operand;

use anyhow::{Context, Result};
use symm_abi::{DType, ReduceOp};
use symm_sim::{
    Buffer,
    small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat},
};

use operand::operand;

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

    /// Counts the elements of a result, from element `first` of the period on, that have not the oracle's bits; with `exact`
    /// unset, those that are farther from its value than another order of the sum can explain. All NaNs are equal.
    pub fn wrong(&self, result: &[u8], first: usize, exact: bool) -> u64 {
        let expected = self.expected(PERIOD, first);
        let mut wrong = 0;
        for period in result.chunks(expected.len()) {
            // Almost always all is well, and comparing bytes is fast.
            if *period != expected[..period.len()] {
                wrong += self.wrong_in_period(period, &expected, first, exact);
            }
        }
        wrong
    }

    fn wrong_in_period(&self, period: &[u8], expected: &[u8], first: usize, exact: bool) -> u64 {
        let size = self.dtype.size();
        let pairs = period.chunks_exact(size).zip(expected.chunks_exact(size));
        let wrong = pairs.enumerate().filter(|(at, (got, expected))| {
            got != expected && self.differ(got, expected, (at + first) % PERIOD, exact)
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

fn is_float(dtype: DType) -> bool {
    !matches!(
        dtype,
        DType::I1 | DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64
    )
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
                (data.wrong(&result, 0, true), data.wrong(&result, 0, false)),
                (0, 0),
                "{dtype:?} {op:?}"
            );
            let last = result.len() - 1;
            result[last] ^= 0x40;
            assert_eq!(data.wrong(&result, 0, true), 1, "{dtype:?} {op:?}");
            result[last] ^= 0x40;
            // Behind the special values: a finite number's, or an integer's, last bit.
            result[operand::ZEROS * dtype.size() + 256] ^= 1;
            assert_eq!(data.wrong(&result, 0, true), 1, "{dtype:?} {op:?}");
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
        assert_eq!(data.wrong(&sum([0, 1, 2, 3]), 0, true), 0);
        assert!(data.wrong(&sum([3, 2, 1, 0]), 0, true) > PERIOD as u64 / 10);
        assert_eq!(data.wrong(&sum([3, 2, 1, 0]), 0, false), 0);
    }

    #[test]
    fn a_missing_rank_is_wrong_within_any_tolerance() {
        for dtype in [DType::BF16, DType::F16, DType::F32, DType::F64, DType::I32] {
            let (all, few) = (
                Data::new(dtype, ReduceOp::Sum, 4, false).unwrap(),
                Data::new(dtype, ReduceOp::Sum, 3, false).unwrap(),
            );
            assert!(
                all.wrong(&few.expected, 0, false) > PERIOD as u64 / 2,
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
        let result = data.expected(2 * PERIOD, 7);
        assert_eq!(data.wrong(&result, 7, true), 0);
        assert!(data.wrong(&result, 0, true) > PERIOD as u64);
        assert!(data.wrong(&result, 0, false) > PERIOD as u64);
    }

    /// Folds the first elements of `f32` as a reduction might that does not do as `semantics.md` says.
    fn folded(data: &Data, start: Option<f32>, fold: impl Fn(f32, f32) -> f32) -> Vec<u8> {
        let at =
            |rank: &Vec<u8>, i: usize| f32::from_le_bytes(rank[4 * i..][..4].try_into().unwrap());
        let element = |i: usize| {
            let values = start
                .into_iter()
                .chain(data.inputs.iter().map(|rank| at(rank, i)));
            values.reduce(&fold).unwrap().to_le_bytes()
        };
        (0..operand::ZEROS).flat_map(element).collect()
    }

    #[test]
    fn the_signs_of_zeros_show_however_few_elements_there_are() {
        let wrong = |data: &Data, result: &[u8]| {
            [4, operand::ZEROS].map(|count| data.wrong(&result[..4 * count], 0, true))
        };
        for world in 2..=8 {
            let data = |op| Data::new(DType::F32, op, world, true).unwrap();
            let sum = data(ReduceOp::Sum);
            assert_eq!(wrong(&sum, &folded(&sum, None, |a, b| a + b)), [0, 0]);
            // A start of +0.0 makes −0.0 of no rank's.
            assert_eq!(wrong(&sum, &folded(&sum, Some(0.0), |a, b| a + b)), [2, 24]);
            // Comparisons take both zeros for the same, so that the first or the last one stays.
            for (op, order) in [(ReduceOp::Min, 1.0), (ReduceOp::Max, -1.0)] {
                let data = data(op);
                let first = folded(
                    &data,
                    None,
                    |a, b| if order * b < order * a { b } else { a },
                );
                let last = folded(
                    &data,
                    None,
                    |a, b| if order * a < order * b { a } else { b },
                );
                assert_eq!(wrong(&data, &first), [1, 4], "{op:?}");
                assert_eq!(wrong(&data, &last), [1, 4], "{op:?}");
            }
        }
    }

    #[test]
    fn zeros_have_the_formats_own_signs() {
        let floats = every_pair().filter(|(dtype, _)| is_float(*dtype));
        for (dtype, op) in floats.filter(|(_, op)| *op != ReduceOp::Product) {
            let data = Data::new(dtype, op, 3, true).unwrap();
            let negative = |bytes: &[u8]| {
                let parts = parts(dtype, bytes);
                assert!(parts.iter().all(|x| *x == 0.0), "{dtype:?} {op:?}");
                parts.iter().all(|x| x.is_sign_negative())
            };
            let size = dtype.size();
            let zeros = data.expected[..4 * size].chunks_exact(size).map(negative);
            let mixed = op == ReduceOp::Min;
            assert_eq!(
                zeros.collect::<Vec<_>>(),
                [true, true, mixed, mixed],
                "{dtype:?} {op:?}"
            );
        }
    }
}
