// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Softmax.

use crate::builder::{Builder, erase, first_result, shape, tensor_type};
use melior::ir::{
    Attribute, OperationRef, ShapedTypeLike, Type, TypeLike, Value, ValueLike,
    operation::OperationLike,
    r#type::{MemRefType, RankedTensorType},
};
use mlir_sys::mlirFloatTypeGetWidth;
use symm_ir::{
    diagnostics::{Failure, error},
    linalg::decompose_aggregate,
    memref::is_memref,
    pass::PassResult,
    value::replace_all_uses,
    walk,
};

/// The one op that MLIR knows others for.
const SOFTMAX: &str = "linalg.softmax";

/// Builds the op anew, on tensors of floats of at least 32 bits, and decomposes that.
pub(super) fn decompose<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    if !walk::is(op, SOFTMAX) {
        return Err(error(&op, "expected linalg.softmax, got another aggregate").emit());
    }
    let b = Builder::before(op);
    let (input, output) = (op.operand(0)?, op.operand(1)?);
    let narrow = element(op, output)?;
    let wide = match width(narrow) {
        64 => narrow,
        _ => Type::float32(b.context()),
    };
    let buffer = is_memref(output.r#type()).then_some(output);
    let input = convert(&b, tensor(&b, input)?, wide);
    let init = b.empty_like(input);
    let dimension = op.attribute("dimension")?;
    let softmax = b.op(
        SOFTMAX,
        &[input, init],
        &[init.r#type()],
        &[("dimension", dimension)],
    );
    let result = convert(&b, first_result(softmax), narrow);
    match buffer {
        Some(buffer) => b.materialize(result, buffer),
        None => replace_all_uses(first_result(op), result),
    }
    if !decompose_aggregate(softmax) {
        return Err(error(&op, "cannot be decomposed").emit());
    }
    erase(op);
    Ok(())
}

/// Returns the type of the elements of an operand, if softmax is known of it.
fn element<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    operand: Value<'c, 'a>,
) -> Result<Type<'c>, Failure> {
    let r#type = operand.r#type();
    let element = if r#type.is_mem_ref() {
        MemRefType::try_from(r#type)?.element()
    } else {
        RankedTensorType::try_from(r#type)?.element()
    };
    if !element.is_float() || width(element) > 64 {
        let message = format!("expected elements of f8, f16, bf16, f32 or f64, got {element}");
        return Err(error(&op, message).emit());
    }
    Ok(element)
}

fn width(float: Type<'_>) -> u32 {
    // SAFETY: the type is that of floats.
    unsafe { mlirFloatTypeGetWidth(float.to_raw()) }
}

/// Builds what is in a buffer as a tensor; a tensor stays as it is.
fn tensor<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Result<Value<'c, 'a>, Failure> {
    if !is_memref(value.r#type()) {
        return Ok(value);
    }
    let buffer = MemRefType::try_from(value.r#type())?;
    let r#type = tensor_type(&shape(buffer), buffer.element());
    let restrict = [("restrict", Attribute::unit(b.context()))];
    Ok(b.value("bufferization.to_tensor", &[value], r#type, &restrict))
}

/// Builds the conversion of all elements of a tensor to another type of floats.
fn convert<'c: 'a, 'a>(b: &Builder<'c, 'a>, value: Value<'c, 'a>, to: Type<'c>) -> Value<'c, 'a> {
    let tensor = RankedTensorType::try_from(value.r#type()).expect("a ranked tensor");
    let name = match width(tensor.element()) < width(to) {
        true => "arith.extf",
        false => "arith.truncf",
    };
    b.convert(name, value, tensor_type(&shape(tensor), to))
}
