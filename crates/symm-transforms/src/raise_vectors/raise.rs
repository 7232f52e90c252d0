// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Vectors become tensors, one op after the other.

use super::{combine, compute, reshape, rule::Rule, transfer};
use crate::builder::{Builder, element, erase, first_result, tensor_type, vector_shape};
use melior::ir::{
    Attribute, AttributeLike, OperationRef, TypeLike, Value, ValueLike, operation::OperationLike,
};
use mlir_sys::{
    mlirDenseElementsAttrGetSplatValue, mlirDenseElementsAttrIsSplat,
    mlirDenseElementsAttrReshapeGet,
};
use std::collections::HashMap;
use symm_ir::{diagnostics::Failure, pass::PassResult, value::defining_op};

/// What vectors, and numbers that come out of them, became so far: tensors of their
/// shape.
#[derive(Default)]
pub(super) struct Raiser<'c, 'a> {
    tensors: HashMap<usize, Value<'c, 'a>>,
}

/// Turns ops on vectors, in order, and erases them.
pub(super) fn all<'c: 'a, 'a>(chosen: &[(OperationRef<'c, 'a>, Rule)]) -> PassResult {
    let mut raiser = Raiser::default();
    for (op, rule) in chosen {
        raiser.raise(*op, *rule)?;
    }
    for (op, _) in chosen.iter().rev() {
        erase(*op);
    }
    Ok(())
}

impl<'c: 'a, 'a> Raiser<'c, 'a> {
    fn raise(&mut self, op: OperationRef<'c, 'a>, rule: Rule) -> PassResult {
        let b = &Builder::before(op);
        let tensor = match rule {
            Rule::Write => return transfer::write(self, b, op),
            Rule::Number => return reshape::number(self, b, op),
            Rule::Read => transfer::read(b, op)?,
            Rule::Elementwise => compute::elementwise(self, b, op)?,
            Rule::Broadcast => compute::broadcast(self, b, op)?,
            Rule::Transpose => compute::transpose(self, b, op)?,
            Rule::Reduce => combine::reduce(self, b, op)?,
            Rule::Contract => combine::contract(self, b, op)?,
            Rule::Reshape => reshape::cast(self, b, op)?,
            Rule::Extract => reshape::extract(self, b, op)?,
            Rule::Insert => reshape::insert(self, b, op)?,
        };
        self.tensors.insert(address(first_result(op)), tensor);
        Ok(())
    }

    /// Returns the tensor that a vector, or a number that comes out of one, became.
    pub(super) fn turned(&self, value: Value<'c, 'a>) -> Option<Value<'c, 'a>> {
        self.tensors.get(&address(value)).copied()
    }

    /// Returns the one number that all elements of a value are, if that is known: a
    /// number of the host, or that of a constant.
    pub(super) fn number(
        &self,
        b: &Builder<'c, 'a>,
        value: Value<'c, 'a>,
    ) -> Option<Value<'c, 'a>> {
        if self.turned(value).is_some() {
            return None;
        }
        if !value.r#type().is_vector() {
            return Some(value);
        }
        let dense = constant(value)?;
        // SAFETY: a constant vector has dense elements.
        let splat = unsafe {
            mlirDenseElementsAttrIsSplat(dense.to_raw())
                .then(|| Attribute::from_raw(mlirDenseElementsAttrGetSplatValue(dense.to_raw())))
        };
        splat.map(|splat| b.constant(splat, element(value.r#type())))
    }

    /// Builds a value as a tensor of its shape.
    pub(super) fn tensor(
        &self,
        b: &Builder<'c, 'a>,
        value: Value<'c, 'a>,
    ) -> Result<Value<'c, 'a>, Failure> {
        if let Some(tensor) = self.turned(value) {
            return Ok(tensor);
        }
        let shape = vector_shape(value.r#type());
        if let Some(number) = self.number(b, value) {
            return Ok(b.filled(number, &shape));
        }
        let dense = constant(value).ok_or("a vector has not become a tensor".to_owned())?;
        let r#type = tensor_type(&shape, element(value.r#type()));
        // SAFETY: a constant vector has dense elements, as many as the tensor.
        let dense = unsafe {
            Attribute::from_raw(mlirDenseElementsAttrReshapeGet(
                dense.to_raw(),
                r#type.to_raw(),
            ))
        };
        Ok(b.constant(dense, r#type))
    }
}

/// Returns the elements of a constant vector.
fn constant<'c>(value: Value<'c, '_>) -> Option<Attribute<'c>> {
    defining_op(value)?.attribute("value").ok()
}

fn address(value: Value<'_, '_>) -> usize {
    value.to_raw().ptr as usize
}
