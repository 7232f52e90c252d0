// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The numbers that elements stand for.

use crate::{
    dtype::DType,
    small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat},
};

/// An element as the number that arithmetic on it works with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Bool(bool),
    /// An integer of any width: sign-extended, or zero-extended if unsigned.
    Int(i64),
    /// A float of 32 bits or fewer.
    F32(f32),
    F64(f64),
    ComplexF32([f32; 2]),
    ComplexF64([f64; 2]),
}

/// Returns the number that the bits of an element stand for.
pub(crate) fn decode(dtype: DType, bits: u128) -> Number {
    match dtype {
        DType::I1 => Number::Bool(bits != 0),
        DType::I8 => Number::Int((bits as i8).into()),
        DType::UI8 => Number::Int((bits as u8).into()),
        DType::I16 => Number::Int((bits as i16).into()),
        DType::I32 => Number::Int((bits as i32).into()),
        DType::I64 => Number::Int(bits as i64),
        DType::F32 => Number::F32(f32::from_bits(bits as u32)),
        DType::F64 => Number::F64(f64::from_bits(bits as u64)),
        DType::ComplexF32 => {
            Number::ComplexF32([bits, bits >> 32].map(|half| f32::from_bits(half as u32)))
        }
        DType::ComplexF64 => {
            Number::ComplexF64([bits, bits >> 64].map(|half| f64::from_bits(half as u64)))
        }
        DType::F16 => Number::F32(F16.decode(bits as u16)),
        DType::BF16 => Number::F32(BF16.decode(bits as u16)),
        DType::F8E4M3FN => Number::F32(F8E4M3FN.decode(bits as u16)),
        DType::F8E5M2 => Number::F32(F8E5M2.decode(bits as u16)),
    }
}

/// Returns the bits of a number as an element: integers wrap, floats are rounded to nearest even.
pub(crate) fn encode(dtype: DType, number: Number) -> u128 {
    match number {
        Number::Bool(value) => value.into(),
        Number::Int(value) => value as u64 as u128 & low_bits(dtype),
        Number::F32(value) => match small_float(dtype) {
            Some(format) => format.encode(value).into(),
            None => value.to_bits().into(),
        },
        Number::F64(value) => value.to_bits().into(),
        Number::ComplexF32([re, im]) => u128::from(re.to_bits()) | u128::from(im.to_bits()) << 32,
        Number::ComplexF64([re, im]) => u128::from(re.to_bits()) | u128::from(im.to_bits()) << 64,
    }
}

/// Returns the bits of an element, with one pattern for all NaNs.
pub(crate) fn with_canonical_nan(dtype: DType, bits: u128) -> u128 {
    let f32_nan = |x: f32| if x.is_nan() { f32::NAN } else { x };
    let f64_nan = |x: f64| if x.is_nan() { f64::NAN } else { x };
    match decode(dtype, bits) {
        Number::Bool(_) | Number::Int(_) => bits,
        Number::F32(x) => encode(dtype, Number::F32(f32_nan(x))),
        Number::F64(x) => encode(dtype, Number::F64(f64_nan(x))),
        Number::ComplexF32(x) => encode(dtype, Number::ComplexF32(x.map(f32_nan))),
        Number::ComplexF64(x) => encode(dtype, Number::ComplexF64(x.map(f64_nan))),
    }
}

fn small_float(dtype: DType) -> Option<SmallFloat> {
    match dtype {
        DType::F16 => Some(F16),
        DType::BF16 => Some(BF16),
        DType::F8E4M3FN => Some(F8E4M3FN),
        DType::F8E5M2 => Some(F8E5M2),
        _ => None,
    }
}

fn low_bits(dtype: DType) -> u128 {
    (1 << (8 * dtype.size())) - 1
}
