// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reduction of equally long arrays, element by element, in the order of the ranks.

use super::element::{Arithmetic, Bit, E4M3, E5M2, Element};
use half::{bf16, f16};
use symm_abi::{DType, ReduceOp};

/// Elements that are accumulated at once: enough to hide the loop over the ranks, few enough for the fastest cache.
const BLOCK: usize = 256;

/// The arrays of one reduction.
pub(super) struct Fold<'a> {
    /// One array per rank, in rank order; at least one.
    pub(super) inputs: &'a [*const u8],
    pub(super) output: *mut u8,
    /// Elements of each array.
    pub(super) count: usize,
}

impl Fold<'_> {
    /// Reduces with a reduction that the element type has.
    ///
    /// # Safety
    /// The inputs are readable and the output writable for `count` elements, at any alignment; the output is none of the inputs.
    pub(super) unsafe fn run(&self, dtype: DType, op: ReduceOp) {
        // SAFETY: passed on from the caller; the components of a complex array are twice as many floats.
        unsafe {
            match dtype {
                DType::I1 => self.bits(op),
                DType::I8 => self.integers::<i8>(op),
                DType::U8 => self.integers::<u8>(op),
                DType::I16 => self.integers::<i16>(op),
                DType::I32 => self.integers::<i32>(op),
                DType::I64 => self.integers::<i64>(op),
                DType::F16 => self.numbers::<f16>(op),
                DType::BF16 => self.numbers::<bf16>(op),
                DType::F32 => self.numbers::<f32>(op),
                DType::F64 => self.numbers::<f64>(op),
                DType::F8E4M3FN => self.numbers::<E4M3>(op),
                DType::F8E5M2 => self.numbers::<E5M2>(op),
                DType::C64 => Self {
                    count: 2 * self.count,
                    ..*self
                }
                .numbers::<f32>(op),
                DType::C128 => Self {
                    count: 2 * self.count,
                    ..*self
                }
                .numbers::<f64>(op),
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn bits(&self, op: ReduceOp) {
        // SAFETY: passed on from the caller.
        unsafe {
            match op {
                ReduceOp::Sum | ReduceOp::Max | ReduceOp::BOr => {
                    self.with::<Bit>(|a, b| a | b, |a| a)
                }
                ReduceOp::Product | ReduceOp::Min | ReduceOp::BAnd => {
                    self.with::<Bit>(|a, b| a & b, |a| a)
                }
                ReduceOp::BXor => self.with::<Bit>(|a, b| a ^ b, |a| a),
                ReduceOp::Avg => unreachable!("i1 has no avg"),
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn integers<T>(&self, op: ReduceOp)
    where
        T: Element<Accumulator = T> + Arithmetic + Default + std::ops::BitAnd<Output = T>,
        T: std::ops::BitOr<Output = T> + std::ops::BitXor<Output = T>,
    {
        // SAFETY: passed on from the caller.
        unsafe {
            match op {
                ReduceOp::BAnd => self.with::<T>(|a, b| a & b, |a| a),
                ReduceOp::BOr => self.with::<T>(|a, b| a | b, |a| a),
                ReduceOp::BXor => self.with::<T>(|a, b| a ^ b, |a| a),
                _ => self.numbers::<T>(op),
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn numbers<T: Element<Accumulator: Arithmetic>>(&self, op: ReduceOp) {
        let ranks = self.inputs.len() as u32;
        // SAFETY: passed on from the caller.
        unsafe {
            match op {
                ReduceOp::Sum => self.with::<T>(Arithmetic::add, |a| a),
                ReduceOp::Avg => self.with::<T>(Arithmetic::add, |a| a.divide(ranks)),
                ReduceOp::Product => self.with::<T>(Arithmetic::multiply, |a| a),
                ReduceOp::Min => self.with::<T>(Arithmetic::lower, |a| a),
                ReduceOp::Max => self.with::<T>(Arithmetic::upper, |a| a),
                ReduceOp::BAnd | ReduceOp::BOr | ReduceOp::BXor => {
                    unreachable!("only integers have bitwise reductions")
                }
            }
        }
    }

    /// Folds from rank 0's value on with `combine`, and rounds what `finish` makes of the result.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn with<T: Element>(
        &self,
        combine: impl Fn(T::Accumulator, T::Accumulator) -> T::Accumulator,
        finish: impl Fn(T::Accumulator) -> T::Accumulator,
    ) {
        let mut block = [T::Accumulator::default(); BLOCK];
        for begin in (0..self.count).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(self.count - begin)];
            for (rank, input) in self.inputs.iter().enumerate() {
                // SAFETY: `begin + i < count`, and the caller vouches for `count` elements.
                let element =
                    |i: usize| unsafe { input.cast::<T>().add(begin + i).read_unaligned().widen() };
                if rank == 0 {
                    block
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, total)| *total = element(i));
                } else {
                    block
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, total)| *total = combine(*total, element(i)));
                }
            }
            for (i, &total) in block.iter().enumerate() {
                let rounded = T::round(finish(total));
                // SAFETY: as above, for the output.
                unsafe {
                    self.output
                        .cast::<T>()
                        .add(begin + i)
                        .write_unaligned(rounded)
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold<T: Copy + Default>(dtype: DType, op: ReduceOp, inputs: &[Vec<T>]) -> Vec<T> {
        let mut output = vec![T::default(); inputs[0].len()];
        let inputs: Vec<*const u8> = inputs.iter().map(|input| input.as_ptr().cast()).collect();
        let count = output.len() * size_of::<T>() / dtype.size();
        let fold = Fold {
            inputs: &inputs,
            output: output.as_mut_ptr().cast(),
            count,
        };
        // SAFETY: vectors of `count` elements each.
        unsafe { fold.run(dtype, op) };
        output
    }

    #[test]
    fn half_precision_rounds_once_at_the_end() {
        // Each addition alone would be lost in f16.
        let inputs = [
            vec![f16::from_f32(2048.0)],
            vec![f16::from_f32(1.0)],
            vec![f16::from_f32(1.0)],
        ];
        assert_eq!(
            fold(DType::F16, ReduceOp::Sum, &inputs),
            [f16::from_f32(2050.0)]
        );
        let inputs = [
            vec![bf16::from_f32(256.0)],
            vec![bf16::from_f32(1.0)],
            vec![bf16::from_f32(1.0)],
        ];
        assert_eq!(
            fold(DType::BF16, ReduceOp::Sum, &inputs),
            [bf16::from_f32(258.0)]
        );
    }

    #[test]
    fn order_is_that_of_the_ranks() {
        let inputs = [vec![1e8f32], vec![1.0], vec![-1e8]];
        assert_eq!(fold(DType::F32, ReduceOp::Sum, &inputs), [0.0]);
        let inputs = [vec![1e8f32], vec![-1e8], vec![1.0]];
        assert_eq!(fold(DType::F32, ReduceOp::Sum, &inputs), [1.0]);
        let zeros = fold(
            DType::F32,
            ReduceOp::Sum,
            &[vec![-0f32; 1000], vec![-0.0; 1000]],
        );
        assert!(zeros.iter().all(|zero| zero.to_bits() == 0x8000_0000));
    }

    #[test]
    fn averages() {
        assert_eq!(
            fold(
                DType::I8,
                ReduceOp::Avg,
                &[vec![100i8, -3], vec![100, -4], vec![0, 0]]
            ),
            [-18, -2]
        );
        assert_eq!(
            fold(DType::U8, ReduceOp::Avg, &[vec![200u8], vec![100]]),
            [22]
        );
        assert_eq!(
            fold(
                DType::C64,
                ReduceOp::Avg,
                &[vec![1f32, 2.0], vec![2.0, 4.0]]
            ),
            [1.5, 3.0]
        );
    }

    #[test]
    fn truth_values_stay_truth_values() {
        let inputs = [vec![0u8, 1, 2, 0], vec![0, 1, 1, 255]];
        assert_eq!(fold(DType::I1, ReduceOp::Sum, &inputs), [0, 1, 1, 1]);
        assert_eq!(fold(DType::I1, ReduceOp::Product, &inputs), [0, 1, 1, 0]);
        assert_eq!(fold(DType::I1, ReduceOp::BXor, &inputs), [0, 0, 0, 1]);
    }

    #[test]
    fn small_floats_overflow_as_their_formats_do() {
        let inputs = [vec![0x7eu8, 0x80], vec![0x7e, 0x80]];
        assert_eq!(fold(DType::F8E4M3FN, ReduceOp::Sum, &inputs), [0x7f, 0x80]);
        let inputs = [vec![0x7bu8], vec![0x7b]];
        assert_eq!(fold(DType::F8E5M2, ReduceOp::Sum, &inputs), [0x7c]);
    }
}
