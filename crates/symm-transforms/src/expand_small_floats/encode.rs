// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From f32 or f64 to a small format, rounded once: to nearest, ties to even.

use super::format::{DOUBLE, Format, SINGLE};
use crate::builder::{Builder, Compare, element, with_element};
use melior::ir::{Type, Value, ValueLike};

/// What the steps of one conversion share.
struct Encoder<'b, 'c, 'a> {
    b: &'b Builder<'c, 'a>,
    source: Format,
    target: Format,
    float: Type<'c>,
    word: Type<'c>,
}

/// Builds the small float that is nearest to an f32 or f64.
pub(super) fn encode<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    target: &Format,
    value: Value<'c, 'a>,
) -> Value<'c, 'a> {
    let float = value.r#type();
    let shaped = |element| with_element(float, element);
    let source = match element(float) == Type::float64(b.context()) {
        true => DOUBLE,
        false => SINGLE,
    };
    let word = shaped(b.int_type(source.width));
    let encoder = Encoder {
        b,
        source,
        target: *target,
        float,
        word,
    };
    let narrow = shaped(b.int_type(target.width));
    let narrow = b.convert("arith.trunci", encoder.bits(value), narrow);
    b.value(
        "arith.bitcast",
        &[narrow],
        shaped(small_type(b, target)),
        &[],
    )
}

impl<'c: 'a, 'a> Encoder<'_, 'c, 'a> {
    fn bits(&self, value: Value<'c, 'a>) -> Value<'c, 'a> {
        let b = self.b;
        let bits = b.value("arith.bitcast", &[value], self.word, &[]);
        let magnitude = b.binary(
            "arith.andi",
            bits,
            self.constant(self.source.magnitude_mask()),
        );
        let sign = b.binary("arith.xori", bits, magnitude);
        let sign = self.shift_right(sign, self.source.width - self.target.width);

        let normal = self.round_normal(magnitude);
        let finite = if self.source.bias == self.target.bias {
            normal
        } else {
            let least = self.exponent(1 - self.target.bias);
            let is_subnormal = b.compare(Compare::Ult, magnitude, self.constant(least));
            b.select(is_subnormal, self.round_subnormal(magnitude), normal)
        };
        // Rounding may have carried into the exponent: this is where too large
        // values end.
        let largest = self.constant(self.target.first_special());
        let clamped = b.binary("arith.minui", finite, largest);
        let first_nan = self.constant(self.source.first_special());
        let is_nan = b.compare(Compare::Ugt, magnitude, first_nan);
        let result = b.select(is_nan, self.constant(self.target.nan()), clamped);
        b.binary("arith.ori", result, sign)
    }

    /// Changes the bias, adds half of the last place that stays, less one if the
    /// number is even, and cuts.
    fn round_normal(&self, magnitude: Value<'c, 'a>) -> Value<'c, 'a> {
        let b = self.b;
        let cut = self.source.mantissa - self.target.mantissa;
        let rebias = (self.source.bias - self.target.bias) << self.source.mantissa;
        let rebiased = b.sub(magnitude, self.constant(rebias));
        let odd = b.binary(
            "arith.andi",
            self.shift_right(rebiased, cut),
            self.constant(1),
        );
        let half = b.add(odd, self.constant((1 << (cut - 1)) - 1));
        self.shift_right(b.add(rebiased, half), cut)
    }

    /// Adds a power of two whose last place is the smallest subnormal, so that the
    /// addition rounds there; what it added besides are the bits.
    fn round_subnormal(&self, magnitude: Value<'c, 'a>) -> Value<'c, 'a> {
        let b = self.b;
        let last_place = 1 - self.target.bias - i64::from(self.target.mantissa);
        let magic = self.constant(self.exponent(last_place + i64::from(self.source.mantissa)));
        let float = |bits| b.value("arith.bitcast", &[bits], self.float, &[]);
        let sum = b.binary("arith.addf", float(magnitude), float(magic));
        b.sub(b.value("arith.bitcast", &[sum], self.word, &[]), magic)
    }

    /// Returns the bits of a power of two in the source's format.
    fn exponent(&self, power: i64) -> i64 {
        (power + self.source.bias) << self.source.mantissa
    }

    fn shift_right(&self, value: Value<'c, 'a>, bits: u32) -> Value<'c, 'a> {
        self.b
            .binary("arith.shrui", value, self.constant(i64::from(bits)))
    }

    fn constant(&self, value: i64) -> Value<'c, 'a> {
        self.b.int(self.word, value)
    }
}

fn small_type<'c: 'a, 'a>(b: &Builder<'c, 'a>, format: &Format) -> Type<'c> {
    match (format.width, format.mantissa) {
        (16, 10) => Type::float16(b.context()),
        (16, _) => Type::bfloat16(b.context()),
        (_, 2) => Type::float8_e5m2(b.context()),
        _ => Type::float8_e4m3fn(b.context()),
    }
}
