// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Every pattern of the small float formats, and every place where rounding can go wrong.

use proptest::prelude::*;
use symm_sim::small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat};

/// Compares two floats bit by bit, all NaNs being one.
fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The number at, and the two numbers beside, each pattern and each midpoint of two patterns.
fn critical_values(format: SmallFloat, patterns: impl Iterator<Item = u16>) -> Vec<f32> {
    let finite: Vec<_> = patterns
        .map(|bits| format.decode(bits))
        .filter(|x| x.is_finite())
        .collect();
    let midpoints = finite.windows(2).map(|pair| pair[0] / 2.0 + pair[1] / 2.0);
    let around = |x: f32| [x.next_down(), x, x.next_up()];
    let extremes = [
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    finite
        .iter()
        .copied()
        .chain(midpoints)
        .flat_map(around)
        .chain(extremes)
        .collect()
}

#[test]
fn every_f16_pattern_decodes_as_the_half_crate_has_it() {
    for bits in 0..=u16::MAX {
        assert!(
            same(F16.decode(bits), half::f16::from_bits(bits).to_f32()),
            "{bits:#06x}"
        );
    }
}

#[test]
fn every_bf16_pattern_decodes_as_the_upper_half_of_an_f32() {
    for bits in 0..=u16::MAX {
        assert!(
            same(BF16.decode(bits), f32::from_bits(u32::from(bits) << 16)),
            "{bits:#06x}"
        );
    }
}

#[test]
fn every_critical_value_encodes_as_the_half_crate_has_it() {
    for x in critical_values(F16, 0..=u16::MAX) {
        let expected = half::f16::from_f32(x);
        assert!(
            same(F16.decode(F16.encode(x)), expected.to_f32()),
            "f16 of {x:e}"
        );
        assert!(
            x.is_nan() || F16.encode(x) == expected.to_bits(),
            "f16 of {x:e}"
        );
    }
    for x in critical_values(BF16, 0..=u16::MAX) {
        let expected = half::bf16::from_f32(x);
        assert!(
            same(BF16.decode(BF16.encode(x)), expected.to_f32()),
            "bf16 of {x:e}"
        );
        assert!(
            x.is_nan() || BF16.encode(x) == expected.to_bits(),
            "bf16 of {x:e}"
        );
    }
}

#[test]
fn every_pattern_survives_decoding_and_encoding() {
    let formats = [
        (F16, u16::MAX),
        (BF16, u16::MAX),
        (F8E4M3FN, 0xFF),
        (F8E5M2, 0xFF),
    ];
    for (format, last) in formats {
        for bits in 0..=last {
            let value = format.decode(bits);
            let encoded = format.encode(value);
            assert!(value.is_nan() || encoded == bits, "{format:?} {bits:#06x}");
            assert!(
                same(format.decode(encoded), value),
                "{format:?} {bits:#06x}"
            );
        }
    }
}

#[test]
fn f8e5m2_is_the_upper_half_of_an_f16() {
    for bits in 0..=0xFF_u16 {
        let expected = half::f16::from_bits(bits << 8).to_f32();
        assert!(same(F8E5M2.decode(bits), expected), "{bits:#04x}");
    }
}

/// f8E4M3FN written out a second time: the value is `mantissa / 8 * 2^(exponent - 7)`.
fn f8e4m3fn_value(bits: u16) -> f64 {
    let (exponent, mantissa) = (i32::from(bits >> 3 & 0xF), f64::from(bits & 7));
    let magnitude = match (exponent, bits & 7) {
        (15, 7) => f64::NAN,
        (0, _) => mantissa / 8.0 * 2f64.powi(-6),
        _ => (1.0 + mantissa / 8.0) * 2f64.powi(exponent - 7),
    };
    if bits & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[test]
fn every_f8e4m3fn_pattern_decodes_as_the_format_is_defined() {
    for bits in 0..=0xFF {
        assert!(
            same(F8E4M3FN.decode(bits), f8e4m3fn_value(bits) as f32),
            "{bits:#04x}"
        );
    }
    assert_eq!(F8E4M3FN.decode(0x7E), 448.0);
    assert_eq!(F8E4M3FN.decode(0x01), 2f32.powi(-9));
}

/// The nearest finite value, found by trying all; of two, the one with the even pattern.
fn nearest_by_trial(format: SmallFloat, x: f32) -> f32 {
    let finite = (0..=0xFF_u16).filter(|&bits| format.decode(bits).is_finite());
    let best = finite.min_by(|&a, &b| {
        let distance = |bits| (f64::from(format.decode(bits)) - f64::from(x)).abs();
        let wrong_sign = |bits| format.decode(bits).is_sign_negative() != x.is_sign_negative();
        (distance(a).total_cmp(&distance(b)))
            .then(wrong_sign(a).cmp(&wrong_sign(b)))
            .then((a % 2).cmp(&(b % 2)))
    });
    format.decode(best.expect("a format has finite values"))
}

#[test]
fn every_critical_value_within_range_encodes_to_the_nearest_f8() {
    // The largest numbers that still round to the largest finite value: a tie goes to the even
    // pattern, which is 0x7E of f8E4M3FN, but not 0x7B of f8E5M2.
    for (format, limit) in [(F8E4M3FN, 464.0), (F8E5M2, 61440f32.next_down())] {
        for x in critical_values(format, 0..=0xFF) {
            if x.abs() <= limit {
                let encoded = format.decode(format.encode(x));
                assert!(
                    same(encoded, nearest_by_trial(format, x)),
                    "{format:?} of {x:e}"
                );
            }
        }
    }
}

#[test]
fn f8e4m3fn_overflows_to_nan() {
    for x in [464f32.next_up(), 480.0, 1e30, f32::INFINITY] {
        assert_eq!(F8E4M3FN.encode(x), 0x7F);
        assert_eq!(F8E4M3FN.encode(-x), 0xFF);
    }
}

#[test]
fn f8e5m2_overflows_to_infinity() {
    for x in [61440.0, 65536.0, 1e30, f32::INFINITY] {
        assert_eq!(F8E5M2.encode(x), 0x7C);
        assert_eq!(F8E5M2.encode(-x), 0xFC);
    }
}

#[test]
fn the_sign_of_zero_is_kept() {
    for format in [F16, BF16, F8E4M3FN, F8E5M2] {
        for tiny in [0.0, f32::from_bits(1)] {
            assert!(same(format.decode(format.encode(tiny)), 0.0));
            assert!(same(format.decode(format.encode(-tiny)), -0.0));
        }
    }
}

proptest! {
    #[test]
    fn any_f32_encodes_as_the_half_crate_has_it(bits: u32) {
        let x = f32::from_bits(bits);
        prop_assert!(same(F16.decode(F16.encode(x)), half::f16::from_f32(x).to_f32()));
        prop_assert!(same(BF16.decode(BF16.encode(x)), half::bf16::from_f32(x).to_f32()));
    }

    #[test]
    fn rounding_never_reorders(a: f32, b: f32) {
        for format in [F16, BF16, F8E5M2] {
            let (x, y) = (format.decode(format.encode(a)), format.decode(format.encode(b)));
            prop_assert!(a > b || x <= y, "{a:e} {b:e} in {format:?}");
        }
    }
}
