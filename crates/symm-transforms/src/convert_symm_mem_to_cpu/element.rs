// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The arithmetic of reductions (law L11).
//!
//! f16, bf16, f8 and f32 accumulate in fp32 and are rounded once, f64 in f64,
//! complex numbers by component in their own type; integers wrap in their own
//! width.

use crate::builder::Builder;
use melior::ir::{Type, Value, ValueLike};
use symm_abi::{DType, ReduceOp};

/// The element type of a reduction.
#[derive(Clone, Copy)]
pub struct Element<'c> {
    /// The type in memory.
    pub stored: Type<'c>,
    /// The type that values accumulate in.
    pub accumulator: Type<'c>,
    /// What it is.
    pub dtype: DType,
}

impl<'c> Element<'c> {
    /// Returns the arithmetic of an element type, or `None` where collectives do
    /// not move it.
    pub fn of<'a>(b: &Builder<'c, 'a>, stored: Type<'c>) -> Option<Self>
    where
        'c: 'a,
    {
        let dtype = DType::from_name(&stored.to_string())?;
        let accumulator = match dtype {
            DType::F16 | DType::BF16 | DType::F8E4M3FN | DType::F8E5M2 => {
                Type::float32(b.context())
            }
            DType::U8 => b.int_type(8),
            _ => stored,
        };
        Some(Self {
            stored,
            accumulator,
            dtype,
        })
    }

    /// Builds the accumulator's value of a stored element.
    pub fn widen<'a>(&self, b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
        b.convert(self.conversion("arith.extf"), value, self.accumulator)
    }

    /// Builds the element to be stored out of the accumulator's value.
    pub fn narrow<'a>(&self, b: &Builder<'c, 'a>, value: Value<'c, 'a>) -> Value<'c, 'a> {
        b.convert(self.conversion("arith.truncf"), value, self.stored)
    }

    fn conversion(&self, of_floats: &'static str) -> &'static str {
        // `arith` knows no unsigned types.
        if self.dtype == DType::U8 {
            "builtin.unrealized_conversion_cast"
        } else {
            of_floats
        }
    }

    /// Builds one step of a reduction.
    pub fn combine<'a>(
        &self,
        b: &Builder<'c, 'a>,
        reduce: ReduceOp,
        lhs: Value<'c, 'a>,
        rhs: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        b.binary(self.operation(reduce), lhs, rhs)
    }

    fn operation(&self, reduce: ReduceOp) -> &'static str {
        match self.kind() {
            Kind::Bool => match reduce {
                ReduceOp::Sum | ReduceOp::Max | ReduceOp::BOr | ReduceOp::Avg => "arith.ori",
                ReduceOp::Product | ReduceOp::Min | ReduceOp::BAnd => "arith.andi",
                ReduceOp::BXor => "arith.xori",
            },
            Kind::Complex => "complex.add",
            Kind::Float => match reduce {
                ReduceOp::Product => "arith.mulf",
                ReduceOp::Min => "arith.minimumf",
                ReduceOp::Max => "arith.maximumf",
                _ => "arith.addf",
            },
            kind @ (Kind::Signed | Kind::Unsigned) => match (reduce, kind == Kind::Signed) {
                (ReduceOp::Sum | ReduceOp::Avg, _) => "arith.addi",
                (ReduceOp::Product, _) => "arith.muli",
                (ReduceOp::Min, true) => "arith.minsi",
                (ReduceOp::Min, false) => "arith.minui",
                (ReduceOp::Max, true) => "arith.maxsi",
                (ReduceOp::Max, false) => "arith.maxui",
                (ReduceOp::BAnd, _) => "arith.andi",
                (ReduceOp::BOr, _) => "arith.ori",
                (ReduceOp::BXor, _) => "arith.xori",
            },
        }
    }

    /// Builds the end of a reduction over `ranks` values: what `avg` does.
    pub fn finish<'a>(
        &self,
        b: &Builder<'c, 'a>,
        reduce: ReduceOp,
        ranks: i64,
        value: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        if reduce != ReduceOp::Avg {
            return value;
        }
        match self.kind() {
            Kind::Float => b.binary("arith.divf", value, b.float(self.accumulator, ranks as f64)),
            Kind::Complex => self.divide_complex(b, ranks, value),
            Kind::Signed => self.divide_integer(b, ["arith.extsi", "arith.divsi"], ranks, value),
            Kind::Unsigned => self.divide_integer(b, ["arith.extui", "arith.divui"], ranks, value),
            Kind::Bool => value,
        }
    }

    /// Divides in 64 bits: the number of ranks need not fit the element type.
    fn divide_integer<'a>(
        &self,
        b: &Builder<'c, 'a>,
        [extend, divide]: [&str; 2],
        ranks: i64,
        value: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let wide = b.int_type(64);
        let quotient = b.binary(divide, b.convert(extend, value, wide), b.int(wide, ranks));
        b.convert("arith.trunci", quotient, self.accumulator)
    }

    fn divide_complex<'a>(
        &self,
        b: &Builder<'c, 'a>,
        ranks: i64,
        value: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let component = match self.dtype {
            DType::C64 => Type::float32(b.context()),
            _ => Type::float64(b.context()),
        };
        let ranks = b.float(component, ranks as f64);
        let divided = ["complex.re", "complex.im"].map(|part| {
            let part = b.value(part, &[value], component, &[]);
            b.binary("arith.divf", part, ranks)
        });
        b.value("complex.create", &divided, value.r#type(), &[])
    }

    fn kind(&self) -> Kind {
        match self.dtype {
            DType::I1 => Kind::Bool,
            DType::U8 => Kind::Unsigned,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => Kind::Signed,
            DType::C64 | DType::C128 => Kind::Complex,
            _ => Kind::Float,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    Complex,
}
