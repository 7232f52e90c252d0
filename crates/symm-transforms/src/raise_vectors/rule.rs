// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What an op on vectors becomes.

use super::{combine, transfer};
use crate::builder::{element, vector_shape};
use melior::ir::{
    OperationRef, Type, TypeLike, ValueLike, attribute::ArrayAttribute, operation::OperationLike,
};
use mlir_sys::mlirVectorTypeIsScalable;
use symm_ir::value::operand;

/// What an op becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// A part of a tensor or a buffer is read.
    Read,
    /// A part of a tensor or a buffer is written.
    Write,
    /// Each element of the result comes from the elements in its place.
    Elementwise,
    /// Elements are repeated.
    Broadcast,
    /// Dimensions change places.
    Transpose,
    /// Elements are combined.
    Reduce,
    /// Products are summed up.
    Contract,
    /// Elements stay in their order.
    Reshape,
    /// A part is taken.
    Extract,
    /// A part is replaced.
    Insert,
    /// A number becomes a tensor, or an element of one.
    Number,
}

impl Rule {
    /// Returns what an op becomes, if the op by itself lets it.
    pub(super) fn of(op: OperationRef<'_, '_>) -> Option<Self> {
        let name = op.name();
        let name = name.as_string_ref();
        let name = name.as_str().unwrap_or_default();
        let types = op.operands().map(|operand| operand.r#type());
        let types = types.chain(op.results().map(|result| result.r#type()));
        if types.into_iter().any(is_scalable) || op.region_count() > 0 {
            return None;
        }
        let (rule, is_fine) = match name {
            "vector.transfer_read" | "vector.load" => (Self::Read, transfer::is_plain(op)),
            "vector.transfer_write" | "vector.store" => (Self::Write, transfer::is_plain(op)),
            "vector.fma" => (Self::Elementwise, true),
            "vector.broadcast" => (Self::Broadcast, true),
            "vector.transpose" => (Self::Transpose, true),
            "vector.multi_reduction" | "vector.reduction" => {
                (Self::Reduce, combine::combiner(op).is_some())
            }
            "vector.contract" => (Self::Contract, combine::is_sum_of_products(op)),
            "vector.shape_cast" => (Self::Reshape, has_dimensions(op)),
            "vector.extract" => (Self::Extract, op.operand_count() == 1),
            "vector.insert" => (Self::Insert, op.operand_count() == 2),
            "vector.extract_strided_slice" => (Self::Extract, has_unit_strides(op)),
            "vector.insert_strided_slice" => (Self::Insert, has_unit_strides(op)),
            "tensor.from_elements" => (Self::Number, op.operand_count() == 1),
            "tensor.insert" => (Self::Number, true),
            "arith.constant" => return None,
            name if name.starts_with("arith.") || name.starts_with("math.") => {
                (Self::Elementwise, is_elementwise(op))
            }
            _ => return None,
        };
        is_fine.then_some(rule)
    }

    /// Says whether the results of such an op become tensors, and are none yet.
    pub(super) fn makes_values(self) -> bool {
        !matches!(self, Self::Write | Self::Number)
    }
}

fn is_scalable(r#type: Type<'_>) -> bool {
    // SAFETY: the type is a vector when it is asked.
    r#type.is_vector() && unsafe { mlirVectorTypeIsScalable(r#type.to_raw()) }
}

/// Says whether an op has one result, and numbers or vectors of one shape.
fn is_elementwise(op: OperationRef<'_, '_>) -> bool {
    if op.result_count() != 1 || op.operand_count() == 0 {
        return false;
    }
    let types: Vec<_> = op.operands().map(|operand| operand.r#type()).collect();
    let result = op.results().next().map(|result| result.r#type());
    let shape = result.map(vector_shape);
    let is_number = |r#type: Type<'_>| {
        let of = element(r#type);
        of.is_float() || of.is_integer() || of.is_index()
    };
    types.iter().chain(&result).all(|of| is_number(*of))
        && types
            .iter()
            .filter(|of| of.is_vector())
            .all(|of| Some(vector_shape(*of)) == shape)
        // A vector for a number would be a reduction.
        && (result.is_some_and(|of| of.is_vector()) || types.iter().all(|of| !of.is_vector()))
}

fn has_dimensions(op: OperationRef<'_, '_>) -> bool {
    let result = op.results().next().map(|result| result.r#type());
    let types = operand(op, 0)
        .map(|operand| operand.r#type())
        .into_iter()
        .chain(result);
    types.into_iter().all(|of| !vector_shape(of).is_empty())
}

fn has_unit_strides(op: OperationRef<'_, '_>) -> bool {
    let strides = op.attribute("strides").map(ArrayAttribute::try_from);
    let Ok(Ok(strides)) = strides else {
        return false;
    };
    (0..strides.len()).all(|index| {
        let stride = strides
            .element(index)
            .map(melior::ir::attribute::IntegerAttribute::try_from);
        matches!(stride, Ok(Ok(stride)) if stride.value() == 1)
    })
}
