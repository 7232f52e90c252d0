// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! vector.transfer_read %t[i]        →   tensor.extract_slice %t[i]
//! vector.transfer_write %v, %t[i]   →   tensor.insert_slice %v into %t[i]
//! vector.load %b[i]                 →   a copy of memref.subview %b[i], as a tensor
//! vector.store %v, %b[i]            →   %v materialized in memref.subview %b[i]
//! ```
//! The two of transfers on buffers are like those of loads and stores. All only where the vector is in bounds, is not
//! masked, and goes along the last dimensions in order.

use super::raise::Raiser;
use crate::builder::{
    Builder, Extent, Part, dynamic, element, memref_type, shape, tensor_shape, tensor_type,
    vector_shape,
};
use melior::ir::{
    Attribute, AttributeLike, OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike,
    attribute::{ArrayAttribute, BoolAttribute, DenseI32ArrayAttribute, IntegerAttribute},
    operation::OperationLike,
    r#type::{MemRefType, RankedTensorType},
};
use mlir_sys::{
    mlirAffineMapAttrGetValue, mlirAffineMapIsMinorIdentity, mlirAttributeIsAStridedLayout,
};
use symm_ir::{
    diagnostics::Failure,
    memref::has_identity_layout,
    value::{defining_op, operand, replace_all_uses, result},
    walk,
};

/// A read or a write: of which vector type, of what, and where.
struct Transfer<'c, 'a> {
    vector: Type<'c>,
    whole: Value<'c, 'a>,
    offsets: Vec<Extent<'c, 'a>>,
}

impl<'c: 'a, 'a> Transfer<'c, 'a> {
    fn of(op: OperationRef<'c, 'a>) -> Option<Self> {
        let is_write = walk::is(op, "vector.transfer_write") || walk::is(op, "vector.store");
        let vector = match is_write {
            true => operand(op, 0)?.r#type(),
            false => result(op, 0)?.r#type(),
        };
        let at = usize::from(is_write);
        let whole = operand(op, at)?;
        let rank = extents(whole)?.len();
        let offsets: Option<_> = (0..rank)
            .map(|of| Some(extent(operand(op, at + 1 + of)?)))
            .collect();
        Some(Self {
            vector,
            whole,
            offsets: offsets?,
        })
    }

    fn part<'s>(&'s self, shape: &'s [i64]) -> Part<'c, 'a, 's> {
        Part {
            offsets: &self.offsets,
            shape,
        }
    }

    /// Says whether the vector is all of a tensor.
    fn is_all(&self) -> bool {
        let starts = self
            .offsets
            .iter()
            .all(|offset| matches!(offset, Extent::Static(0)));
        starts && extents(self.whole) == Some(vector_shape(self.vector))
    }

    /// Says whether a dimension of the vector is known to be within the whole.
    fn is_within(&self, dimension: usize) -> bool {
        let shape = vector_shape(self.vector);
        let leading = self.offsets.len() - shape.len();
        let extent = extents(self.whole).map_or(dynamic(), |extents| extents[leading + dimension]);
        match self.offsets[leading + dimension] {
            Extent::Static(at) => extent != dynamic() && at >= 0 && at + shape[dimension] <= extent,
            Extent::Dynamic(_) => false,
        }
    }
}

/// Says whether a read or a write is of the last dimensions, in their order, within
/// bounds and without a mask.
pub(super) fn is_plain(op: OperationRef<'_, '_>) -> bool {
    let Some(transfer) = Transfer::of(op) else {
        return false;
    };
    let rank = vector_shape(transfer.vector).len();
    if rank > transfer.offsets.len() || !has_elements(transfer.whole, element(transfer.vector)) {
        return false;
    }
    if !walk::is(op, "vector.transfer_read") && !walk::is(op, "vector.transfer_write") {
        return true;
    }
    let Ok(Ok(bounds)) = op.attribute("in_bounds").map(ArrayAttribute::try_from) else {
        return false;
    };
    let is_within = |of: usize| {
        let said = bounds.element(of).map(BoolAttribute::try_from);
        matches!(said, Ok(Ok(said)) if said.value()) || transfer.is_within(of)
    };
    is_minor(op) && !has_mask(op) && (0..rank).all(is_within)
}

