// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The element types of `c10d` collectives.

use std::fmt;

/// An element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// A boolean, stored as one byte that is 0 or 1.
    I1,
    /// A signed 8-bit integer.
    I8,
    /// An unsigned 8-bit integer.
    UI8,
    /// A signed 16-bit integer.
    I16,
    /// A signed 32-bit integer.
    I32,
    /// A signed 64-bit integer.
    I64,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    BF16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// 4 exponent bits, 3 mantissa bits, no infinity, one NaN per sign.
    F8E4M3FN,
    /// 5 exponent bits, 2 mantissa bits, with infinities and NaNs as IEEE 754 has them.
    F8E5M2,
    /// A complex number of two `f32`.
    ComplexF32,
    /// A complex number of two `f64`.
    ComplexF64,
}

impl DType {
    /// Every element type.
    pub const ALL: [Self; 14] = [
        Self::I1,
        Self::I8,
        Self::UI8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
        Self::F8E4M3FN,
        Self::F8E5M2,
        Self::ComplexF32,
        Self::ComplexF64,
    ];

    /// Returns the size of one element in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::I1 | Self::I8 | Self::UI8 | Self::F8E4M3FN | Self::F8E5M2 => 1,
            Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 | Self::ComplexF32 => 8,
            Self::ComplexF64 => 16,
        }
    }

    /// Returns the name that MLIR prints for the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::I1 => "i1",
            Self::I8 => "i8",
            Self::UI8 => "ui8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F8E4M3FN => "f8E4M3FN",
            Self::F8E5M2 => "f8E5M2",
            Self::ComplexF32 => "complex<f32>",
            Self::ComplexF64 => "complex<f64>",
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
