// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! cuBLASLt's descriptors, with owners.

use std::ffi::c_void;

use cudarc::cublaslt::{
    result,
    sys::{
        self, cublasLtMatmulDescAttributes_t as Attribute,
        cublasLtMatmulPreferenceAttributes_t as Preference,
        cublasLtMatrixLayoutAttribute_t as LayoutAttribute,
    },
};
use symm_abi::cuda::MATRIX_ALIGN;

use super::{BlasError, WORKSPACE_BYTES, named, plan::Stored};

/// What is multiplied: types and transposes.
#[derive(Debug)]
pub(super) struct Product(pub(super) sys::cublasLtMatmulDesc_t);

impl Product {
    pub(super) fn new(
        compute: sys::cublasComputeType_t,
        scale: sys::cudaDataType,
        (transpose_a, transpose_b): (bool, bool),
    ) -> Result<Self, BlasError> {
        let made = result::create_matmul_desc(compute, scale);
        let product = Self(named("cublasLtMatmulDescCreate", made)?);
        for (attribute, on) in [
            (Attribute::CUBLASLT_MATMUL_DESC_TRANSA, transpose_a),
            (Attribute::CUBLASLT_MATMUL_DESC_TRANSB, transpose_b),
        ] {
            // CUBLAS_OP_N and CUBLAS_OP_T.
            let operation = i32::from(on);
            // SAFETY: the descriptor is alive, and the attribute is an `int`.
            let set = unsafe {
                result::set_matmul_desc_attribute(
                    product.0,
                    attribute,
                    (&raw const operation).cast(),
                    size_of::<i32>(),
                )
            };
            named("cublasLtMatmulDescSetAttribute", set)?;
        }
        Ok(product)
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and destroyed once.
        let _ = unsafe { result::destroy_matmul_desc(self.0) };
    }
}

/// How a matrix, or a batch of them, is stored.
#[derive(Debug)]
pub(super) struct Layout(pub(super) sys::cublasLtMatrixLayout_t);

impl Layout {
    pub(super) fn new(
        kind: sys::cudaDataType,
        matrix: &Stored,
        batch: u64,
    ) -> Result<Self, BlasError> {
        let made =
            result::create_matrix_layout(kind, matrix.rows, matrix.columns, matrix.pitch as i64);
        let layout = Self(named("cublasLtMatrixLayoutCreate", made)?);
        if batch > 1 {
            let (count, stride) = (batch as i32, matrix.stride as i64);
            let count_of = LayoutAttribute::CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
            let stride_of = LayoutAttribute::CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET;
            layout.set(count_of, (&raw const count).cast(), size_of::<i32>())?;
            layout.set(stride_of, (&raw const stride).cast(), size_of::<i64>())?;
        }
        Ok(layout)
    }

    fn set(
        &self,
        attribute: LayoutAttribute,
        value: *const c_void,
        bytes: usize,
    ) -> Result<(), BlasError> {
        // SAFETY: the layout is alive, and the callers pass a live value of the attribute's size.
        let set = unsafe { result::set_matrix_layout_attribute(self.0, attribute, value, bytes) };
        named("cublasLtMatrixLayoutSetAttribute", set)
    }
}

impl Drop for Layout {
    fn drop(&mut self) {
        // SAFETY: the layout is ours and destroyed once.
        let _ = unsafe { result::destroy_matrix_layout(self.0) };
    }
}

/// What an algorithm has to get by with: the workspace, and the alignment that every matrix has.
pub(super) struct Bounds(pub(super) sys::cublasLtMatmulPreference_t);

impl Bounds {
    pub(super) fn new() -> Result<Self, BlasError> {
        let made = result::create_matmul_pref();
        let bounds = Self(named("cublasLtMatmulPreferenceCreate", made)?);
        let (workspace, align) = (WORKSPACE_BYTES, MATRIX_ALIGN as u32);
        let most = Preference::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
        bounds.set(most, (&raw const workspace).cast(), size_of::<usize>())?;
        for attribute in [
            Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
            Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
            Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
            Preference::CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
        ] {
            bounds.set(attribute, (&raw const align).cast(), size_of::<u32>())?;
        }
        Ok(bounds)
    }

    fn set(
        &self,
        attribute: Preference,
        value: *const c_void,
        bytes: usize,
    ) -> Result<(), BlasError> {
        // SAFETY: the preferences are alive, and the callers pass a live value of the attribute's size.
        let set = unsafe { result::set_matmul_pref_attribute(self.0, attribute, value, bytes) };
        named("cublasLtMatmulPreferenceSetAttribute", set)
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        // SAFETY: the preferences are ours and destroyed once.
        let _ = unsafe { result::destroy_matmul_pref(self.0) };
    }
}
