// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The reductions, element by element.
//!
//! The elements of the ranks are folded in the order of the ranks, beginning with that of rank 0.
//! Floats of at most 32 bits are folded in `f32` and rounded once at the end; `f64` in `f64`;
//! complex numbers part by part in the type of their parts. Integers wrap in their own width.

use std::{
    fmt,
    ops::{Add, Mul},
};

use crate::{
    dtype::DType,
    number::{Number, decode, encode},
};

/// A reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// The sum.
    Sum,
    /// The sum divided by the number of ranks; for integers cut towards zero.
    Avg,
    /// The product.
    Product,
    /// The least, IEEE 754-2019 `minimum` for floats: NaN wins, −0.0 is below +0.0.
    Min,
    /// The greatest, IEEE 754-2019 `maximum` for floats: NaN wins, +0.0 is above −0.0.
    Max,
    /// Bitwise and.
    BAnd,
    /// Bitwise or.
    BOr,
    /// Bitwise exclusive or.
    BXor,
}

impl ReduceOp {
    /// Every reduction.
    pub const ALL: [Self; 8] = [
        Self::Sum,
        Self::Avg,
        Self::Product,
        Self::Min,
        Self::Max,
        Self::BAnd,
        Self::BOr,
        Self::BXor,
    ];

    /// Returns the name that the dialect prints for the reduction.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Product => "product",
            Self::Min => "min",
            Self::Max => "max",
            Self::BAnd => "band",
            Self::BOr => "bor",
            Self::BXor => "bxor",
        }
    }

    /// Tells whether the reduction is defined for an element type.
    pub fn exists_for(self, dtype: DType) -> bool {
        match dtype {
            DType::I1 => self != Self::Avg,
            DType::I8 | DType::UI8 | DType::I16 | DType::I32 | DType::I64 => true,
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => {
                !matches!(self, Self::BAnd | Self::BOr | Self::BXor)
            }
            DType::F8E4M3FN | DType::F8E5M2 => matches!(self, Self::Sum | Self::Min | Self::Max),
            DType::ComplexF32 | DType::ComplexF64 => matches!(self, Self::Sum | Self::Avg),
        }
    }
}

impl fmt::Display for ReduceOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reduces one element of each rank, given and returned as bits; there is at least one rank and
/// the reduction exists for the element type.
pub(crate) fn reduce_element(op: ReduceOp, dtype: DType, ranks: &[u128]) -> u128 {
    let numbers = ranks.iter().map(|&bits| decode(dtype, bits));
    let folded = numbers
        .reduce(|a, b| combine(op, a, b))
        .expect("a group has members");
    if op != ReduceOp::Avg {
        return encode(dtype, folded);
    }
    let mean = match folded {
        // The sum has wrapped in its own width before it is divided.
        Number::Int(_) => divide(decode(dtype, encode(dtype, folded)), ranks.len()),
        _ => divide(folded, ranks.len()),
    };
    encode(dtype, mean)
}

fn combine(op: ReduceOp, a: Number, b: Number) -> Number {
    match (a, b) {
        (Number::Bool(a), Number::Bool(b)) => Number::Bool(combine_bools(op, a, b)),
        (Number::Int(a), Number::Int(b)) => Number::Int(combine_ints(op, a, b)),
        (Number::F32(a), Number::F32(b)) => Number::F32(combine_reals(op, a, b)),
        (Number::F64(a), Number::F64(b)) => Number::F64(combine_reals(op, a, b)),
        (Number::ComplexF32([a, b]), Number::ComplexF32([c, d])) => {
            Number::ComplexF32([combine_reals(op, a, c), combine_reals(op, b, d)])
        }
        (Number::ComplexF64([a, b]), Number::ComplexF64([c, d])) => {
            Number::ComplexF64([combine_reals(op, a, c), combine_reals(op, b, d)])
        }
        _ => unreachable!("elements of one buffer have one type"),
    }
}

fn combine_bools(op: ReduceOp, a: bool, b: bool) -> bool {
    match op {
        ReduceOp::Sum | ReduceOp::Max | ReduceOp::BOr => a | b,
        ReduceOp::Product | ReduceOp::Min | ReduceOp::BAnd => a & b,
        ReduceOp::BXor => a ^ b,
        ReduceOp::Avg => unreachable!("i1 has no average"),
    }
}

fn combine_ints(op: ReduceOp, a: i64, b: i64) -> i64 {
    match op {
        ReduceOp::Sum | ReduceOp::Avg => a.wrapping_add(b),
        ReduceOp::Product => a.wrapping_mul(b),
        ReduceOp::Min => a.min(b),
        ReduceOp::Max => a.max(b),
        ReduceOp::BAnd => a & b,
        ReduceOp::BOr => a | b,
        ReduceOp::BXor => a ^ b,
    }
}

fn combine_reals<T: Real>(op: ReduceOp, a: T, b: T) -> T {
    match op {
        ReduceOp::Sum | ReduceOp::Avg => a + b,
        ReduceOp::Product => a * b,
        ReduceOp::Min => minimum(a, b),
        ReduceOp::Max => maximum(a, b),
        ReduceOp::BAnd | ReduceOp::BOr | ReduceOp::BXor => unreachable!("floats have no bits"),
    }
}

fn divide(sum: Number, ranks: usize) -> Number {
    match sum {
        Number::Int(sum) => Number::Int(sum / ranks as i64),
        Number::F32(sum) => Number::F32(sum / ranks as f32),
        Number::F64(sum) => Number::F64(sum / ranks as f64),
        Number::ComplexF32(sum) => Number::ComplexF32(sum.map(|part| part / ranks as f32)),
        Number::ComplexF64(sum) => Number::ComplexF64(sum.map(|part| part / ranks as f64)),
        Number::Bool(_) => unreachable!("i1 has no average"),
    }
}

/// What `f32` and `f64` have in common here.
trait Real: Copy + PartialOrd + Add<Output = Self> + Mul<Output = Self> {
    fn is_nan(self) -> bool;
    fn is_sign_negative(self) -> bool;
}

impl Real for f32 {
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn is_sign_negative(self) -> bool {
        self.is_sign_negative()
    }
}

impl Real for f64 {
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn is_sign_negative(self) -> bool {
        self.is_sign_negative()
    }
}

fn minimum<T: Real>(a: T, b: T) -> T {
    if a.is_nan() || a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}

fn maximum<T: Real>(a: T, b: T) -> T {
    if a.is_nan() || a > b || (a == b && !a.is_sign_negative()) {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_and_maximum_propagate_nan_from_either_side() {
        for (a, b) in [
            (f32::NAN, 1.0),
            (1.0, f32::NAN),
            (f32::NAN, f32::NEG_INFINITY),
        ] {
            assert!(minimum(a, b).is_nan());
            assert!(maximum(a, b).is_nan());
        }
    }

    #[test]
    fn negative_zero_is_below_positive_zero() {
        for (a, b) in [(0.0, -0.0), (-0.0, 0.0)] {
            assert!(minimum::<f64>(a, b).is_sign_negative());
            assert!(maximum::<f64>(a, b).is_sign_positive());
        }
    }
}
