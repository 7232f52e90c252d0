// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! linalg.matmul ins(%a, %b) outs(%c)   →   call @symm_rt.matmul(row, 0, &a, &b, &c)
//! ```
//! for every contraction that [`product::of`] finds a row-major product of f16, bf16, f32 or f64 in, with matrices that
//! begin at multiples of 16 bytes. What `%c` holds is added to, unless it is zero: then its fill goes away, if nothing
//! sees it before.

use super::{fill, product, report};
use crate::{
    builder::{Builder, dynamic, erase, memref_type},
    overlap::Overlap,
    runtime::MATMUL,
};
use melior::ir::{OperationRef, Value, ValueLike, operation::OperationLike};
use symm_abi::cuda::{Cuda, Matmul};
use symm_ir::{
    diagnostics::Failure, linalg::is_contraction, memref::is_memref, pass::PassRun, place,
    value::operand,
};

/// Turns an op into a call of the library, where it is a product that this takes;
/// says whether it is.
pub(super) fn convert<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    cuda: &mut Cuda,
    overlap: &Overlap,
    op: OperationRef<'c, 'a>,
) -> Result<bool, Failure> {
    if !is_contraction(op) || !op.operands().all(|operand| is_memref(operand.r#type())) {
        return Ok(false);
    }
    let Ok(mut product) = product::of(op, &place::of(op.location())) else {
        return Ok(false);
    };
    let fill = fill::before(overlap, op, product.buffers[2]);
    if let Some(fill) = fill.filter(|fill| operand(*fill, 0).is_some_and(fill::is_zero)) {
        erase(fill);
        product.matmul.accumulate = false;
        pass.count("dropped-fills", 1);
    }
    report::library(op, &product.matmul);
    let b = Builder::before(op);
    let number = number(cuda, product.matmul);
    let mut operands = vec![b.i32(number), b.i32(0)];
    operands.extend(product.buffers.map(|buffer| first_element(&b, buffer)));
    MATMUL.call(&b, &operands);
    erase(op);
    Ok(true)
}

/// Returns the row of the table for a product; products that are alike share it.
fn number(cuda: &mut Cuda, matmul: Matmul) -> i64 {
    let alike = |other: &Matmul| {
        Matmul {
            loc: matmul.loc.clone(),
            ..other.clone()
        } == matmul
    };
    let found = cuda.matmuls.iter().position(alike);
    found.unwrap_or_else(|| {
        cuda.matmuls.push(matmul);
        cuda.matmuls.len() - 1
    }) as i64
}

/// Builds the address of the first element of a buffer.
fn first_element<'c: 'a, 'a>(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    let (_, offset) = memref_type(buffer).strides_and_offset();
    let address = b.address(buffer);
    if offset == 0 {
        return address;
    }
    let wide = b.int_type(64);
    let element = product::element_bytes(memref_type(buffer)).unwrap_or(0) as i64;
    let offset = match offset == dynamic() {
        true => b.index_cast(b.metadata(buffer).offset, wide),
        false => b.int(wide, offset),
    };
    b.add(address, b.mul(offset, b.int(wide, element)))
}
