// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What tensors, buffers and vectors are made of, in the end.

use melior::ir::{BlockLike, OperationRef, Type, TypeLike, ValueLike, operation::OperationLike};
use mlir_sys::{mlirComplexTypeGetElementType, mlirShapedTypeGetElementType};
use symm_ir::{memref::is_memref, walk};

/// Returns the type of the elements of a tensor, a buffer or a vector.
pub(crate) fn element_type(r#type: Type<'_>) -> Option<Type<'_>> {
    let is_shaped = r#type.is_tensor() || r#type.is_vector() || is_memref(r#type);
    // SAFETY: the type is a shaped one when it is asked.
    is_shaped.then(|| unsafe { Type::from_raw(mlirShapedTypeGetElementType(r#type.to_raw())) })
}

/// Returns the type of the numbers that a value consists of: that of elements of
/// elements, and of the parts of complex numbers.
pub(crate) fn number_type(r#type: Type<'_>) -> Type<'_> {
    if let Some(element) = element_type(r#type) {
        return number_type(element);
    }
    if !r#type.is_complex() {
        return r#type;
    }
    // SAFETY: the type is that of complex numbers.
    unsafe { Type::from_raw(mlirComplexTypeGetElementType(r#type.to_raw())) }
}

/// Returns the types of the values that an op makes: its results, and what its blocks
/// get.
pub(crate) fn made<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Vec<Type<'c>> {
    let results = op.results().map(|result| result.r#type());
    let regions: Vec<_> = OperationLike::regions(&op).collect();
    let blocks = regions.into_iter().flat_map(walk::blocks);
    let arguments = blocks.flat_map(|block| {
        (0..block.argument_count())
            .filter_map(move |at| Some(block.argument(at).ok()?.r#type()))
            .collect::<Vec<_>>()
    });
    results.chain(arguments).collect()
}
