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
    /// Where they begin.
    pub unalign: Unalign,
    /// The epoch that its channel begins at, as if there had been that many calls. Unless it is 0, no process makes the first
    /// call before every process has prepared the case.
    pub epoch: u32,
}

/// How far buffers begin behind an address that suits every access, in elements.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unalign {
    /// The operand.
    pub operand: usize,
    /// The result, where it has a place of its own.
    pub result: usize,
}

impl Case {
    /// Returns a case with a result of its own, of which there is one set, and with aligned buffers.
    pub fn new(dtype: DType, op: ReduceOp, count: usize) -> Self {
        Self {
            dtype,
            op,
            count,
            in_place: false,
            sets: 1,
            unalign: Unalign::default(),
            epoch: 0,
        }
    }

    /// Returns how many bytes the operand begins behind an aligned address.
    pub fn operand_shift(&self) -> usize {
        self.unalign.operand * self.dtype.size()
    }

    /// Returns how many bytes the result begins behind an aligned address.
    pub fn result_shift(&self) -> usize {
        match self.in_place {
            true => self.operand_shift(),
            false => self.unalign.result * self.dtype.size(),
        }
    }

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

/// Farther than any alignment reaches.
const MOST_UNALIGNED: usize = 1 << 20;

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

/// Parses the index of the first element of both buffers, or one for each: `1`, or `1,0`.
pub fn parse_unalign(text: &str) -> Result<Unalign, String> {
    let number = |text: &str| {
        let number = text.parse().ok().filter(|number| *number <= MOST_UNALIGNED);
        number.ok_or_else(|| {
            format!("expected elements, up to {MOST_UNALIGNED}, as 1 or as 1,0 for operand and result, got '{text}'")
        })
    };
    let (operand, result) = text.split_once(',').unwrap_or((text, text));
    Ok(Unalign {
        operand: number(operand)?,
        result: number(result)?,
    })
}

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
        let case = Case::new(DType::F32, ReduceOp::Sum, 1 << 20);
        let algorithm = case.algorithm_bandwidth(41.94304);
        assert!((algorithm - 100.0).abs() < 1e-9, "{algorithm}");
        assert!((case.bus_bandwidth(41.94304, 4) - 150.0).abs() < 1e-9);
        assert_eq!(case.bus_bandwidth(1.0, 1), 0.0);
    }

    #[test]
    fn buffers_begin_where_they_are_told_to() {
        let shifts = |text, in_place| {
            let case = Case {
                in_place,
                unalign: parse_unalign(text).unwrap(),
                ..Case::new(DType::F32, ReduceOp::Sum, 7)
            };
            (case.operand_shift(), case.result_shift())
        };
        assert_eq!(shifts("3", false), (12, 12));
        assert_eq!(shifts("0,1", false), (0, 4));
        assert_eq!(shifts("2,1", true), (8, 8));
        for bad in [
            "",
            "-1",
            "1,",
            "1,2,3",
            "x",
            "99999999999999999999",
            "2000000",
        ] {
            assert!(parse_unalign(bad).is_err(), "{bad}");
        }
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
