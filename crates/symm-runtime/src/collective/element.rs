// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! How elements of each type are accumulated: widened, combined in the accumulator's type, rounded once.

use crate::number::{decode_e4m3fn, decode_e5m2, encode_e4m3fn, encode_e5m2};
use half::{bf16, f16};

/// A type of elements in memory; any bits are a valid value.
pub(super) trait Element: Copy {
    /// Type in which elements are combined.
    type Accumulator: Copy + Default;

    fn widen(self) -> Self::Accumulator;
    fn round(value: Self::Accumulator) -> Self;
}

macro_rules! as_itself {
    ($($ty:ty),*) => {
        $(impl Element for $ty {
            type Accumulator = Self;

            fn widen(self) -> Self {
                self
            }

            fn round(value: Self) -> Self {
                value
            }
        })*
    };
}

as_itself!(i8, u8, i16, i32, i64, f32, f64);

macro_rules! in_f32 {
    ($($ty:ty: $widen:expr, $round:expr;)*) => {
        $(impl Element for $ty {
            type Accumulator = f32;

            fn widen(self) -> f32 {
                $widen(self)
            }

            fn round(value: f32) -> Self {
                $round(value)
            }
        })*
    };
}

/// Bits of an `f8E4M3FN`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct E4M3(u8);

/// Bits of an `f8E5M2`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct E5M2(u8);

in_f32! {
    f16: f16::to_f32, f16::from_f32;
    bf16: bf16::to_f32, bf16::from_f32;
    E4M3: |element: E4M3| decode_e4m3fn(element.0), |value| E4M3(encode_e4m3fn(value));
    E5M2: |element: E5M2| decode_e5m2(element.0), |value| E5M2(encode_e5m2(value));
}

/// A truth value in a byte; anything but 0 counts as 1.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Bit(u8);

impl Element for Bit {
    type Accumulator = u8;

    fn widen(self) -> u8 {
        u8::from(self.0 != 0)
    }

    fn round(value: u8) -> Self {
        Self(value)
    }
}

/// Arithmetic of the reductions on an accumulator.
pub(super) trait Arithmetic: Copy {
    fn add(self, other: Self) -> Self;
    fn multiply(self, other: Self) -> Self;
    fn lower(self, other: Self) -> Self;
    fn upper(self, other: Self) -> Self;
    /// Divides by the number of ranks.
    fn divide(self, ranks: u32) -> Self;
}

macro_rules! integers {
    ($($ty:ty),*) => {
        $(impl Arithmetic for $ty {
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }

            fn multiply(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }

            fn lower(self, other: Self) -> Self {
                self.min(other)
            }

            fn upper(self, other: Self) -> Self {
                self.max(other)
            }

            fn divide(self, ranks: u32) -> Self {
                // The quotient is no larger than the dividend, so it fits; the divisor alone might not.
                (i64::from(self) / i64::from(ranks)) as Self
            }
        })*
    };
}

integers!(i8, u8, i16, i32, i64);

macro_rules! floats {
    ($($ty:ty),*) => {
        $(impl Arithmetic for $ty {
            fn add(self, other: Self) -> Self {
                self + other
            }

            fn multiply(self, other: Self) -> Self {
                self * other
            }

            fn lower(self, other: Self) -> Self {
                // IEEE 754-2019: NaN wins, and -0 is below +0.
                if self.is_nan() || self < other || (self == other && self.is_sign_negative()) {
                    self
                } else {
                    other
                }
            }

            fn upper(self, other: Self) -> Self {
                if self.is_nan() || self > other || (self == other && self.is_sign_positive()) {
                    self
                } else {
                    other
                }
            }

            fn divide(self, ranks: u32) -> Self {
                self / ranks as $ty
            }
        })*
    };
}

floats!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_of_floats() {
        assert!(f32::NAN.lower(1.0).is_nan() && 1f32.lower(f32::NAN).is_nan());
        assert!(f32::NAN.upper(1.0).is_nan() && 1f32.upper(f32::NAN).is_nan());
        assert!((-0f32).lower(0.0).is_sign_negative() && 0f32.lower(-0.0).is_sign_negative());
        assert!((-0f32).upper(0.0).is_sign_positive() && 0f32.upper(-0.0).is_sign_positive());
        assert_eq!(Arithmetic::lower(2.0, 1.0), 1.0);
        assert_eq!(Arithmetic::upper(f64::NEG_INFINITY, -1.0), -1.0);
    }

    #[test]
    fn integers_wrap_and_truncate() {
        assert_eq!(Arithmetic::add(127i8, 1), -128);
        assert_eq!(Arithmetic::multiply(i64::MAX, 2), -2);
        assert_eq!(Arithmetic::divide(-7i8, 2), -3);
        assert_eq!(Arithmetic::divide(200u8, 3), 66);
        assert_eq!(Arithmetic::divide(-128i8, 200), 0);
        assert_eq!(Arithmetic::divide(i64::MIN, 1), i64::MIN);
    }
}