fn is_minor(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the attribute is a map, says the op's verifier.
    op.attribute("permutation_map").is_ok_and(|map| unsafe {
        mlirAffineMapIsMinorIdentity(mlirAffineMapAttrGetValue(map.to_raw()))
    })
}

fn has_mask(op: OperationRef<'_, '_>) -> bool {
    let segments = op
        .attribute("operandSegmentSizes")
        .map(DenseI32ArrayAttribute::try_from);
    !matches!(segments, Ok(Ok(segments)) if segments.element(segments.len() - 1) == Ok(0))
}

/// Says whether a tensor or a strided buffer has elements of a type.
fn has_elements(whole: Value<'_, '_>, element: Type<'_>) -> bool {
    let r#type = whole.r#type();
    if r#type.is_ranked_tensor() {
        return RankedTensorType::try_from(r#type).is_ok_and(|tensor| tensor.element() == element);
    }
    // SAFETY: the layout is an attribute.
    let is_strided = |buffer: &MemRefType<'_>| unsafe {
        mlirAttributeIsAStridedLayout(buffer.layout().to_raw())
    };
    MemRefType::try_from(r#type).is_ok_and(|buffer| {
        buffer.element() == element && (has_identity_layout(r#type) || is_strided(&buffer))
    })
}

fn extents(whole: Value<'_, '_>) -> Option<Vec<i64>> {
    let r#type = whole.r#type();
    if r#type.is_ranked_tensor() {
        return Some(tensor_shape(r#type));
    }
    r#type.is_mem_ref().then(|| shape(memref_type(whole)))
}

/// Returns an index as a number, where it is a constant.
fn extent<'c: 'a, 'a>(index: Value<'c, 'a>) -> Extent<'c, 'a> {
    let constant = defining_op(index).filter(|op| walk::is(*op, "arith.constant"));
    let number =
        constant.and_then(|op| IntegerAttribute::try_from(op.attribute("value").ok()?).ok());
    number.map_or(Extent::Dynamic(index), |number| {
        Extent::Static(number.value())
    })
}

/// Builds what a read reads.
pub(super) fn read<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let transfer = Transfer::of(op).ok_or("a read has no source".to_owned())?;
    let shape = vector_shape(transfer.vector);
    let of = element(transfer.vector);
    if transfer.whole.r#type().is_mem_ref() {
        let part = b.subview(transfer.whole, &transfer.part(&shape));
        let restrict = [("restrict", Attribute::unit(b.context()))];
        let r#type = tensor_type(&shape, of);
        let now = b.value("bufferization.to_tensor", &[part], r#type, &restrict);
        let segments = [("operandSegmentSizes", b.segments(&[0, 1, 0]))];
        return Ok(b.value("bufferization.alloc_tensor", &[now], r#type, &segments));
    }
    if transfer.is_all() {
        return Ok(transfer.whole);
    }
    Ok(b.extract_slice(transfer.whole, of, &transfer.part(&shape)))
}

/// Builds a write of what a vector became.
pub(super) fn write<'c: 'a, 'a>(
    raiser: &mut Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<(), Failure> {
    let transfer = Transfer::of(op).ok_or("a write has no destination".to_owned())?;
    let value = raiser.tensor(b, op.operand(0)?)?;
    let shape = vector_shape(transfer.vector);
    let Some(result) = result(op, 0) else {
        let part = b.subview(transfer.whole, &transfer.part(&shape));
        b.materialize(value, part);
        return Ok(());
    };
    let tensor = match transfer.is_all() {
        true => value,
        false => b.insert_slice(value, transfer.whole, &transfer.part(&shape)),
    };
    replace_all_uses(result, tensor);
    Ok(())
}
