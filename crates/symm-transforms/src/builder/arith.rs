// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Arithmetic.

use super::Builder;
use melior::ir::{
    Attribute, AttributeLike, Type, TypeLike, Value, ValueLike,
    attribute::{FloatAttribute, IntegerAttribute},
};
use mlir_sys::{
    mlirDenseElementsAttrSplatGet, mlirShapedTypeGetDimSize, mlirShapedTypeGetElementType,
    mlirShapedTypeGetRank, mlirVectorTypeGetScalable, mlirVectorTypeIsDimScalable,
};
use symm_ir::value::result;

/// Comparison of integers; the number is that of `arith.cmpi`.
#[derive(Clone, Copy, Debug)]
pub enum Compare {
    /// Equal.
    Eq = 0,
    /// Not equal.
    Ne = 1,
    /// Signed, less than.
    Slt = 2,
    /// Signed, greater or equal.
    Sge = 5,
    /// Unsigned, less than.
    Ult = 6,
    /// Unsigned, greater than.
    Ugt = 8,
    /// Unsigned, greater or equal.
    Uge = 9,
}

/// Comparison of floats, false of NaNs; the number is that of `arith.cmpf`.
#[derive(Clone, Copy, Debug)]
pub enum FloatCompare {
    /// Equal.
    Equal = 1,
    /// Greater or equal.
    GreaterOrEqual = 3,
    /// Less than.
    Less = 4,
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Builds a constant.
    pub fn constant(&self, value: Attribute<'c>, r#type: Type<'c>) -> Value<'c, 'a> {
        self.value("arith.constant", &[], r#type, &[("value", value)])
    }

    /// Builds a constant of type `index`.
    pub fn index(&self, value: i64) -> Value<'c, 'a> {
        self.int(self.index_type(), value)
    }

    /// Builds a constant of an integer type, or of a vector of these.
    pub fn int(&self, r#type: Type<'c>, value: i64) -> Value<'c, 'a> {
        let value = IntegerAttribute::new(element(r#type), value).into();
        self.constant(splat(r#type, value), r#type)
    }

    /// Builds a constant of 32 bits.
    pub fn i32(&self, value: i64) -> Value<'c, 'a> {
        self.int(self.int_type(32), value)
    }

    /// Builds a constant of a float type, or of a vector of these.
    pub fn float(&self, r#type: Type<'c>, value: f64) -> Value<'c, 'a> {
        let value = FloatAttribute::new(self.context, element(r#type), value).into();
        self.constant(splat(r#type, value), r#type)
    }

    /// Builds an operation on two values of one type with a result of that type.
    pub fn binary(&self, name: &str, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        self.value(name, &[lhs, rhs], lhs.r#type(), &[])
    }

    /// Builds a sum of integers.
    pub fn add(&self, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        self.binary("arith.addi", lhs, rhs)
    }

    /// Builds a difference of integers.
    pub fn sub(&self, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        self.binary("arith.subi", lhs, rhs)
    }

    /// Builds a product of integers.
    pub fn mul(&self, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        self.binary("arith.muli", lhs, rhs)
    }

    /// Builds a product of integers without sign, or the largest one where that is larger.
    pub fn saturating_mul(&self, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        let r#type = lhs.r#type();
        let product = self.op("arith.mului_extended", &[lhs, rhs], &[r#type; 2], &[]);
        let [low, high] = [0, 1].map(|at| result(product, at).expect("the op has two results"));
        let fits = self.compare(Compare::Eq, high, self.int(r#type, 0));
        self.select(fits, low, self.int(r#type, -1))
    }

    /// Builds the smaller of two indices.
    pub fn min(&self, lhs: Value<'c, 'a>, rhs: Value<'c, 'a>) -> Value<'c, 'a> {
        self.binary("arith.minui", lhs, rhs)
    }

    /// Builds a comparison of integers.
    pub fn compare(
        &self,
        predicate: Compare,
        lhs: Value<'c, 'a>,
        rhs: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        self.compare_by("arith.cmpi", predicate as i64, lhs, rhs)
    }

    /// Builds a comparison of floats.
    pub fn compare_floats(
        &self,
        predicate: FloatCompare,
        lhs: Value<'c, 'a>,
        rhs: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        self.compare_by("arith.cmpf", predicate as i64, lhs, rhs)
    }

    fn compare_by(
        &self,
        name: &str,
        predicate: i64,
        lhs: Value<'c, 'a>,
        rhs: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let predicate = self.int_attr(64, predicate);
        let result = with_element(lhs.r#type(), self.int_type(1));
        self.value(name, &[lhs, rhs], result, &[("predicate", predicate)])
    }

    /// Builds a choice between two values.
    pub fn select(
        &self,
        condition: Value<'c, 'a>,
        then: Value<'c, 'a>,
        otherwise: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        self.value(
            "arith.select",
            &[condition, then, otherwise],
            then.r#type(),
            &[],
        )
    }

    /// Builds a conversion, such as `arith.extf`.
    pub fn convert(&self, name: &str, value: Value<'c, 'a>, to: Type<'c>) -> Value<'c, 'a> {
        if value.r#type() == to {
            return value;
        }
        self.value(name, &[value], to, &[])
    }

    /// Builds a conversion between an index and an integer.
    pub fn index_cast(&self, value: Value<'c, 'a>, to: Type<'c>) -> Value<'c, 'a> {
        self.convert("arith.index_cast", value, to)
    }

    /// Builds the index in each dimension out of the number of an iteration, the
    /// last dimension counting fastest.
    pub fn delinearize(
        &self,
        number: Value<'c, 'a>,
        counts: &[Value<'c, 'a>],
    ) -> Vec<Value<'c, 'a>> {
        let mut rest = number;
        let mut indices = Vec::new();
        for (dimension, count) in counts.iter().enumerate().rev() {
            if dimension == 0 {
                indices.push(rest);
            } else {
                indices.push(self.binary("arith.remui", rest, *count));
                rest = self.binary("arith.divui", rest, *count);
            }
        }
        indices.reverse();
        indices
    }
}

/// Returns the type of the elements of a vector, and any other type as it is.
pub fn element(r#type: Type<'_>) -> Type<'_> {
    if !r#type.is_vector() {
        return r#type;
    }
    // SAFETY: the type is a vector.
    unsafe { Type::from_raw(mlirShapedTypeGetElementType(r#type.to_raw())) }
}

/// Returns a vector type with other elements, and these where the type is no
/// vector.
pub fn with_element<'c>(r#type: Type<'c>, element: Type<'c>) -> Type<'c> {
    if !r#type.is_vector() {
        return element;
    }
    let shape = vector_shape(r#type);
    // SAFETY: the type is a vector, whose dimensions are asked within its rank.
    unsafe {
        let scalable: Vec<_> = (0..shape.len() as isize)
            .map(|d| mlirVectorTypeIsDimScalable(r#type.to_raw(), d))
            .collect();
        Type::from_raw(mlirVectorTypeGetScalable(
            shape.len() as isize,
            shape.as_ptr(),
            scalable.as_ptr(),
            element.to_raw(),
        ))
    }
}

/// Returns the extents of a vector; none of any other type.
pub fn vector_shape(r#type: Type<'_>) -> Vec<i64> {
    if !r#type.is_vector() {
        return Vec::new();
    }
    // SAFETY: the type is a vector, whose dimensions are asked within its rank.
    unsafe {
        let raw = r#type.to_raw();
        let rank = mlirShapedTypeGetRank(raw) as isize;
        (0..rank)
            .map(|d| mlirShapedTypeGetDimSize(raw, d))
            .collect()
    }
}

/// Returns a vector type of these extents with the elements of another one.
pub fn with_shape<'c>(r#type: Type<'c>, shape: &[i64]) -> Type<'c> {
    let shape: Vec<_> = shape.iter().map(|extent| *extent as u64).collect();
    Type::vector(&shape, element(r#type))
}

fn splat<'c>(r#type: Type<'c>, element: Attribute<'c>) -> Attribute<'c> {
    if !r#type.is_vector() {
        return element;
    }
    // SAFETY: the type is a vector of the element's type.
    unsafe {
        Attribute::from_raw(mlirDenseElementsAttrSplatGet(
            r#type.to_raw(),
            element.to_raw(),
        ))
    }
}
