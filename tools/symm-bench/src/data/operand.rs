// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the ranks give: numbers whose order shows in a sum, both zeros, and, where they are wanted, NaNs and infinities.

use symm_abi::{DType, ReduceOp};
use symm_sim::small_float::{BF16, F8E4M3FN, F8E5M2, F16};

use super::{PERIOD, is_float};

/// Elements at the beginning of a period that are zeros on every rank. The first half takes turns: two elements are −0.0 on all
/// ranks, which only a sum without a starting value leaves as they are; two have another sign on each rank than on the one
/// before it, which only a minimum or maximum that orders zeros gets right. The second half, a whole packet of every type of
/// two bytes or less, is −0.0.
pub(super) const ZEROS: usize = 32;

/// Bytes behind the zeros that are NaNs on rank 0, and as many behind them whose sums are NaNs in the type that overflows to NaN.
const NANS: usize = 256;

/// The least number of `f8E4M3FN`.
const LEAST_F8: u8 = 0xfe;

/// One period of a rank's operand.
pub(super) fn operand(dtype: DType, op: ReduceOp, rank: u32, special: bool) -> Vec<u8> {
    let seed = (u64::from(rank) + 1).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mut random = Random {
        state: 0x9E37_79B9_7F4A_7C15 ^ seed,
        special,
    };
    let mut bytes: Vec<u8> = (0..PERIOD)
        .flat_map(|_| element(dtype, op, &mut random))
        .collect();
    if is_float(dtype) {
        let (zeros, rest) = bytes.split_at_mut(ZEROS * dtype.size());
        for (at, element) in zeros.chunks_exact_mut(dtype.size()).enumerate() {
            fill_with_zero(dtype, element, zero_is_negative(at, rank));
        }
        if special && rank == 0 {
            // All ones is a NaN, and what an empty slot holds: whole packets of it must travel too.
            rest[..NANS].fill(0xff);
        }
        if special && dtype == DType::F8E4M3FN {
            // Negative NaNs, which look like an empty slot too, out of operands that do not.
            rest[NANS..2 * NANS].fill(LEAST_F8);
        }
    }
    bytes
}

fn zero_is_negative(at: usize, rank: u32) -> bool {
    match at % 4 {
        2 if at < ZEROS / 2 => rank.is_multiple_of(2),
        3 if at < ZEROS / 2 => !rank.is_multiple_of(2),
        _ => true,
    }
}

/// Makes an element a zero, whose sign is the highest bit in every format.
fn fill_with_zero(dtype: DType, element: &mut [u8], negative: bool) {
    element.fill(0);
    let parts = if matches!(dtype, DType::C64 | DType::C128) {
        2
    } else {
        1
    };
    for part in element.chunks_exact_mut(dtype.size() / parts) {
        if let Some(highest) = part.last_mut() {
            *highest = u8::from(negative) << 7;
        }
    }
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
