// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Conversions between `f32` and the floats of 16 and 8 bits.

use melior::ir::Type;

use super::emitter::{Cmp, Emitter, Val};

/// An f8 format, as far as rounding an `f32` to it goes.
pub(super) struct Float8 {
    mantissa_bits: u32,
    bias: u32,
    max_finite: u32,
    /// What is too large becomes this.
    overflow: u32,
}

/// No infinity: what is too large becomes NaN.
pub(super) const E4M3FN: Float8 = Float8 {
    mantissa_bits: 3,
    bias: 7,
    max_finite: 0x7E,
    overflow: 0x7F,
};

/// IEEE-like: what is too large becomes infinity.
pub(super) const E5M2: Float8 = Float8 {
    mantissa_bits: 2,
    bias: 15,
    max_finite: 0x7B,
    overflow: 0x7C,
};

/// All mantissa and exponent bits set: a NaN of both formats.
const NAN: u32 = 0x7F;

impl Float8 {
    /// Rounds an `f32` to the nearest number of the format, to even from the middle; the result is in the low bits of an
    /// `i32`.
    ///
    /// Not by `cvt`, which only saturates.
    pub(super) fn encode<'c>(&self, e: &Emitter<'c>, value: Val<'c>) -> Val<'c> {
        let bits = e.bitcast(value, e.int(32));
        let magnitude = e.and(bits, e.i32(0x7FFF_FFFF));
        let sign = e.and(e.shr(bits, e.i32(24)), e.i32(0x80));
        let smallest_normal = e.i32((128 - self.bias) << 23);
        let is_subnormal = e.cmp(Cmp::Ult, magnitude, smallest_normal);
        let code = e.select(
            is_subnormal,
            self.subnormal(e, magnitude),
            self.normal(e, magnitude),
        );
        let overflows = e.cmp(Cmp::Ult, e.i32(self.max_finite), code);
        let code = e.select(overflows, e.i32(self.overflow), code);
        let is_nan = e.cmp(Cmp::Ult, e.i32(0x7F80_0000), magnitude);
        e.or(e.select(is_nan, e.i32(NAN), code), sign)
    }

    /// Adds half of the last place that stays, less the bit that makes a tie go to even, and cuts.
    fn normal<'c>(&self, e: &Emitter<'c>, magnitude: Val<'c>) -> Val<'c> {
        let dropped = 23 - self.mantissa_bits;
        let odd = e.and(e.shr(magnitude, e.i32(dropped)), e.i32(1));
        let rounded = e.add(e.add(magnitude, e.i32((1 << (dropped - 1)) - 1)), odd);
        let rebias = (127 - self.bias) << self.mantissa_bits;
        e.sub(e.shr(rounded, e.i32(dropped)), e.i32(rebias))
    }

    /// Adds a power of two whose last place is the format's smallest number: the hardware's own rounding does the rest.
    fn subnormal<'c>(&self, e: &Emitter<'c>, magnitude: Val<'c>) -> Val<'c> {
        let anchor = e.i32((128 - self.bias - self.mantissa_bits + 23) << 23);
        let sum = e.binary(
            "arith.addf",
            e.bitcast(magnitude, e.f32()),
            e.bitcast(anchor, e.f32()),
        );
        e.sub(e.bitcast(sum, e.int(32)), anchor)
    }
}

/// Returns the `f32` of an f8E4M3FN in an `i8`, on chips that do not convert it.
///
/// Its exponent and mantissa, moved into those of an f16, stand for a number 2⁸ times too small.
pub(super) fn decode_e4m3<'c>(e: &Emitter<'c>, byte: Val<'c>) -> Val<'c> {
    let byte = e.zext(byte, 32);
    let magnitude = e.and(byte, e.i32(0x7F));
    let sign = e.shl(e.and(byte, e.i32(0x80)), e.i32(8));
    let half = e.trunc(e.or(e.shl(magnitude, e.i32(7)), sign), 16);
    let number = e.binary("arith.mulf", f16_to_f32(e, half), e.float(e.f32(), 256.0));
    let is_nan = e.cmp(Cmp::Eq, magnitude, e.i32(NAN));
    e.select(is_nan, e.float(e.f32(), f64::NAN), number)
}

/// Returns the `f32` of the four f8E4M3FN in an `i32`, on chips that convert them.
pub(super) fn convert_e4m3<'c>(e: &Emitter<'c>, bytes: Val<'c>) -> Vec<Val<'c>> {
    let mut lanes = Vec::with_capacity(4);
    for shift in [0, 16] {
        let pair = e.trunc(e.shr(bytes, e.i32(shift)), 16);
        let halves = e.ptx("cvt.rn.f16x2.e4m3x2 {$w0}, {$r0};", &[pair], &[e.int(32)])[0];
        for half in [e.trunc(halves, 16), e.trunc(e.shr(halves, e.i32(16)), 16)] {
            lanes.push(f16_to_f32(e, half));
        }
    }
    lanes
}

/// Returns the `f32` of an f16 in an `i16`.
pub(super) fn f16_to_f32<'c>(e: &Emitter<'c>, half: Val<'c>) -> Val<'c> {
    e.cast("arith.extf", e.bitcast(half, e.f16()), e.f32())
}

/// Rounds two `f32` to a type of 16 bits; the first is in the low half of the `i32` result.
pub(super) fn round_pair<'c>(e: &Emitter<'c>, pair: [Val<'c>; 2], to: Type<'c>) -> Val<'c> {
    let vector = |element| Type::vector(&[2], element);
    let pair = e.op(
        "vector.from_elements",
        &pair,
        &[vector(e.f32())],
        &[],
        Vec::new(),
    )[0];
    let rounded = e.cast("arith.truncf", pair, vector(to));
    let bits = e.cast("vector.bitcast", rounded, Type::vector(&[1], e.int(32)));
    e.extract(bits, 0, e.int(32))
}
