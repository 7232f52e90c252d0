// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! vector.shape_cast                                →   tensor.expand_shape (tensor.collapse_shape %t)
//! vector.extract, vector.extract_strided_slice     →   tensor.extract_slice, tensor.extract
//! vector.insert, vector.insert_strided_slice       →   tensor.insert_slice, tensor.insert
//! ```
//! at positions that are known.

use super::raise::Raiser;
use crate::builder::{
    Builder, Extent, Part, element, first_result, tensor_shape, tensor_type, vector_shape,
};
use melior::ir::{
    Attribute, OperationRef, Value, ValueLike,
    attribute::{ArrayAttribute, DenseI64ArrayAttribute, IntegerAttribute},
    operation::OperationLike,
};
use symm_ir::{diagnostics::Failure, value::replace_all_uses, walk};

/// Builds a change of shape, by way of one dimension.
pub(super) fn cast<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let source = op.operand(0)?;
    let to = vector_shape(first_result(op).r#type());
    let flat = collapse(b, raiser.tensor(b, source)?, element(source.r#type()));
    Ok(expand(b, flat, &to, element(source.r#type())))
}

fn collapse<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    tensor: Value<'c, 'a>,
    element: melior::ir::Type<'c>,
) -> Value<'c, 'a> {
    let shape = tensor_shape(tensor.r#type());
    if shape.len() == 1 {
        return tensor;
    }
    let flat = tensor_type(&[shape.iter().product()], element);
    let all = [("reassociation", together(b, shape.len()))];
    b.value("tensor.collapse_shape", &[tensor], flat, &all)
}

fn expand<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    flat: Value<'c, 'a>,
    shape: &[i64],
    element: melior::ir::Type<'c>,
) -> Value<'c, 'a> {
    if shape.len() == 1 {
        return flat;
    }
    let extents = DenseI64ArrayAttribute::new(b.context(), shape).into();
    let attributes = [
        ("reassociation", together(b, shape.len())),
        ("static_output_shape", extents),
    ];
    b.value(
        "tensor.expand_shape",
        &[flat],
        tensor_type(shape, element),
        &attributes,
    )
}

/// Returns the reassociation of all dimensions into one.
fn together<'c: 'a, 'a>(b: &Builder<'c, 'a>, rank: usize) -> Attribute<'c> {
    let all: Vec<_> = (0..rank).map(|of| b.int_attr(64, of as i64)).collect();
    let all = ArrayAttribute::new(b.context(), &all).into();
    ArrayAttribute::new(b.context(), &[all]).into()
}

/// Builds the part of a vector that is taken out of it.
pub(super) fn extract<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let source = op.operand(0)?;
    let offsets = offsets(op, vector_shape(source.r#type()).len())?;
    let shape = vector_shape(first_result(op).r#type());
    let part = Part {
        offsets: &offsets,
        shape: &shape,
    };
    let tensor = raiser.tensor(b, source)?;
    Ok(b.extract_slice(tensor, element(source.r#type()), &part))
}

/// Builds a vector with another part.
pub(super) fn insert<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let (value, whole) = (op.operand(0)?, op.operand(1)?);
    let offsets = offsets(op, vector_shape(whole.r#type()).len())?;
    let shape = vector_shape(value.r#type());
    let part = Part {
        offsets: &offsets,
        shape: &shape,
    };
    let (value, whole) = (raiser.tensor(b, value)?, raiser.tensor(b, whole)?);
    Ok(b.insert_slice(value, whole, &part))
}

/// Returns where a part begins in each dimension.
fn offsets<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    rank: usize,
) -> Result<Vec<Extent<'c, 'a>>, Failure> {
    let mut offsets = match op.attribute("offsets") {
        Ok(list) => {
            let list = ArrayAttribute::try_from(list)?;
            let number = |index| Ok(IntegerAttribute::try_from(list.element(index)?)?.value());
            (0..list.len())
                .map(number)
                .collect::<Result<_, Failure>>()?
        }
        Err(_) => {
            let list = DenseI64ArrayAttribute::try_from(op.attribute("static_position")?)?;
            let number = |index| Ok(list.element(index)?);
            (0..list.len())
                .map(number)
                .collect::<Result<Vec<i64>, Failure>>()?
        }
    };
    offsets.resize(rank, 0);
    Ok(offsets.into_iter().map(Extent::Static).collect())
}

/// Puts a number that comes out of vectors where a tensor is made of it.
pub(super) fn number<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<(), Failure> {
    let number = op.operand(0)?;
    let tensor = raiser.tensor(b, number)?;
    let result = first_result(op);
    let shape = tensor_shape(result.r#type());
    let offsets: Vec<_> = match walk::is(op, "tensor.insert") {
        true => op.operands().skip(2).map(Extent::Dynamic).collect(),
        false => vec![Extent::Static(0); shape.len()],
    };
    let into = match walk::is(op, "tensor.insert") {
        true => op.operand(1)?,
        false if shape.is_empty() => {
            replace_all_uses(result, tensor);
            return Ok(());
        }
        false => b.empty(&shape, number.r#type()),
    };
    let part = Part {
        offsets: &offsets,
        shape: &[],
    };
    replace_all_uses(result, b.insert_slice(tensor, into, &part));
    Ok(())
}
