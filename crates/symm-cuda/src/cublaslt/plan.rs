// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One matrix product, ready to run.
//!
//! cuBLASLt's matrices are column-major, those of a program row-major. A row-major matrix is its transpose, column-major;
//! so `C = A·B` is computed as `Cᵀ = Bᵀ·Aᵀ`, with the operands exchanged and no data moved.

use cudarc::cublaslt::{
    result,
    sys::{self, cublasComputeType_t as Compute, cudaDataType_t as Kind},
};
use symm_abi::{DType, cuda::Matmul};

use super::{
    Blas, BlasError,
    descriptors::{Bounds, Layout, Product},
    named,
};
use crate::{Stream, memory::DeviceMemory};

/// A column-major matrix in memory; sizes in elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stored {
    /// Rows, which lie side by side.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Distance of two columns.
    pub pitch: u64,
    /// Distance of two matrices of a batch.
    pub stride: u64,
}

impl Stored {
    /// Returns the number of elements from the first to behind the last of `batch` matrices.
    fn extent(&self, batch: u64) -> u64 {
        (batch - 1) * self.stride + (self.columns - 1) * self.pitch + self.rows
    }
}

/// Returns what the three matrices `A`, `B` and `C` of a product look like to cuBLASLt.
///
/// ```
/// # use symm_abi::{DType, cuda::Matmul};
/// let product = Matmul { loc: String::new(), dtype: DType::F32, result_dtype: DType::F32, batch: 1, m: 2, n: 3, k: 5,
///     transpose_a: false, transpose_b: true, lda: 5, ldb: 5, ldc: 3, stride_a: 0, stride_b: 0, stride_c: 0, accumulate: false };
/// let [a, b, c] = symm_cuda::cublaslt::operands(&product);
/// assert_eq!((a.rows, a.columns), (5, 2));
/// assert_eq!((b.rows, b.columns), (5, 3));
/// assert_eq!((c.rows, c.columns), (3, 2));
/// ```
pub fn operands(matmul: &Matmul) -> [Stored; 3] {
    let Matmul { m, n, k, .. } = *matmul;
    // Rows and columns as stored, row-major.
    let a = if matmul.transpose_a { (k, m) } else { (m, k) };
    let b = if matmul.transpose_b { (n, k) } else { (k, n) };
    let stored = |(rows, columns), pitch, stride| Stored {
        rows: columns,
        columns: rows,
        pitch,
        stride,
    };
    [
        stored(a, matmul.lda, matmul.stride_a),
        stored(b, matmul.ldb, matmul.stride_b),
        stored((m, n), matmul.ldc, matmul.stride_c),
    ]
}

/// A product with everything that running it needs, decided for one device.
#[derive(Debug)]
pub struct Plan {
    product: Product,
    a: Layout,
    b: Layout,
    c: Layout,
    algorithm: sys::cublasLtMatmulAlgo_t,
    /// Factor of what `C` holds: 0 or 1.
    beta: f64,
    /// The factors are of the type `f64`.
    double: bool,
}

// SAFETY: descriptors are plain memory of cuBLASLt's, tied to no thread.
unsafe impl Send for Plan {}

impl Plan {
    /// Decides how to compute a product that [`Manifest::parse`](symm_abi::Manifest::parse) found sound, and computes it once, on
    /// scratch memory, so that no later call has to load a kernel.
    ///
    /// # Errors
    ///
    /// [`BlasError::Call`] if cuBLASLt has no algorithm for it, [`BlasError::Cuda`] if there is no scratch memory.
    pub fn new(blas: &Blas, matmul: &Matmul, stream: &Stream) -> Result<Self, BlasError> {
        blas.device.bind()?;
        let double = matmul.dtype == DType::F64;
        let (compute, scale) = if double {
            (Compute::CUBLAS_COMPUTE_64F, Kind::CUDA_R_64F)
        } else {
            (Compute::CUBLAS_COMPUTE_32F, Kind::CUDA_R_32F)
        };
        let stored = operands(matmul);
        let (input, output) = (kind(matmul.dtype), kind(matmul.result_dtype));
        let product = Product::new(compute, scale, (matmul.transpose_b, matmul.transpose_a))?;
        let a = Layout::new(input, &stored[0], matmul.batch)?;
        let b = Layout::new(input, &stored[1], matmul.batch)?;
        let c = Layout::new(output, &stored[2], matmul.batch)?;
        let bounds = Bounds::new()?;
        // SAFETY: handle and descriptors are alive.
        let found = unsafe {
            result::get_matmul_algo_heuristic(blas.handle, product.0, b.0, a.0, c.0, c.0, bounds.0)
        };
        let plan = Self {
            product,
            a,
            b,
            c,
            algorithm: named("cublasLtMatmulAlgoGetHeuristic", found)?.algo,
            beta: if matmul.accumulate { 1.0 } else { 0.0 },
            double,
        };
        plan.warm_up(blas, matmul, stream)?;
        Ok(plan)
    }

