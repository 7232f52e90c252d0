// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which types of values a program can have.

use crate::number_type::{element_type, made, number_type};
use melior::ir::{Attribute, OperationRef, Type, TypeLike};
use mlir_sys::{
    mlirMemRefTypeGetStridesAndOffset, mlirRankedTensorTypeGetEncoding, mlirShapedTypeGetRank,
};
use symm_ir::{
    diagnostics::error,
    dialect::symm_mem_group,
    memref::{is_memref, is_too_large, memory_space},
    pass::PassResult,
    walk,
};

/// Floats that there is code for: the first [`ON_GPUS`] everywhere, the others on CPU ranks.
pub(super) const FLOATS: &[&str] = &[
    "f8E4M3FN", "f8E5M2", "f16", "bf16", "f32", "f64", "f80", "f128",
];

/// How many kinds of floats there is code for on GPUs: LLVM would call functions that nobody has.
pub(super) const ON_GPUS: usize = 6;

/// Ops whose regions are kernels.
const KERNELS: [&str; 2] = ["gpu.launch", "gpu.module"];

/// Refuses the first value that an op makes and no artifact can have; `floats` are those it can.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, floats: &[&str]) -> PassResult {
    let is_kernel = KERNELS
        .iter()
        .any(|name| walk::is(op, name) || walk::parent_named(op, name).is_some());
    for r#type in made(op) {
        let reason = float(r#type, floats)
            .or_else(|| tensor(r#type))
            .or_else(|| size(r#type))
            .or_else(|| buffer(r#type).filter(|_| !is_kernel));
        if let Some(reason) = reason {
            return Err(error(&op, reason).emit());
        }
    }
    Ok(())
}

/// Says why there is no code for the numbers of a value.
fn float(r#type: Type<'_>, floats: &[&str]) -> Option<String> {
    let number = number_type(r#type);
    (number.is_float() && !floats.contains(&number.to_string().as_str())).then(|| {
        let known = floats.join(", ");
        format!("has a value of type {type}; expected floats to be of {known}")
    })
}

/// Says why a tensor can't be. Bufferization would forget the encoding.
fn tensor(r#type: Type<'_>) -> Option<String> {
    // SAFETY: the type is a ranked tensor when it is asked.
    let encoding = r#type.is_ranked_tensor().then(|| unsafe {
        Attribute::from_option_raw(mlirRankedTensorTypeGetEncoding(r#type.to_raw()))
    })??;
    Some(format!(
        "has a value of type {type}; expected a dense tensor without encoding, got {encoding}"
    ))
}

/// Says why a value is too large for any memory. Products of its extents would wrap, and what is
/// left of them would be allocated.
fn size(r#type: Type<'_>) -> Option<String> {
    is_too_large(r#type).then(|| {
        format!("has a value of type {type}, which takes 2^63 bytes or more; no memory has them")
    })
}

/// Says why a buffer can't be.
fn buffer(r#type: Type<'_>) -> Option<String> {
    if !is_memref(r#type) {
        return None;
    }
    if element_type(r#type).is_some_and(is_memref) {
        return Some(format!(
            "has a buffer of buffers, of type {type}, which nobody could free; use a buffer \
             with another dimension"
        ));
    }
    if let Some(space) = memory_space(r#type).filter(|space| symm_mem_group(*space).is_none()) {
        return Some(format!(
            "has a buffer of type {type}; expected one in ordinary memory or in \
             #comm.symm_mem of a group, got memory space {space}"
        ));
    }
    (r#type.is_mem_ref() && !has_strides(r#type)).then(|| {
        format!(
            "has a buffer of type {type}, whose layout has no strides; use a row-major one and \
             memref.transpose, or strided<...>"
        )
    })
}

/// Says whether a buffer's elements are a number of others apart in each dimension.
fn has_strides(buffer: Type<'_>) -> bool {
    // SAFETY: the type is a ranked memref, and there is room for a stride per dimension.
    unsafe {
        let raw = buffer.to_raw();
        let (mut offset, mut strides) = (0, vec![0; mlirShapedTypeGetRank(raw) as usize]);
        mlirMemRefTypeGetStridesAndOffset(raw, strides.as_mut_ptr(), &mut offset).value != 0
    }
}
