// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether one operation gives what it should.

use std::hash::{DefaultHasher, Hasher};

use anyhow::Result;

use crate::{algorithm::Prepared, case::Case, data::Data, world::World};

/// How far the operands of one check are shifted against those of the check before it, in elements: what an earlier check
/// left behind is wrong.
const SHIFT: usize = 1301;

/// What results are filled with before each check: where it is still there, nothing was written.
const POISON: u8 = 0xa5;

/// One comparison of results with the oracle's.
pub struct Check<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its operands and what must come of them.
    pub data: &'a Data,
    /// Whether the bits must be the oracle's, and those of a NaN, which the oracle leaves open, the same on all ranks.
    pub exact: bool,
}

impl Check<'_> {
    /// Runs the operation once, as check number `number` of its case, and counts the wrong elements of this process's ranks.
    pub fn run(
        &self,
        world: &mut World,
        prepared: &mut dyn Prepared,
        number: usize,
    ) -> Result<u64> {
        let ranks: Vec<u32> = world.ranks.iter().map(|rank| rank.rank).collect();
        self.begin(prepared, &ranks, number)?;
        world.barrier("operands are written")?;
        prepared.enqueue(&world.streams(), 0)?;
        world.synchronize()?;
        prepared.verdict()?;
        let (wrong, digests) = self.wrong(prepared, &ranks, number)?;
        let all = world.texts(&digests)?;
        Ok(wrong + if self.exact { unlike(&all, &ranks) } else { 0 })
    }

    /// Writes the operands, and spoils what is not an operand.
    fn begin(&self, prepared: &dyn Prepared, ranks: &[u32], number: usize) -> Result<()> {
        let poison = vec![POISON; self.case.bytes()];
        for (index, rank) in ranks.iter().enumerate() {
            if !self.case.in_place {
                prepared.write_result(index, 0, &poison)?;
            }
            let operand = self.data.input(*rank, self.case.count, number * SHIFT);
            prepared.write_operand(index, 0, &operand)?;
        }
        Ok(())
    }

    /// Counts the wrong elements of this process's ranks, and returns what their results hash to.
    fn wrong(
        &self,
        prepared: &dyn Prepared,
        ranks: &[u32],
        number: usize,
    ) -> Result<(u64, Vec<String>)> {
        let (mut wrong, mut digests) = (0, Vec::new());
        let mut result = vec![0; self.case.bytes()];
        for index in 0..ranks.len() {
            prepared.read_result(index, 0, &mut result)?;
            wrong += self.data.wrong(&result, number * SHIFT, self.exact);
            digests.push(digest(&result));
        }
        Ok((wrong, digests))
    }
}

/// Returns the same text for the same bytes, in every process.
fn digest(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish().to_string()
}

/// Counts the ranks of this process whose result is not rank 0's, for what all ranks' results hash to.
fn unlike(all: &[String], ranks: &[u32]) -> u64 {
    let is_unlike = |rank: &&u32| all.get(**rank as usize) != all.first();
    ranks.iter().filter(is_unlike).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use symm_abi::{DType, ReduceOp};
    use symm_cuda::Stream;

    const RANKS: [u32; 2] = [0, 1];

    /// Buffers of two ranks on the host, and what an operation makes of them.
    struct Fake {
        operands: RefCell<Vec<Vec<u8>>>,
        results: RefCell<Vec<Vec<u8>>>,
    }

    impl Fake {
        fn new(case: &Case) -> Self {
            let buffers = || RefCell::new(vec![vec![0; case.bytes()]; RANKS.len()]);
            Self {
                operands: buffers(),
                results: buffers(),
            }
        }
    }

    impl Prepared for Fake {
        fn write_operand(&self, rank: usize, _: usize, bytes: &[u8]) -> Result<()> {
            self.operands.borrow_mut()[rank] = bytes.to_vec();
            Ok(())
        }

        fn write_result(&self, rank: usize, _: usize, bytes: &[u8]) -> Result<()> {
            self.results.borrow_mut()[rank] = bytes.to_vec();
            Ok(())
        }

        fn read_result(&self, rank: usize, _: usize, bytes: &mut [u8]) -> Result<()> {
            bytes.copy_from_slice(&self.results.borrow()[rank]);
            Ok(())
        }

        fn operand_address(&self, _: usize, _: usize) -> u64 {
            0
        }

        fn result_address(&self, _: usize, _: usize) -> u64 {
            0
        }

        fn enqueue(&mut self, _: &[Stream], _: usize) -> Result<()> {
            Ok(())
        }

        fn verdict(&self) -> Result<()> {
            Ok(())
        }

        fn shape(&self) -> String {
            String::new()
        }
    }

    /// Checks something of a case, on data that says what is right.
    fn with(case: &Case, test: impl FnOnce(&Check<'_>, &Data, &Fake)) {
        let data = Data::new(case.dtype, case.op, 2, true).unwrap();
        let check = Check {
            case,
            data: &data,
            exact: true,
        };
        test(&check, &data, &Fake::new(case));
    }

    #[test]
    fn a_result_that_was_not_written_is_wrong_in_every_check() {
        let case = Case::new(DType::I32, ReduceOp::Sum, 1000);
        with(&case, |check, data, fake| {
            for number in 0..3 {
                check.begin(fake, &RANKS, number).unwrap();
                let operands: Vec<_> = RANKS
                    .map(|rank| data.input(rank, 1000, number * SHIFT))
                    .into();
                assert_eq!(*fake.operands.borrow(), operands);
                // What the check before left is gone.
                assert_eq!(check.wrong(fake, &RANKS, number).unwrap().0, 2000);
                let expected = data.expected(1000, number * SHIFT);
                *fake.results.borrow_mut() = vec![expected.clone(); 2];
                assert_eq!(check.wrong(fake, &RANKS, number).unwrap().0, 0);
                // And would be wrong if it were not.
                assert!(check.wrong(fake, &RANKS, number + 1).unwrap().0 > 1990);
            }
        });
    }

    #[test]
    fn a_nan_has_the_same_bits_on_every_rank() {
        let case = Case::new(DType::F32, ReduceOp::Sum, 40);
        with(&case, |check, data, fake| {
            let mut other = data.expected(40, 0);
            // The last element is a NaN, and stays one.
            let last = other.len() - 1;
            other[last] ^= 0x80;
            let told = |results: [&[u8]; 2]| {
                *fake.results.borrow_mut() = results.map(<[u8]>::to_vec).into();
                let (wrong, digests) = check.wrong(fake, &RANKS, 0).unwrap();
                (wrong, unlike(&digests, &RANKS))
            };
            let expected = data.expected(40, 0);
            assert_eq!(told([&expected, &expected]), (0, 0));
            assert_eq!(told([&other, &other]), (0, 0));
            assert_eq!(told([&expected, &other]), (0, 1));
            // Ranks of other processes count their own.
            assert_eq!(unlike(&["1".into(), "2".into(), "1".into()], &[1]), 1);
            assert_eq!(unlike(&["1".into(), "2".into(), "1".into()], &[2]), 0);
        });
    }

    #[test]
    fn an_operand_in_the_results_place_is_not_spoilt() {
        let case = Case {
            in_place: true,
            ..Case::new(DType::I32, ReduceOp::Sum, 10)
        };
        with(&case, |check, _, fake| {
            check.begin(fake, &RANKS, 0).unwrap();
            assert_eq!(*fake.results.borrow(), vec![vec![0; 40]; 2]);
        });
    }
}
