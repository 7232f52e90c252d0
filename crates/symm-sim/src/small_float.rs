// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! f16, bf16 and the two f8 formats, to and from `f32`.
//!
//! All of them are laid out as sign, exponent, mantissa, and their non-negative bit patterns are
//! in the order of the numbers they stand for. Encoding is therefore a search for the two
//! neighbouring patterns between which a number lies.

use std::cmp::Ordering;

/// A floating-point format of at most 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallFloat {
    exponent_bits: u32,
    mantissa_bits: u32,
    /// The pattern of the largest finite number.
    max_finite: u16,
    /// The pattern of what lies beyond it: infinity, or NaN in a format without infinities.
    overflow: u16,
    /// The pattern of the NaN that encoding gives.
    nan: u16,
}

/// IEEE 754 binary16.
pub const F16: SmallFloat = SmallFloat {
    exponent_bits: 5,
    mantissa_bits: 10,
    max_finite: 0x7BFF,
    overflow: 0x7C00,
    nan: 0x7E00,
};

/// The upper half of a binary32.
pub const BF16: SmallFloat = SmallFloat {
    exponent_bits: 8,
    mantissa_bits: 7,
    max_finite: 0x7F7F,
    overflow: 0x7F80,
    nan: 0x7FC0,
};

/// f8E4M3FN: no infinity, so that what overflows becomes NaN.
pub const F8E4M3FN: SmallFloat = SmallFloat {
    exponent_bits: 4,
    mantissa_bits: 3,
    max_finite: 0x7E,
    overflow: 0x7F,
    nan: 0x7F,
};

/// f8E5M2, a binary16 cut to 8 bits.
pub const F8E5M2: SmallFloat = SmallFloat {
    exponent_bits: 5,
    mantissa_bits: 2,
    max_finite: 0x7B,
    overflow: 0x7C,
    nan: 0x7E,
};

impl SmallFloat {
    /// Returns the `f32` that a bit pattern stands for, which is always exact.
    pub fn decode(self, bits: u16) -> f32 {
        let pattern = bits & !self.sign_bit();
        let magnitude = match pattern.cmp(&self.max_finite) {
            Ordering::Less | Ordering::Equal => self.magnitude(pattern) as f32,
            Ordering::Greater if pattern == self.overflow && self.overflow != self.nan => {
                f32::INFINITY
            }
            Ordering::Greater => f32::NAN,
        };
        if bits & self.sign_bit() == 0 {
            magnitude
        } else {
            -magnitude
        }
    }

    /// Returns the pattern of the number nearest to `value`; of two equally near ones, the even.
    pub fn encode(self, value: f32) -> u16 {
        if value.is_nan() {
            return self.nan;
        }
        let sign = if value.is_sign_negative() {
            self.sign_bit()
        } else {
            0
        };
        sign | self.encode_magnitude(f64::from(value.abs()))
    }

    fn encode_magnitude(self, value: f64) -> u16 {
        let below = self.greatest_not_above(value);
        // Past the largest finite number comes the one that its successor would have been.
        let halfway = (self.magnitude(below) + self.magnitude(below + 1)) / 2.0;
        let nearest = match value.total_cmp(&halfway) {
            Ordering::Less => below,
            Ordering::Equal => below + below % 2,
            Ordering::Greater => below + 1,
        };
        if nearest > self.max_finite {
            self.overflow
        } else {
            nearest
        }
    }

    fn greatest_not_above(self, value: f64) -> u16 {
        let (mut low, mut high) = (0, self.max_finite);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.magnitude(middle) <= value {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    /// Returns the number of a pattern without sign, as if every exponent were that of a number.
    fn magnitude(self, pattern: u16) -> f64 {
        let bias = (1 << (self.exponent_bits - 1)) - 1;
        let exponent = i32::from(pattern >> self.mantissa_bits);
        let fraction = pattern & ((1 << self.mantissa_bits) - 1);
        let implicit_one = if exponent == 0 {
            0
        } else {
            1 << self.mantissa_bits
        };
        let scale = exponent.max(1) - bias - self.mantissa_bits as i32;
        f64::from(implicit_one + fraction) * power_of_two(scale)
    }

    fn sign_bit(self) -> u16 {
        1 << (self.exponent_bits + self.mantissa_bits)
    }
}

/// Returns 2 to the given power, which must be that of a normal `f64`.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}
