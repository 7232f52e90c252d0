// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Structured ops on tensors.

use super::{Builder, dynamic, first_result, shape, tensor_type};
use melior::ir::{
    Attribute, ShapedTypeLike, Type, TypeLike, Value, ValueLike, attribute::ArrayAttribute,
    r#type::RankedTensorType,
};
use mlir_sys::{
    mlirAffineConstantExprGet, mlirAffineDimExprGet, mlirAffineMapAttrGet, mlirAffineMapGet,
};

/// Where an iteration is in one dimension of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At the index of a loop.
    Loop(usize),
    /// At its only element.
    Only,
}

/// A tensor, or a number, and where an iteration is in it.
pub struct Operand<'c, 'a> {
    /// What is read or, by the result, written.
    pub value: Value<'c, 'a>,
    /// One per dimension.
    pub at: Vec<At>,
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Builds a `linalg.generic` of loops that are parallel or not. Its body gets the
    /// elements of inputs and result, and returns the element of the result.
    pub fn generic(
        &self,
        inputs: &[Operand<'c, 'a>],
        result: &Operand<'c, 'a>,
        is_parallel: &[bool],
        body: impl FnOnce(&Self, &[Value<'c, 'a>]) -> Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let operands: Vec<_> = inputs.iter().chain([result]).collect();
        let values: Vec<_> = operands.iter().map(|operand| operand.value).collect();
        let maps: Vec<_> = operands
            .iter()
            .map(|operand| self.map(is_parallel.len(), &operand.at))
            .collect();
        let elements: Vec<_> = values.iter().map(|value| element(value.r#type())).collect();
        let body = self.nested(&elements, |b, arguments| {
            let value = body(b, arguments);
            b.op("linalg.yield", &[value], &[], &[]);
        });
        let loops: Vec<_> = is_parallel.iter().map(|is| self.iterator(*is)).collect();
        let attributes = [
            (
                "indexing_maps",
                ArrayAttribute::new(self.context, &maps).into(),
            ),
            (
                "iterator_types",
                ArrayAttribute::new(self.context, &loops).into(),
            ),
            ("operandSegmentSizes", self.segments(&[inputs.len(), 1])),
        ];
        let types = [result.value.r#type()];
        first_result(self.op_with_regions(
            "linalg.generic",
            &values,
            &types,
            &attributes,
            vec![body],
        ))
    }

    /// Builds a tensor whose elements are one number.
    pub fn filled(&self, number: Value<'c, 'a>, shape: &[i64]) -> Value<'c, 'a> {
        let empty = self.empty(shape, number.r#type());
        let element = number.r#type();
        let body = self.nested(&[element, element], |b, arguments| {
            b.op("linalg.yield", &[arguments[0]], &[], &[]);
        });
        let attributes = [("operandSegmentSizes", self.segments(&[1, 1]))];
        let types = [empty.r#type()];
        let operands = [number, empty];
        first_result(self.op_with_regions(
            "linalg.fill",
            &operands,
            &types,
            &attributes,
            vec![body],
        ))
    }

    /// Builds a tensor of a known size without elements that mean anything.
    pub fn empty(&self, shape: &[i64], element: Type<'c>) -> Value<'c, 'a> {
        self.value("tensor.empty", &[], tensor_type(shape, element), &[])
    }

    /// Builds a tensor of the type and size of another one, of which nothing is known.
    pub fn empty_like(&self, like: Value<'c, 'a>) -> Value<'c, 'a> {
        let extents = tensor_shape(like.r#type()).into_iter().enumerate();
        let sizes: Vec<_> = extents
            .filter(|(_, extent)| *extent == dynamic())
            .map(|(dimension, _)| {
                let dimension = self.index(dimension as i64);
                self.value("tensor.dim", &[like, dimension], self.index_type(), &[])
            })
            .collect();
        self.value("tensor.empty", &sizes, like.r#type(), &[])
    }

    /// Builds a copy of a tensor, in a buffer of its own.
    pub fn copy_of_tensor(&self, tensor: Value<'c, 'a>) -> Value<'c, 'a> {
        let segments = [("operandSegmentSizes", self.segments(&[0, 1, 0]))];
        let name = "bufferization.alloc_tensor";
        self.value(name, &[tensor], tensor.r#type(), &segments)
    }

    /// Returns the map from some loops to where an iteration is in an operand.
    pub fn map(&self, loops: usize, at: &[At]) -> Attribute<'c> {
        let context = self.context.to_raw();
        // SAFETY: the context is valid, and there are that many expressions.
        unsafe {
            let mut results: Vec<_> = at
                .iter()
                .map(|at| match at {
                    At::Loop(of) => mlirAffineDimExprGet(context, *of as isize),
                    At::Only => mlirAffineConstantExprGet(context, 0),
                })
                .collect();
            let count = results.len() as isize;
            let map = mlirAffineMapGet(context, loops as isize, 0, count, results.as_mut_ptr());
            Attribute::from_raw(mlirAffineMapAttrGet(map))
        }
    }

    fn iterator(&self, is_parallel: bool) -> Attribute<'c> {
        let text = match is_parallel {
            true => "#linalg.iterator_type<parallel>",
            false => "#linalg.iterator_type<reduction>",
        };
        Attribute::parse(self.context, text).expect("an attribute of linalg")
    }
}

/// Returns the extents of a tensor; none of any other type.
pub fn tensor_shape(r#type: Type<'_>) -> Vec<i64> {
    RankedTensorType::try_from(r#type).map_or_else(|_| Vec::new(), shape)
}

/// Returns the type of the elements of a tensor, and any other type as it is.
fn element(r#type: Type<'_>) -> Type<'_> {
    match RankedTensorType::try_from(r#type) {
        Ok(tensor) if r#type.is_ranked_tensor() => tensor.element(),
        _ => r#type,
    }
}
