// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The two 8-bit float formats, by rounding an `f32` directly: one rounding, to nearest, ties to even.

/// A small float format: `1 + exponent + mantissa` bits.
struct Format {
    mantissa_bits: u32,
    bias: i32,
    /// Largest finite magnitude, as bits.
    max: u8,
    /// What a magnitude beyond `max` becomes, as bits.
    overflow: u8,
    nan: u8,
}

/// `f8E4M3FN`: no infinities, so overflow gives NaN.
const E4M3FN: Format = Format {
    mantissa_bits: 3,
    bias: 7,
    max: 0x7e,
    overflow: 0x7f,
    nan: 0x7f,
};

/// `f8E5M2`: as IEEE, with infinities.
const E5M2: Format = Format {
    mantissa_bits: 2,
    bias: 15,
    max: 0x7b,
    overflow: 0x7c,
    nan: 0x7e,
};

impl Format {
    fn encode(&self, value: f32) -> u8 {
        let sign = ((value.to_bits() >> 24) & 0x80) as u8;
        if value.is_nan() {
            return sign | self.nan;
        }
        // Magnitudes are ordered as their bits are, so the encoding is a rounded position on that line.
        let magnitude = f64::from(value.abs());
        let exponent = (((magnitude.to_bits() >> 52) & 0x7ff) as i32 - 1023).max(1 - self.bias);
        let unit = f64::powi(2.0, exponent - self.mantissa_bits as i32);
        let units = (magnitude / unit).round_ties_even();
        let steps_below = f64::from((exponent + self.bias - 1) << self.mantissa_bits);
        let bits = steps_below + units;
        if bits > f64::from(self.max) {
            sign | self.overflow
        } else {
            sign | bits as u8
        }
    }

    fn decode(&self, bits: u8) -> f32 {
        let sign = if bits & 0x80 == 0 { 1.0 } else { -1.0 };
        let magnitude = bits & 0x7f;
        if magnitude > self.max {
            let infinite = magnitude == self.overflow && self.overflow != self.nan;
            return sign * if infinite { f32::INFINITY } else { f32::NAN };
        }
        let fraction = f32::from(magnitude & ((1 << self.mantissa_bits) - 1));
        let scale = 1 << self.mantissa_bits;
        match i32::from(magnitude >> self.mantissa_bits) {
            0 => sign * fraction * f32::powi(2.0, 1 - self.bias - self.mantissa_bits as i32),
            exponent => {
                sign * (1.0 + fraction / scale as f32) * f32::powi(2.0, exponent - self.bias)
            }
        }
    }
}

/// Rounds to `f8E4M3FN`; overflow and infinities become NaN.
pub fn encode_e4m3fn(value: f32) -> u8 {
    E4M3FN.encode(value)
}

/// Widens an `f8E4M3FN`.
pub fn decode_e4m3fn(bits: u8) -> f32 {
    E4M3FN.decode(bits)
}

/// Rounds to `f8E5M2`; overflow becomes an infinity.
pub fn encode_e5m2(value: f32) -> u8 {
    E5M2.encode(value)
}

/// Widens an `f8E5M2`.
pub fn decode_e5m2(bits: u8) -> f32 {
    E5M2.decode(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks an encoder against nearest-neighbour search over all decoded values.
    fn check(encode: fn(f32) -> u8, decode: fn(u8) -> f32) {
        let finite: Vec<(u8, f32)> = (0..0x80)
            .map(|bits| (bits, decode(bits)))
            .filter(|(_, value)| value.is_finite())
            .collect();
        for pair in finite.windows(2) {
            let [(low_bits, low), (high_bits, high)] = pair else {
                unreachable!()
            };
            assert!(low < high);
            let middle = (low + high) / 2.0;
            let even = if low_bits % 2 == 0 {
                *low_bits
            } else {
                *high_bits
            };
            assert_eq!(encode(middle), even, "halfway between {low} and {high}");
            assert_eq!(encode(middle.next_down()), *low_bits);
            assert_eq!(encode(middle.next_up()), *high_bits);
            assert_eq!(encode(-middle.next_up()), high_bits | 0x80);
        }
        for (bits, value) in finite {
            assert_eq!(encode(value), bits);
            assert_eq!(encode(-value), bits | 0x80);
        }
    }

    #[test]
    fn rounds_to_nearest_even() {
        check(encode_e4m3fn, decode_e4m3fn);
        check(encode_e5m2, decode_e5m2);
    }

    #[test]
    fn known_values() {
        assert_eq!(encode_e4m3fn(1.0), 0x38);
        assert_eq!(encode_e4m3fn(448.0), 0x7e);
        assert_eq!(encode_e4m3fn(464.0), 0x7e);
        assert_eq!(encode_e4m3fn(464.1), 0x7f);
        assert_eq!(encode_e4m3fn(-1e30), 0xff);
        assert_eq!(encode_e4m3fn(f32::INFINITY), 0x7f);
        assert_eq!(decode_e4m3fn(0x01), 2f32.powi(-9));
        assert!(decode_e4m3fn(0x7f).is_nan());
        assert_eq!(encode_e5m2(1.0), 0x3c);
        assert_eq!(encode_e5m2(57344.0), 0x7b);
        assert_eq!(encode_e5m2(61439.0), 0x7b);
        assert_eq!(encode_e5m2(61440.0), 0x7c);
        assert_eq!(encode_e5m2(f32::NEG_INFINITY), 0xfc);
        assert_eq!(decode_e5m2(0x7c), f32::INFINITY);
        assert!(decode_e5m2(0x7d).is_nan());
        assert!(decode_e5m2(encode_e5m2(f32::NAN)).is_nan());
        assert_eq!(encode_e5m2(-0.0), 0x80);
        assert_eq!(encode_e4m3fn(1e-30), 0);
    }
}
