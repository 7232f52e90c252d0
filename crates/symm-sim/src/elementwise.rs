// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The elementwise ops that a program may put between its collectives.
//!
//! They mean what MLIR's `arith` and `complex` ops of the same name mean, in each element type's
//! own precision: one rounding per op, integers wrap, and on `i1` addition is exclusive or.

use crate::{
    buffer::Buffer,
    dtype::DType,
    error::{Error, Result},
    number::{Number, decode, encode},
};

/// Adds two buffers of one type.
///
/// # Errors
/// The types differ.
pub fn add(a: &Buffer, b: &Buffer) -> Result<Buffer> {
    zip(a, b, |x, y| match (x, y) {
        (Number::Bool(x), Number::Bool(y)) => Number::Bool(x ^ y),
        (Number::Int(x), Number::Int(y)) => Number::Int(x.wrapping_add(y)),
        (Number::F32(x), Number::F32(y)) => Number::F32(x + y),
        (Number::F64(x), Number::F64(y)) => Number::F64(x + y),
        (Number::ComplexF32([a, b]), Number::ComplexF32([c, d])) => {
            Number::ComplexF32([a + c, b + d])
        }
        (Number::ComplexF64([a, b]), Number::ComplexF64([c, d])) => {
            Number::ComplexF64([a + c, b + d])
        }
        _ => unreachable!("both buffers have one element type"),
    })
}

/// Multiplies two buffers of one type, which is not complex: there the bits would depend on
/// whether the parts' products are fused with their sum.
///
/// # Errors
/// The types differ or are complex.
pub fn mul(a: &Buffer, b: &Buffer) -> Result<Buffer> {
    if let dtype @ (DType::ComplexF32 | DType::ComplexF64) = a.dtype() {
        return Err(Error::NoSuchElementwise { op: "mul", dtype });
    }
    zip(a, b, |x, y| match (x, y) {
        (Number::Bool(x), Number::Bool(y)) => Number::Bool(x & y),
        (Number::Int(x), Number::Int(y)) => Number::Int(x.wrapping_mul(y)),
        (Number::F32(x), Number::F32(y)) => Number::F32(x * y),
        (Number::F64(x), Number::F64(y)) => Number::F64(x * y),
        _ => unreachable!("both buffers have one element type that is not complex"),
    })
}

fn zip(a: &Buffer, b: &Buffer, combine: impl Fn(Number, Number) -> Number) -> Result<Buffer> {
    if (a.dtype(), a.shape()) != (b.dtype(), b.shape()) {
        return Err(Error::OperandMismatch {
            lhs: a.type_name(),
            rhs: b.type_name(),
        });
    }
    let dtype = a.dtype();
    let elements = a.elements().zip(b.elements()).map(|(x, y)| {
        // f16, bf16 and f8 are computed in f32, which has digits enough that rounding twice equals rounding once.
        encode(dtype, combine(decode(dtype, x), decode(dtype, y)))
    });
    Ok(Buffer::like(a, elements))
}
