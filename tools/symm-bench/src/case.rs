// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One thing to measure: an all-reduce of a type, a reduction and a size.

use symm_abi::{DType, ReduceOp};

/// An all-reduce of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// Element type.
    pub dtype: DType,
    /// Reduction.
    pub op: ReduceOp,
    /// Elements of each rank's operand.
    pub count: usize,
    /// The result overwrites the operand.
    pub in_place: bool,
    /// Operands and results that are kept apart.
    pub sets: usize,
}

impl Case {
    /// Returns the bytes of each rank's operand.
    pub fn bytes(&self) -> usize {
        self.count * self.dtype.size()
    }

    /// Returns the algorithm bandwidth in GB/s for a time in microseconds: bytes over time.
    pub fn algorithm_bandwidth(&self, us: f64) -> f64 {
        self.bytes() as f64 / us / 1e3
    }

    /// Returns the bus bandwidth in GB/s: what each link carries, the same for any number of ranks at the hardware's limit.
    pub fn bus_bandwidth(&self, us: f64, world: u32) -> f64 {
        let ranks = f64::from(world);
        self.algorithm_bandwidth(us) * 2.0 * (ranks - 1.0) / ranks
    }
}

/// Element types by the names of nccl-tests; MLIR's spellings are understood too.
const DTYPES: [(&str, DType); 14] = [
    ("int8", DType::I8),
    ("uint8", DType::U8),
    ("int16", DType::I16),
    ("int32", DType::I32),
    ("int64", DType::I64),
    ("half", DType::F16),
    ("bfloat16", DType::BF16),
    ("float", DType::F32),
    ("double", DType::F64),
    ("f8e4m3", DType::F8E4M3FN),
    ("f8e5m2", DType::F8E5M2),
    ("bool", DType::I1),
    ("complex64", DType::C64),
    ("complex128", DType::C128),
];

/// Returns the name of a type as nccl-tests prints it.
pub fn dtype_name(dtype: DType) -> &'static str {
    let entry = DTYPES.iter().find(|(_, other)| *other == dtype);
    entry.map_or(dtype.name(), |(name, _)| name)
}

/// Parses `all` or one element type.
pub fn parse_dtypes(text: &str) -> Result<Vec<DType>, String> {
    if text == "all" {
        return Ok(DTYPES.iter().map(|(_, dtype)| *dtype).collect());
    }
    let named = DTYPES.iter().find(|(name, _)| *name == text);
    let dtype = named
        .map(|(_, dtype)| *dtype)
        .or_else(|| DType::from_name(text));
    dtype.map(|dtype| vec![dtype]).ok_or_else(|| {
        let known: Vec<_> = DTYPES.iter().map(|(name, _)| *name).collect();
        format!("expected all or one of {}, got '{text}'", known.join(", "))
    })
}

/// Returns the name of a reduction as nccl-tests prints it.
pub fn op_name(op: ReduceOp) -> &'static str {
    if op == ReduceOp::Product {
        "prod"
    } else {
        op.name()
    }
}

/// Parses `all` or one reduction.
pub fn parse_ops(text: &str) -> Result<Vec<ReduceOp>, String> {
    if text == "all" {
        return Ok(ReduceOp::ALL.to_vec());
    }
    let found = ReduceOp::ALL
        .into_iter()
        .find(|op| op_name(*op) == text || op.name() == text);
    found.map(|op| vec![op]).ok_or_else(|| {
        let known: Vec<_> = ReduceOp::ALL.into_iter().map(op_name).collect();
        format!("expected all or one of {}, got '{text}'", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidths_are_those_of_nccl_tests() {
        let case = Case {
            dtype: DType::F32,
            op: ReduceOp::Sum,
            count: 1 << 20,
            in_place: false,
            sets: 1,
        };
        let algorithm = case.algorithm_bandwidth(41.94304);
        assert!((algorithm - 100.0).abs() < 1e-9, "{algorithm}");
        assert!((case.bus_bandwidth(41.94304, 4) - 150.0).abs() < 1e-9);
        assert_eq!(case.bus_bandwidth(1.0, 1), 0.0);
    }

    #[test]
    fn names_go_both_ways() {
        for dtype in DType::ALL {
            assert_eq!(parse_dtypes(dtype_name(dtype)), Ok(vec![dtype]));
            assert_eq!(parse_dtypes(dtype.name()), Ok(vec![dtype]));
        }
        for op in ReduceOp::ALL {
            assert_eq!(parse_ops(op_name(op)), Ok(vec![op]));
        }
        assert_eq!(parse_dtypes("all").unwrap().len(), 14);
        assert!(parse_dtypes("quad").unwrap_err().contains("bfloat16"));
        assert!(parse_ops("median").unwrap_err().contains("prod"));
    }
}
