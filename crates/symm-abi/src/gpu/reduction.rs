// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which reductions share a kernel.

use super::Algorithm;
use crate::{DType, ReduceOp};

/// A reduction in the form that kernels exist for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Reduction {
    /// Element type of the kernel.
    pub dtype: DType,
    /// Reduction of the kernel.
    pub op: ReduceOp,
    /// Elements of the kernel in one element of the buffer: 2 for complex numbers, else 1.
    pub parts: u64,
}

impl Reduction {
    /// Returns the kernel form of a reduction, or nothing if it is not defined for the type.
    ///
    /// Pairs that differ in name but not in bits share a kernel: complex numbers are summed part by part, `i1` is
    /// combined as bytes, and sums, products and bitwise reductions of `i8` and `ui8` are the same.
    pub const fn canonical(dtype: DType, op: ReduceOp) -> Option<Self> {
        use ReduceOp::{Avg, BAnd, BOr, BXor, Max, Min, Product, Sum};
        if !dtype.has_reduction(op) {
            return None;
        }
        let (dtype, op, parts) = match (dtype, op) {
            (DType::C64, _) => (DType::F32, op, 2),
            (DType::C128, _) => (DType::F64, op, 2),
            (DType::I1, Sum | Max | BOr) => (DType::U8, BOr, 1),
            (DType::I1, Product | Min | BAnd) => (DType::U8, BAnd, 1),
            (DType::I1, _) => (DType::U8, BXor, 1),
            (DType::I8, Avg | Min | Max) => (DType::I8, op, 1),
            (DType::I8, _) => (DType::U8, op, 1),
            _ => (dtype, op, 1),
        };
        Some(Self { dtype, op, parts })
    }

    /// Returns every kernel form once.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for dtype in DType::ALL {
            for op in ReduceOp::ALL {
                if let Some(reduction) = Self::canonical(dtype, op)
                    && reduction.dtype == dtype
                    && reduction.op == op
                {
                    all.push(reduction);
                }
            }
        }
        all
    }

    /// Returns the algorithm whose turn it is with this type and reduction in groups of this size.
    ///
    /// What would take too long with every algorithm still meets each of them: a type with all its reductions, a reduction
    /// with all its types, and each pair in groups of four sizes that follow each other.
    pub fn algorithm_in_turn(self, world_size: u32) -> Algorithm {
        let turn = self.dtype as usize + self.op as usize + world_size as usize;
        Algorithm::ALL[turn % Algorithm::ALL.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::MAX_WORLD_SIZE;
    use std::{collections::HashSet, ops::RangeInclusive};

    #[test]
    fn every_defined_reduction_has_one_kernel_form() {
        let all = Reduction::all();
        for dtype in DType::ALL {
            for op in ReduceOp::ALL {
                let canonical = Reduction::canonical(dtype, op);
                assert_eq!(canonical.is_some(), dtype.has_reduction(op));
                if let Some(reduction) = canonical {
                    assert!(
                        all.contains(&Reduction {
                            parts: 1,
                            ..reduction
                        }),
                        "{reduction:?}"
                    );
                    assert_eq!(
                        reduction.dtype.size() as u64 * reduction.parts,
                        dtype.size() as u64
                    );
                }
            }
        }
        assert_eq!(all.len(), 20 + 6 + 24 + 8 + 3);
    }

    #[test]
    fn every_algorithm_has_its_turn() {
        let met = |pairs: &dyn Fn(&Reduction) -> bool, sizes: RangeInclusive<u32>| {
            let all = Reduction::all().into_iter().filter(pairs);
            let turns =
                all.flat_map(|pair| sizes.clone().map(move |size| pair.algorithm_in_turn(size)));
            turns.collect::<HashSet<_>>().len()
        };
        for size in 2..=MAX_WORLD_SIZE {
            for op in ReduceOp::ALL {
                assert_eq!(met(&|pair| pair.op == op, size..=size), 4, "{op:?}");
            }
            for dtype in Reduction::all().into_iter().map(|pair| pair.dtype) {
                // Types with three reductions cannot meet four algorithms.
                let few = matches!(dtype, DType::I8 | DType::F8E4M3FN | DType::F8E5M2);
                let least = if few { 2 } else { 4 };
                let met = met(&|pair| pair.dtype == dtype, size..=size);
                assert!(met >= least, "{dtype:?}: {met}");
            }
        }
        for first in 2..=MAX_WORLD_SIZE - 3 {
            for pair in Reduction::all() {
                assert_eq!(
                    met(&|other| *other == pair, first..=first + 3),
                    4,
                    "{pair:?}"
                );
            }
        }
    }
}
