// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From a small format to f32, exactly.

use super::format::{Format, SINGLE};
use crate::builder::{Builder, Compare, with_element};
use melior::ir::{Type, Value, ValueLike};

/// Builds the f32 of a value.
///
/// The bits without sign, put where f32 has its own, are the value divided by
/// 2^(127 - bias), subnormals included; a multiplication by a power of two brings
/// it back without rounding. Infinities and NaNs are put together from their bits.
pub(super) fn decode<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    format: &Format,
    value: Value<'c, 'a>,
) -> Value<'c, 'a> {
    let shaped = |element| with_element(value.r#type(), element);
    let word = shaped(b.int_type(32));
    let single = shaped(Type::float32(b.context()));
    let constant = |number| b.int(word, number);
    let narrow = shaped(b.int_type(format.width));
    let bits = b.value("arith.bitcast", &[value], narrow, &[]);
    let bits = b.convert("arith.extui", bits, word);
    let magnitude = b.binary("arith.andi", bits, constant(format.magnitude_mask()));
    let sign = b.binary("arith.xori", bits, magnitude);
    let sign = b.binary("arith.shli", sign, constant(i64::from(32 - format.width)));
    let shift = constant(i64::from(SINGLE.mantissa - format.mantissa));
    let shifted = b.binary("arith.shli", magnitude, shift);
    let finite = if format.bias == SINGLE.bias {
        shifted
    } else {
        let scale = ((SINGLE.bias - format.bias) as f64).exp2();
        let scaled = b.value("arith.bitcast", &[shifted], single, &[]);
        let scaled = b.binary("arith.mulf", scaled, b.float(single, scale));
        b.value("arith.bitcast", &[scaled], word, &[])
    };
    let special = if format.infinities {
        b.binary("arith.ori", shifted, constant(SINGLE.first_special()))
    } else {
        constant(SINGLE.nan())
    };
    let is_special = b.compare(Compare::Uge, magnitude, constant(format.first_special()));
    let result = b.select(is_special, special, finite);
    let result = b.binary("arith.ori", result, sign);
    b.value("arith.bitcast", &[result], single, &[])
}
