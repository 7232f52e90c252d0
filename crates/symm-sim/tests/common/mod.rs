// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Helpers of the tests: buffers out of numbers and back.
#![allow(dead_code, reason = "each test binary uses its own part")]

use symm_sim::{
    Buffer, DType,
    small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat},
};

/// Creates a one-dimensional buffer out of elements' bytes.
pub fn buffer<const N: usize>(dtype: DType, elements: impl IntoIterator<Item = [u8; N]>) -> Buffer {
    let bytes: Vec<u8> = elements.into_iter().flatten().collect();
    Buffer::new(dtype, vec![bytes.len() / N], bytes).expect("the bytes are whole elements")
}

/// Creates a one-dimensional buffer of `i32`.
pub fn i32s(values: &[i32]) -> Buffer {
    buffer(DType::I32, values.iter().map(|x| x.to_le_bytes()))
}

/// Creates a one-dimensional buffer of `f32`.
pub fn f32s(values: &[f32]) -> Buffer {
    buffer(DType::F32, values.iter().map(|x| x.to_le_bytes()))
}

/// Creates a one-dimensional buffer of a float type of at most 32 bits.
pub fn floats(dtype: DType, values: &[f32]) -> Buffer {
    match small_format(dtype) {
        None => f32s(values),
        Some(format) if dtype.size() == 1 => {
            buffer(dtype, values.iter().map(|&x| [format.encode(x) as u8]))
        }
        Some(format) => buffer(
            dtype,
            values.iter().map(|&x| format.encode(x).to_le_bytes()),
        ),
    }
}

/// Returns the elements of a buffer of a float type of at most 32 bits.
pub fn to_floats(buffer: &Buffer) -> Vec<f32> {
    let decode = |bits: u128| match small_format(buffer.dtype()) {
        None => f32::from_bits(bits as u32),
        Some(format) => format.decode(bits as u16),
    };
    buffer.elements().map(decode).collect()
}

/// Returns the elements of a buffer of `i32`.
pub fn to_i32s(buffer: &Buffer) -> Vec<i32> {
    buffer.elements().map(|bits| bits as i32).collect()
}

fn small_format(dtype: DType) -> Option<SmallFloat> {
    match dtype {
        DType::F16 => Some(F16),
        DType::BF16 => Some(BF16),
        DType::F8E4M3FN => Some(F8E4M3FN),
        DType::F8E5M2 => Some(F8E5M2),
        _ => None,
    }
}
