// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Element types, reductions and collectives, with the numbers that generated code passes for them.

use serde::{Deserialize, Serialize};

/// Element type of a buffer; the serialized names are MLIR's spellings.
///
/// Signless integers are signed. The discriminants are stable: they are part of the ABI.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum DType {
    /// One byte per element, 0 or 1.
    #[serde(rename = "i1")]
    I1 = 1,
    #[serde(rename = "i8")]
    I8 = 2,
    #[serde(rename = "ui8")]
    U8 = 3,
    #[serde(rename = "i16")]
    I16 = 4,
    #[serde(rename = "i32")]
    I32 = 5,
    #[serde(rename = "i64")]
    I64 = 6,
    #[serde(rename = "f16")]
    F16 = 7,
    #[serde(rename = "bf16")]
    BF16 = 8,
    #[serde(rename = "f32")]
    F32 = 9,
    #[serde(rename = "f64")]
    F64 = 10,
    #[serde(rename = "f8E4M3FN")]
    F8E4M3FN = 11,
    #[serde(rename = "f8E5M2")]
    F8E5M2 = 12,
    /// Two `f32`: real part, imaginary part.
    #[serde(rename = "complex<f32>")]
    C64 = 13,
    /// Two `f64`: real part, imaginary part.
    #[serde(rename = "complex<f64>")]
    C128 = 14,
}

impl DType {
    /// Every element type, in the order of the numbers.
    pub const ALL: [Self; 14] = [
        Self::I1,
        Self::I8,
        Self::U8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::F16,
        Self::BF16,
        Self::F32,
        Self::F64,
        Self::F8E4M3FN,
        Self::F8E5M2,
        Self::C64,
        Self::C128,
    ];

    /// Returns the type with this ABI number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|&dtype| dtype as u32 == number)
    }

    /// Returns the type that MLIR spells this way.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Returns MLIR's spelling of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::I1 => "i1",
            Self::I8 => "i8",
            Self::U8 => "ui8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::F8E4M3FN => "f8E4M3FN",
            Self::F8E5M2 => "f8E5M2",
            Self::C64 => "complex<f32>",
            Self::C128 => "complex<f64>",
        }
    }

    /// Returns the size of one element in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::I1 | Self::I8 | Self::U8 | Self::F8E4M3FN | Self::F8E5M2 => 1,
            Self::I16 | Self::F16 | Self::BF16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 | Self::C64 => 8,
            Self::C128 => 16,
        }
    }

    /// Tells whether a reduction is defined for this type.
    pub const fn has_reduction(self, op: ReduceOp) -> bool {
        use ReduceOp::{Avg, Max, Min, Product, Sum};
        match self {
            Self::I1 => !matches!(op, Avg),
            Self::I8 | Self::U8 | Self::I16 | Self::I32 | Self::I64 => true,
            Self::F16 | Self::BF16 | Self::F32 | Self::F64 => {
                matches!(op, Sum | Avg | Product | Min | Max)
            }
            Self::F8E4M3FN | Self::F8E5M2 => matches!(op, Sum | Min | Max),
            Self::C64 | Self::C128 => matches!(op, Sum | Avg),
        }
    }
}

/// Reduction of a collective; the discriminants are stable, 0 stands for "none".
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u32)]
#[allow(missing_docs)]
pub enum ReduceOp {
    Sum = 1,
    Avg = 2,
    Product = 3,
    Min = 4,
    Max = 5,
    BAnd = 6,
    BOr = 7,
    BXor = 8,
}

impl ReduceOp {
    /// Every reduction, in the order of the numbers.
    pub const ALL: [Self; 8] = [
        Self::Sum,
        Self::Avg,
        Self::Product,
        Self::Min,
        Self::Max,
        Self::BAnd,
        Self::BOr,
        Self::BXor,
    ];

    /// Returns the reduction with this ABI number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|&op| op as u32 == number)
    }

    /// Returns the spelling of the reduction in `c10d` ops.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Product => "product",
            Self::Min => "min",
            Self::Max => "max",
            Self::BAnd => "band",
            Self::BOr => "bor",
            Self::BXor => "bxor",
        }
    }
}

/// Collective that the runtime's library runs; the discriminants are stable.
///
/// With group size `N`, this rank's number `r` and buffers seen as flat row-major arrays:
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u32)]
pub enum CollectiveKind {
    /// `out[i] = reduce(in_0[i], …, in_{N-1}[i])`; `out_count == in_count`.
    AllReduce = 1,
    /// `out = in_0 ++ … ++ in_{N-1}`; `out_count == N * in_count`.
    AllGather = 2,
    /// `out` is chunk `r` of the reduced inputs; `in_count == N * out_count`.
    ReduceScatter = 3,
    /// Chunk `j` of `out` is chunk `r` of `in_j`; `out_count == in_count`, divisible by `N`.
    AllToAll = 4,
    /// `out = in_root`; `out_count == in_count` on every rank.
    Broadcast = 5,
}

impl CollectiveKind {
    /// Every collective, in the order of the numbers.
    pub const ALL: [Self; 5] = [
        Self::AllReduce,
        Self::AllGather,
        Self::ReduceScatter,
        Self::AllToAll,
        Self::Broadcast,
    ];

    /// Returns the collective with this ABI number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|&kind| kind as u32 == number)
    }

    /// Tells whether the collective takes a reduction.
    pub const fn reduces(self) -> bool {
        matches!(self, Self::AllReduce | Self::ReduceScatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_come_back() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_number(dtype as u32), Some(dtype));
            assert_eq!(serde_json::to_value(dtype).unwrap(), dtype.name());
        }
        for op in ReduceOp::ALL {
            assert_eq!(ReduceOp::from_number(op as u32), Some(op));
            assert_eq!(serde_json::to_value(op).unwrap(), op.name());
        }
        assert_eq!(DType::from_number(0), None);
        assert_eq!(ReduceOp::from_number(9), None);
        assert_eq!(
            CollectiveKind::from_number(5),
            Some(CollectiveKind::Broadcast)
        );
    }
}
