// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Dense host arrays, as arguments and results of entries.

use crate::Error;
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    ops::{Deref, DerefMut},
    ptr::NonNull,
};
use symm_abi::{DType, Value};

/// Alignment of every tensor's data: one cache line, enough for any vector access.
const ALIGNMENT: usize = 64;

/// A contiguous, row-major array; `Deref`s to its bytes, which are in the machine's order.
#[derive(Debug)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<u64>,
    data: NonNull<u8>,
    bytes: usize,
}

// SAFETY: the tensor owns its memory alone.
unsafe impl Send for Tensor {}
// SAFETY: shared access only reads.
unsafe impl Sync for Tensor {}

impl Tensor {
    /// Creates an array of zeros with the type of an argument or result.
    ///
    /// # Errors
    /// When there is not that much memory.
    pub fn zeros(value: &Value) -> Result<Self, Error> {
        let no_memory = || Error::TensorMemory {
            name: value.name.clone(),
        };
        let bytes = value.bytes().ok_or_else(no_memory)?;
        let layout = layout(bytes).ok_or_else(no_memory)?;
        // SAFETY: the layout has at least ALIGNMENT bytes.
        let data = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(no_memory)?;
        Ok(Self {
            dtype: value.dtype,
            shape: value.shape.clone(),
            data,
            bytes,
        })
    }

    /// Returns the element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns the extent of each dimension.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Tells whether the array has this element type and shape.
    pub fn has_type_of(&self, value: &Value) -> bool {
        self.dtype == value.dtype && self.shape == value.shape
    }

    /// Builds the memref descriptor of the array.
    pub(crate) fn descriptor(&mut self) -> Box<[u64]> {
        descriptor(self.data.as_ptr() as u64, &self.shape)
    }
}

/// Builds the memref descriptor `{allocated, aligned, offset, sizes…, strides…}` of a contiguous row-major array.
pub(crate) fn descriptor(address: u64, shape: &[u64]) -> Box<[u64]> {
    let mut words = vec![address, address, 0];
    words.extend(shape);
    let mut strides: Vec<u64> = Vec::with_capacity(shape.len());
    let mut stride = 1u64;
    for &extent in shape.iter().rev() {
        strides.push(stride);
        // An empty array may have other extents of any size; its strides are never used.
        stride = stride.wrapping_mul(extent);
    }
    words.extend(strides.iter().rev());
    words.into_boxed_slice()
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.max(ALIGNMENT), ALIGNMENT).ok()
}

impl Deref for Tensor {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `data` points to `bytes` initialized bytes that the tensor owns.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.bytes) }
    }
}

impl DerefMut for Tensor {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `deref`, and the tensor is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.bytes) }
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        let layout = layout(self.bytes).expect("the layout that allocated it");
        // SAFETY: allocated in `zeros` with this layout, and not freed since.
        unsafe { dealloc(self.data.as_ptr(), layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(shape: &[u64]) -> Value {
        Value {
            name: "x".into(),
            dtype: DType::F32,
            shape: shape.to_vec(),
        }
    }

    #[test]
    fn descriptors_are_row_major() {
        let mut tensor = Tensor::zeros(&value(&[2, 3, 5])).unwrap();
        let words = tensor.descriptor();
        assert_eq!(words[0] % 64, 0);
        assert_eq!(words[1], words[0]);
        assert_eq!(words[2..], [0, 2, 3, 5, 15, 5, 1]);
        assert_eq!(Tensor::zeros(&value(&[])).unwrap().descriptor().len(), 3);
        assert_eq!(Tensor::zeros(&value(&[0, u64::MAX])).unwrap().len(), 0);
    }

    #[test]
    fn too_large_is_an_error() {
        assert!(Tensor::zeros(&value(&[1 << 58])).is_err());
        assert!(Tensor::zeros(&value(&[1 << 40, 1 << 40])).is_err());
    }
}
