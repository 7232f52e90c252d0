// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Types, constants and arithmetic.

use melior::ir::{
    Type, ValueLike,
    attribute::{FloatAttribute, IntegerAttribute},
    r#type::IntegerType,
};

use super::{Emitter, Val};

/// Predicates of `arith.cmpi`.
#[derive(Clone, Copy)]
pub(in crate::all_reduce_kernels) enum Cmp {
    Eq = 0,
    Ne = 1,
    Slt = 2,
    Ult = 6,
    Uge = 9,
}

impl<'c> Emitter<'c> {
    pub(in crate::all_reduce_kernels) fn int(&self, bits: u32) -> Type<'c> {
        IntegerType::new(self.context, bits).into()
    }

    pub(in crate::all_reduce_kernels) fn f16(&self) -> Type<'c> {
        // SAFETY: the constructor takes any live context.
        unsafe { Type::from_raw(mlir_sys::mlirF16TypeGet(self.context.to_raw())) }
    }

    pub(in crate::all_reduce_kernels) fn bf16(&self) -> Type<'c> {
        // SAFETY: the constructor takes any live context.
        unsafe { Type::from_raw(mlir_sys::mlirBF16TypeGet(self.context.to_raw())) }
    }

    pub(in crate::all_reduce_kernels) fn f32(&self) -> Type<'c> {
        Type::float32(self.context)
    }

    pub(in crate::all_reduce_kernels) fn f64(&self) -> Type<'c> {
        Type::float64(self.context)
    }

    pub(in crate::all_reduce_kernels) fn constant(&self, bits: u32, value: u64) -> Val<'c> {
        let attribute = IntegerAttribute::new(self.int(bits), value as i64);
        self.value(
            "arith.constant",
            &[],
            self.int(bits),
            &[("value", attribute.into())],
        )
    }

    pub(in crate::all_reduce_kernels) fn i1(&self, value: bool) -> Val<'c> {
        self.constant(1, value.into())
    }

    pub(in crate::all_reduce_kernels) fn i32(&self, value: u32) -> Val<'c> {
        self.constant(32, value.into())
    }

    pub(in crate::all_reduce_kernels) fn i64(&self, value: u64) -> Val<'c> {
        self.constant(64, value)
    }

    pub(in crate::all_reduce_kernels) fn float(&self, r#type: Type<'c>, value: f64) -> Val<'c> {
        let attribute = FloatAttribute::new(self.context, r#type, value);
        self.value(
            "arith.constant",
            &[],
            r#type,
            &[("value", attribute.into())],
        )
    }

    // Arithmetic: the result has the type of the first operand

    pub(in crate::all_reduce_kernels) fn binary(
        &self,
        name: &str,
        a: Val<'c>,
        b: Val<'c>,
    ) -> Val<'c> {
        self.value(name, &[a, b], a.r#type(), &[])
    }

    pub(in crate::all_reduce_kernels) fn add(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.addi", a, b)
    }

    pub(in crate::all_reduce_kernels) fn sub(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.subi", a, b)
    }

    pub(in crate::all_reduce_kernels) fn mul(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.muli", a, b)
    }

    pub(in crate::all_reduce_kernels) fn and(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.andi", a, b)
    }

    pub(in crate::all_reduce_kernels) fn or(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.ori", a, b)
    }

    pub(in crate::all_reduce_kernels) fn xor(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.xori", a, b)
    }

    pub(in crate::all_reduce_kernels) fn shl(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.shli", a, b)
    }

    pub(in crate::all_reduce_kernels) fn shr(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.shrui", a, b)
    }

    pub(in crate::all_reduce_kernels) fn umin(&self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.binary("arith.minui", a, b)
    }

    pub(in crate::all_reduce_kernels) fn not(&self, a: Val<'c>) -> Val<'c> {
        self.xor(a, self.i1(true))
    }

    /// Returns an `i1` unchanged, but tells LLVM what it will be: so that what happens rarely is not laid out between what
    /// happens always, and need not be fetched with it.
    pub(in crate::all_reduce_kernels) fn expect(
        &self,
        condition: Val<'c>,
        expected: bool,
    ) -> Val<'c> {
        self.binary("llvm.intr.expect", condition, self.i1(expected))
    }

    /// Conjunction of any number of `i1`.
    pub(in crate::all_reduce_kernels) fn all(&self, conditions: &[Val<'c>]) -> Val<'c> {
        conditions
            .iter()
            .copied()
            .reduce(|a, b| self.and(a, b))
            .unwrap_or_else(|| self.i1(true))
    }

    pub(in crate::all_reduce_kernels) fn cmp(
        &self,
        predicate: Cmp,
        a: Val<'c>,
        b: Val<'c>,
    ) -> Val<'c> {
        let predicate = IntegerAttribute::new(self.int(64), predicate as i64);
        self.value(
            "arith.cmpi",
            &[a, b],
            self.int(1),
            &[("predicate", predicate.into())],
        )
    }

    pub(in crate::all_reduce_kernels) fn select(
        &self,
        condition: Val<'c>,
        a: Val<'c>,
        b: Val<'c>,
    ) -> Val<'c> {
        self.value("arith.select", &[condition, a, b], a.r#type(), &[])
    }

    /// Any conversion of `arith` from one type to another.
    pub(in crate::all_reduce_kernels) fn cast(
        &self,
        name: &str,
        a: Val<'c>,
        to: Type<'c>,
    ) -> Val<'c> {
        self.value(name, &[a], to, &[])
    }

    pub(in crate::all_reduce_kernels) fn zext(&self, a: Val<'c>, bits: u32) -> Val<'c> {
        self.cast("arith.extui", a, self.int(bits))
    }

    pub(in crate::all_reduce_kernels) fn trunc(&self, a: Val<'c>, bits: u32) -> Val<'c> {
        self.cast("arith.trunci", a, self.int(bits))
    }

    pub(in crate::all_reduce_kernels) fn bitcast(&self, a: Val<'c>, to: Type<'c>) -> Val<'c> {
        self.cast("arith.bitcast", a, to)
    }
}