    fn warm_up(&self, blas: &Blas, matmul: &Matmul, stream: &Stream) -> Result<(), BlasError> {
        let sizes = [matmul.dtype, matmul.dtype, matmul.result_dtype].map(DType::size);
        let scratch = |(matrix, size): (Stored, usize)| {
            DeviceMemory::zeroed(&blas.device, matrix.extent(matmul.batch) as usize * size)
        };
        let [a, b, c] = operands(matmul);
        let [a, b, c] = [
            scratch((a, sizes[0]))?,
            scratch((b, sizes[1]))?,
            scratch((c, sizes[2]))?,
        ];
        // SAFETY: the memory is as large as the matrices, and lives until the stream was waited for.
        unsafe { self.run(blas, stream, (a.address(), b.address(), c.address())) }?;
        Ok(stream.synchronize()?)
    }

    /// Puts the product into `stream`.
    ///
    /// Plans that share a [`Blas`] share its workspace, so they run on one stream, or one after the other.
    ///
    /// # Errors
    ///
    /// [`BlasError::Call`] if cuBLASLt refuses.
    ///
    /// # Safety
    ///
    /// The addresses are those of `A`, `B` and `C`, as the product has them, on the device of `blas`, aligned to
    /// [`MATRIX_ALIGN`](symm_abi::cuda::MATRIX_ALIGN), and stay valid until the stream has run the product. The plan was made with `blas`.
    pub unsafe fn run(
        &self,
        blas: &Blas,
        stream: &Stream,
        (a, b, c): (u64, u64, u64),
    ) -> Result<(), BlasError> {
        blas.device.bind()?;
        let (beta, beta32) = (self.beta, self.beta as f32);
        let (alpha, beta) = if self.double {
            ((&raw const ONE).cast(), (&raw const beta).cast())
        } else {
            ((&raw const ONE32).cast(), (&raw const beta32).cast())
        };
        // SAFETY: the caller vouches for the matrices; everything else is alive, and the scale factors are host memory
        // that the call reads before it returns.
        let done = unsafe {
            result::matmul(
                blas.handle,
                self.product.0,
                alpha,
                beta,
                b as *const _,
                self.b.0,
                a as *const _,
                self.a.0,
                c as *const _,
                self.c.0,
                c as *mut _,
                self.c.0,
                &self.algorithm,
                blas.workspace.address() as *mut _,
                blas.workspace.bytes(),
                stream.raw().cast(),
            )
        };
        named("cublasLtMatmul", done)
    }
}

static ONE: f64 = 1.0;
static ONE32: f32 = 1.0;

/// Returns cuBLASLt's name of an element type that a product can have.
fn kind(dtype: DType) -> Kind {
    match dtype {
        DType::F16 => Kind::CUDA_R_16F,
        DType::BF16 => Kind::CUDA_R_16BF,
        DType::F64 => Kind::CUDA_R_64F,
        _ => Kind::CUDA_R_32F,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matmul(transpose_a: bool, transpose_b: bool) -> Matmul {
        Matmul {
            loc: String::new(),
            dtype: DType::F32,
            result_dtype: DType::F32,
            batch: 3,
            m: 2,
            n: 7,
            k: 5,
            transpose_a,
            transpose_b,
            lda: 11,
            ldb: 13,
            ldc: 17,
            stride_a: 100,
            stride_b: 0,
            stride_c: 300,
            accumulate: false,
        }
    }

    #[test]
    fn inner_sizes_meet_whatever_is_transposed() {
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let [a, b, c] = operands(&matmul(ta, tb));
            // cuBLASLt computes op(B)·op(A): (n×k)·(k×m) = n×m.
            let (n, k) = if tb {
                (b.columns, b.rows)
            } else {
                (b.rows, b.columns)
            };
            let (k2, m) = if ta {
                (a.columns, a.rows)
            } else {
                (a.rows, a.columns)
            };
            assert_eq!((n, k, k2, m), (7, 5, 5, 2), "{ta} {tb}");
            assert_eq!((c.rows, c.columns), (7, 2));
            assert!(a.pitch >= a.rows && b.pitch >= b.rows && c.pitch >= c.rows);
        }
    }

    #[test]
    fn extents_reach_behind_the_last_element() {
        let [a, b, c] = operands(&matmul(false, false));
        assert_eq!(a.extent(3), 200 + 11 + 5);
        assert_eq!(b.extent(3), 4 * 13 + 7);
        assert_eq!(c.extent(3), 600 + 17 + 7);
    }
}
