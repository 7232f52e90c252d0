// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Contractions as the library takes them: at most one loop of each kind, and
//! matrices with rows or columns side by side.

use super::alignment;
use crate::builder::{dynamic, memref_type, shape};
use melior::ir::{OperationRef, ShapedTypeLike, Value, r#type::MemRefType};
use symm_abi::{
    DType,
    cuda::{MATRIX_ALIGN, Matmul},
};
use symm_ir::{
    linalg::{Contraction, contraction},
    value::operand,
};

/// A matrix product and its buffers.
pub(super) struct Product<'c, 'a> {
    /// What the library is asked for.
    pub(super) matmul: Matmul,
    /// Left, right and result.
    pub(super) buffers: [Value<'c, 'a>; 3],
}

/// A matrix in memory: how many elements it is from one index to the next.
#[derive(Clone, Copy)]
struct Layout {
    rows: u64,
    columns: u64,
    batch: u64,
}

/// Which loop is which.
#[derive(Clone, Copy)]
struct Roles {
    batch: Option<usize>,
    m: Option<usize>,
    n: Option<usize>,
    k: usize,
}

/// Why a contraction is none of the library's products.
pub(super) type Refusal = &'static str;

const BODY: Refusal = "it computes, or loops over, more than a matrix product does";
const LAYOUT: Refusal = "a matrix has neither its rows nor its columns side by side";
const LOOPS: Refusal = "it has more loops of a kind than a batch of matrices";
const PLACE: Refusal =
    "a matrix has unknown strides, or does not begin at a multiple of 16 bytes for sure";
const SIZES: Refusal = "a size is unknown, or out of what 31 bits hold";
const STEPS: Refusal = "matrices of the batch are no multiples of 16 bytes apart";
const TYPES: Refusal = "the library has no products of these types";

/// Returns a contraction as a product of the library.
///
/// # Errors
///
/// Says why it is none.
pub(super) fn of<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    place: &str,
) -> Result<Product<'c, 'a>, Refusal> {
    let buffers = (operand(op, 0).zip(operand(op, 1))).zip(operand(op, 2));
    let ((a, b), c) = buffers.ok_or(BODY)?;
    let buffers = [a, b, c];
    let types = dtypes(&buffers.map(memref_type)).ok_or(TYPES)?;
    let loops = contraction(op).ok_or(BODY)?;
    let mut result = Err(LOOPS);
    for roles in roles(&loops) {
        result = product(&loops, roles, buffers, types, place);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Returns the ways to see the loops as those of a product. Of two loops over rows, or
/// over columns, either may be one over a batch that shares the other operand.
fn roles(loops: &Contraction) -> Vec<Roles> {
    let [k] = loops.k[..] else { return Vec::new() };
    let only = |loops: &[usize]| loops.first().copied();
    let (m, n) = (only(&loops.m), only(&loops.n));
    match (&loops.batch[..], &loops.m[..], &loops.n[..]) {
        ([] | [_], [] | [_], [] | [_]) => vec![Roles {
            batch: only(&loops.batch),
            m,
            n,
            k,
        }],
        ([], &[one, other], [] | [_]) => [(one, other), (other, one)]
            .map(|(batch, m)| Roles {
                batch: Some(batch),
                m: Some(m),
                n,
                k,
            })
            .to_vec(),
        ([], [] | [_], &[one, other]) => [(one, other), (other, one)]
            .map(|(batch, n)| Roles {
                batch: Some(batch),
                m,
                n: Some(n),
                k,
            })
            .to_vec(),
        _ => Vec::new(),
    }
}

/// Returns a contraction as a product with given roles.
fn product<'c, 'a>(
    loops: &Contraction,
    Roles { batch, m, n, k }: Roles,
    buffers: [Value<'c, 'a>; 3],
    (dtype, result_dtype): (DType, DType),
    place: &str,
) -> Result<Product<'c, 'a>, Refusal> {
    let types = buffers.map(memref_type);
    let extent = |of: Option<usize>| match of {
        Some(of) => extent(loops, &types, of).ok_or(SIZES),
        None => Ok(1),
    };
    let sizes = [extent(batch)?, extent(m)?, extent(n)?, extent(Some(k))?];
    if !are_sizes_sound(&sizes) {
        return Err(SIZES);
    }
    let layout = |matrix: usize, rows: Option<usize>, columns: Option<usize>| {
        let strides = strides(buffers[matrix]).ok_or(PLACE)?;
        let stride = |of: Option<usize>| {
            let at = of.and_then(|of| loops.dimensions[matrix].iter().position(|d| *d == of));
            at.map(|at| strides[at])
        };
        Ok((stride(rows), stride(columns), stride(batch).unwrap_or(0)))
    };
    let [size, rows, columns, depth] = sizes;
    let a = filled(layout(0, m, Some(k))?, [rows, depth]);
    let b = filled(layout(1, Some(k), n)?, [depth, columns]);
    let c = filled(layout(2, m, n)?, [rows, columns]);
    let matmul = Matmul {
        loc: place.to_owned(),
        dtype,
        result_dtype,
        batch: size,
        m: rows,
        n: columns,
        k: depth,
        transpose_a: false,
        transpose_b: false,
        lda: 0,
        ldb: 0,
        ldc: 0,
        stride_a: a.batch,
        stride_b: b.batch,
        stride_c: c.batch,
        accumulate: true,
    };
    finish(matmul, buffers, [a, b, c])
}

/// Chooses transpositions; a result that is stored by columns is the transpose of
/// the product of the transposes.
fn finish<'c, 'a>(
    mut matmul: Matmul,
    mut buffers: [Value<'c, 'a>; 3],
    [mut a, mut b, mut c]: [Layout; 3],
) -> Result<Product<'c, 'a>, Refusal> {
    if c.columns != 1 {
        (a, b, c) = (b.flipped(), a.flipped(), c.flipped());
        (matmul.m, matmul.n) = (matmul.n, matmul.m);
        (matmul.stride_a, matmul.stride_b) = (matmul.stride_b, matmul.stride_a);
        buffers.swap(0, 1);
    }
    let stored = |matrix: Layout, sizes| matrix.stored(sizes).ok_or(LAYOUT);
    (matmul.transpose_a, matmul.lda) = stored(a, [matmul.m, matmul.k])?;
    (matmul.transpose_b, matmul.ldb) = stored(b, [matmul.k, matmul.n])?;
    if c.columns != 1 || c.rows < matmul.n {
        return Err(LAYOUT);
    }
    matmul.ldc = c.rows;
    let bytes = matmul.dtype.size() as u64;
    let result_bytes = matmul.result_dtype.size() as u64;
    let steps = [
        matmul.stride_a * bytes,
        matmul.stride_b * bytes,
        matmul.stride_c * result_bytes,
    ];
    if matmul.batch > 1 && !steps.iter().all(|step| step.is_multiple_of(MATRIX_ALIGN)) {
        return Err(STEPS);
    }
    if !are_sizes_sound(&[matmul.lda, matmul.ldb, matmul.ldc]) {
        return Err(SIZES);
    }
    Ok(Product { matmul, buffers })
}

fn are_sizes_sound(sizes: &[u64]) -> bool {
    sizes
        .iter()
        .all(|size| (1..=i32::MAX as u64).contains(size))
}

impl Layout {
    fn flipped(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            ..self
        }
    }

    /// Returns whether the matrix is stored as its transpose, and the elements
    /// between stored rows.
    fn stored(self, [rows, columns]: [u64; 2]) -> Option<(bool, u64)> {
        if self.columns == 1 && self.rows >= columns {
            Some((false, self.rows))
        } else {
            (self.rows == 1 && self.columns >= rows).then_some((true, self.columns))
        }
    }
}

/// Gives a matrix of one row or column the stride that it would have as a larger
/// one.
fn filled(
    (rows, columns, batch): (Option<u64>, Option<u64>, u64),
    [row_count, column_count]: [u64; 2],
) -> Layout {
    let (rows, columns) = match (rows, columns) {
        (Some(rows), Some(columns)) => (rows, columns),
        (Some(rows), None) => (rows, 1),
        (None, Some(columns)) => (column_count * columns, columns),
        (None, None) => (1, 1),
    };
    // Of a dimension of one element, any stride will do.
    let columns = if column_count == 1 { 1 } else { columns };
    let rows = if row_count == 1 && columns == 1 {
        column_count.max(1)
    } else {
        rows
    };
    Layout {
        rows,
        columns,
        batch,
    }
}

/// Returns the iterations of a loop.
fn extent(loops: &Contraction, types: &[MemRefType<'_>; 3], of: usize) -> Option<u64> {
    loops
        .dimensions
        .iter()
        .zip(types)
        .find_map(|(dimensions, r#type)| {
            let at = dimensions.iter().position(|dimension| *dimension == of)?;
            u64::try_from(shape(*r#type)[at]).ok()
        })
}

/// Returns the strides of a buffer whose first element is where the library can
/// take it.
fn strides(buffer: Value<'_, '_>) -> Option<Vec<u64>> {
    let r#type = memref_type(buffer);
    let (strides, _) = r#type.strides_and_offset();
    if strides.contains(&dynamic()) || !alignment::is_sound(buffer, element_bytes(r#type)?) {
        return None;
    }
    strides
        .into_iter()
        .map(|stride| u64::try_from(stride).ok())
        .collect()
}

/// Returns the bytes of an element.
pub(super) fn element_bytes(r#type: MemRefType<'_>) -> Option<u64> {
    Some(DType::from_name(&r#type.element().to_string())?.size() as u64)
}

/// Returns the types of factors and result, where the library takes these.
fn dtypes([a, b, c]: &[MemRefType<'_>; 3]) -> Option<(DType, DType)> {
    use DType::{BF16, F16, F32, F64};
    let dtype = |buffer: &MemRefType<'_>| DType::from_name(&buffer.element().to_string());
    let types = (dtype(a)?, dtype(c)?);
    let is_known = matches!(
        types,
        (F16, F16 | F32) | (BF16, BF16 | F32) | (F32, F32) | (F64, F64)
    );
    (a.element() == b.element() && is_known).then_some(types)
}
