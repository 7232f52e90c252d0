// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Typed buffers and the comparison of their bits.

use crate::{
    dtype::DType,
    error::{Error, Result},
    number,
};

/// A dense row-major array of one element type, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Buffer {
    /// Creates a buffer of the given type out of its bytes.
    ///
    /// # Errors
    /// The number of bytes is not what the type needs, or a byte of an `i1` is neither 0 nor 1.
    pub fn new(dtype: DType, shape: Vec<usize>, bytes: Vec<u8>) -> Result<Self> {
        let expected = shape
            .iter()
            .try_fold(dtype.size(), |bytes, &dim| bytes.checked_mul(dim))
            .ok_or_else(|| Error::TooLarge(shape.clone()))?;
        if bytes.len() != expected {
            let got = bytes.len();
            return Err(Error::ByteCount {
                dtype,
                shape,
                expected,
                got,
            });
        }
        if let (DType::I1, Some(&byte)) = (dtype, bytes.iter().find(|&&byte| byte > 1)) {
            return Err(Error::BooleanByte(byte));
        }
        Ok(Self {
            dtype,
            shape,
            bytes,
        })
    }

    /// Creates a buffer of the type of another out of its elements' bits, as many as that has.
    pub(crate) fn like(other: &Self, elements: impl Iterator<Item = u128>) -> Self {
        let size = other.dtype.size();
        let bytes = elements
            .flat_map(|bits| bits.to_le_bytes().into_iter().take(size))
            .collect();
        Self {
            dtype: other.dtype,
            shape: other.shape.clone(),
            bytes,
        }
    }

    /// Returns the element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns the extent of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the elements' bytes, row-major.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Iterates over the elements, each as its bits in the low end of a word.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = u128> + '_ {
        self.bytes.chunks_exact(self.dtype.size()).map(|element| {
            let mut word = [0; 16];
            word[..element.len()].copy_from_slice(element);
            u128::from_le_bytes(word)
        })
    }

    /// Returns the number of elements.
    pub fn len(&self) -> usize {
        self.elements().len()
    }

    /// Tells whether the buffer has no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the type as MLIR prints it, `8x4xf32`.
    pub fn type_name(&self) -> String {
        let dims = self.shape.iter().map(|dim| format!("{dim}x"));
        dims.collect::<String>() + self.dtype.name()
    }
}

/// Tells whether two buffers have the same type and the same bits, where all NaNs are one.
///
/// A NaN's sign and payload depend on the machine that made it, so they are not compared.
pub fn bits_equal(a: &Buffer, b: &Buffer) -> bool {
    a.dtype == b.dtype
        && a.shape == b.shape
        && a.elements().zip(b.elements()).all(|(x, y)| {
            number::with_canonical_nan(a.dtype, x) == number::with_canonical_nan(a.dtype, y)
        })
}
