// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Elements as numbers, for generated inputs and for reports; collectives have their own, typed arithmetic.

mod f8;

pub use f8::{decode_e4m3fn, decode_e5m2, encode_e4m3fn, encode_e5m2};

use half::{bf16, f16};
use symm_abi::DType;

/// Returns how many real components an element has: 2 for complex types, otherwise 1.
pub const fn components(dtype: DType) -> usize {
    match dtype {
        DType::C64 | DType::C128 => 2,
        _ => 1,
    }
}

/// Returns the size of one component in bytes.
pub const fn component_size(dtype: DType) -> usize {
    dtype.size() / components(dtype)
}

/// Reads one component; `i64` values beyond 2^53 are rounded.
///
/// # Panics
/// When `bytes` is not one [component](component_size).
pub fn to_f64(dtype: DType, bytes: &[u8]) -> f64 {
    fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().expect("one component")
    }
    match dtype {
        DType::I1 | DType::U8 => f64::from(u8::from_le_bytes(array(bytes))),
        DType::I8 => f64::from(i8::from_le_bytes(array(bytes))),
        DType::I16 => f64::from(i16::from_le_bytes(array(bytes))),
        DType::I32 => f64::from(i32::from_le_bytes(array(bytes))),
        DType::I64 => i64::from_le_bytes(array(bytes)) as f64,
        DType::F16 => f64::from(f16::from_le_bytes(array(bytes))),
        DType::BF16 => f64::from(bf16::from_le_bytes(array(bytes))),
        DType::F32 | DType::C64 => f64::from(f32::from_le_bytes(array(bytes))),
        DType::F64 | DType::C128 => f64::from_le_bytes(array(bytes)),
        DType::F8E4M3FN => f64::from(decode_e4m3fn(array::<1>(bytes)[0])),
        DType::F8E5M2 => f64::from(decode_e5m2(array::<1>(bytes)[0])),
    }
}

/// Writes one component: floats rounded to nearest (the narrow ones by way of `f32`), integers truncated and saturated,
/// `i1` whether not zero.
///
/// # Panics
/// When `bytes` is not one [component](component_size).
pub fn from_f64(dtype: DType, value: f64, bytes: &mut [u8]) {
    match dtype {
        DType::I1 => bytes.copy_from_slice(&[u8::from(value != 0.0)]),
        DType::U8 => bytes.copy_from_slice(&(value as u8).to_le_bytes()),
        DType::I8 => bytes.copy_from_slice(&(value as i8).to_le_bytes()),
        DType::I16 => bytes.copy_from_slice(&(value as i16).to_le_bytes()),
        DType::I32 => bytes.copy_from_slice(&(value as i32).to_le_bytes()),
        DType::I64 => bytes.copy_from_slice(&(value as i64).to_le_bytes()),
        DType::F16 => bytes.copy_from_slice(&f16::from_f32(value as f32).to_le_bytes()),
        DType::BF16 => bytes.copy_from_slice(&bf16::from_f32(value as f32).to_le_bytes()),
        DType::F32 | DType::C64 => bytes.copy_from_slice(&(value as f32).to_le_bytes()),
        DType::F64 | DType::C128 => bytes.copy_from_slice(&value.to_le_bytes()),
        DType::F8E4M3FN => bytes.copy_from_slice(&[encode_e4m3fn(value as f32)]),
        DType::F8E5M2 => bytes.copy_from_slice(&[encode_e5m2(value as f32)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_survive_every_type() {
        for dtype in DType::ALL {
            let mut bytes = vec![0; component_size(dtype)];
            for value in [0.0, 1.0] {
                from_f64(dtype, value, &mut bytes);
                assert_eq!(to_f64(dtype, &bytes), value, "{}", dtype.name());
            }
        }
    }
}
