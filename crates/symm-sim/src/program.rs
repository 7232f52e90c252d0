// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whole programs of collectives and elementwise ops on N ranks.
//!
//! A program is what one rank runs; all ranks run the same one, on inputs of their own. Its values
//! are numbered: first the inputs, then the result of each op, in order.

use crate::{
    buffer::Buffer,
    collective, elementwise,
    error::{Error, Result},
    reduce::ReduceOp,
};

/// The world's ranks that take part in a collective, in the order of their ranks in the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The members, as ranks of the world.
    pub ranks: Vec<usize>,
}

/// One op; operands are numbers of earlier values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// `c10d.all_reduce`.
    AllReduce {
        /// The reduction.
        reduce_op: ReduceOp,
        /// The operand.
        input: usize,
        /// The group, as an index into [`Program::groups`].
        group: usize,
    },
    /// `c10d.all_gather_into_tensor`.
    AllGatherIntoTensor {
        /// The operand.
        input: usize,
        /// The group, as an index into [`Program::groups`].
        group: usize,
    },
    /// `c10d.reduce_scatter_tensor`.
    ReduceScatterTensor {
        /// The reduction.
        reduce_op: ReduceOp,
        /// The operand.
        input: usize,
        /// The group, as an index into [`Program::groups`].
        group: usize,
    },
    /// `c10d.all_to_all_single` with equal splits.
    AllToAllSingle {
        /// The operand.
        input: usize,
        /// The group, as an index into [`Program::groups`].
        group: usize,
    },
    /// `c10d.broadcast`.
    Broadcast {
        /// The source, as a rank within the group.
        src: usize,
        /// The operand.
        input: usize,
        /// The group, as an index into [`Program::groups`].
        group: usize,
    },
    /// `c10d.wait_tensor`: its operand.
    WaitTensor {
        /// The operand.
        input: usize,
    },
    /// Elementwise addition.
    Add {
        /// The first operand.
        lhs: usize,
        /// The second operand.
        rhs: usize,
    },
    /// Elementwise multiplication.
    Mul {
        /// The first operand.
        lhs: usize,
        /// The second operand.
        rhs: usize,
    },
}

/// A program for all ranks of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The number of ranks.
    pub world_size: usize,
    /// The groups. Every rank runs every op, so a group whose op is run has every rank.
    pub groups: Vec<Group>,
    /// The number of inputs of each rank.
    pub inputs: usize,
    /// The ops.
    pub ops: Vec<Op>,
}

impl Program {
    /// Runs the program on `inputs[rank][input]` and returns all values, `[value][rank]`.
    ///
    /// # Errors
    /// The program is malformed, has not these inputs, or one of its ops fails.
    pub fn run(&self, inputs: &[Vec<Buffer>]) -> Result<Vec<Vec<Buffer>>> {
        self.check(inputs)?;
        let mut values: Vec<Vec<Buffer>> = (0..self.inputs)
            .map(|input| inputs.iter().map(|rank| rank[input].clone()).collect())
            .collect();
        for (index, op) in self.ops.iter().enumerate() {
            let result = self.run_op(index, op, &values)?;
            values.push(result);
        }
        Ok(values)
    }

    fn check(&self, inputs: &[Vec<Buffer>]) -> Result<()> {
        if inputs.len() != self.world_size {
            return Err(Error::RankCount {
                expected: self.world_size,
                got: inputs.len(),
            });
        }
        for (rank, buffers) in inputs.iter().enumerate() {
            if buffers.len() != self.inputs {
                let (expected, got) = (self.inputs, buffers.len());
                return Err(Error::InputCount {
                    rank,
                    expected,
                    got,
                });
            }
        }
        self.groups
            .iter()
            .try_for_each(|group| self.check_group(group))
    }

    fn check_group(&self, group: &Group) -> Result<()> {
        let mut distinct = group.ranks.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let in_world = distinct.last().is_some_and(|&rank| rank < self.world_size);
        if !in_world || distinct.len() != group.ranks.len() {
            let ranks = group.ranks.clone();
            return Err(Error::MalformedGroup {
                world_size: self.world_size,
                ranks,
            });
        }
        Ok(())
    }

    fn run_op(&self, index: usize, op: &Op, values: &[Vec<Buffer>]) -> Result<Vec<Buffer>> {
        let value = |value: usize| {
            values
                .get(value)
                .map(Vec::as_slice)
                .ok_or(Error::UndefinedValue { op: index, value })
        };
        match *op {
            Op::AllReduce {
                reduce_op,
                input,
                group,
            } => self.in_group(group, value(input)?, |x| {
                collective::all_reduce(reduce_op, x)
            }),
            Op::AllGatherIntoTensor { input, group } => {
                self.in_group(group, value(input)?, collective::all_gather_into_tensor)
            }
            Op::ReduceScatterTensor {
                reduce_op,
                input,
                group,
            } => self.in_group(group, value(input)?, |x| {
                collective::reduce_scatter_tensor(reduce_op, x)
            }),
            Op::AllToAllSingle { input, group } => {
                self.in_group(group, value(input)?, collective::all_to_all_single)
            }
            Op::Broadcast { src, input, group } => {
                self.in_group(group, value(input)?, |x| collective::broadcast(src, x))
            }
            Op::WaitTensor { input } => Ok(value(input)?.to_vec()),
            Op::Add { lhs, rhs } => zip_ranks(value(lhs)?, value(rhs)?, elementwise::add),
            Op::Mul { lhs, rhs } => zip_ranks(value(lhs)?, value(rhs)?, elementwise::mul),
        }
    }

    /// Runs a collective on the operands of a group's members, and gives each rank its result.
    fn in_group(
        &self,
        group: usize,
        operands: &[Buffer],
        collective: impl Fn(&[Buffer]) -> Result<Vec<Buffer>>,
    ) -> Result<Vec<Buffer>> {
        let groups = self.groups.len();
        let ranks = &self
            .groups
            .get(group)
            .ok_or(Error::UndefinedGroup { groups, group })?
            .ranks;
        if let Some(rank) = (0..self.world_size).find(|rank| !ranks.contains(rank)) {
            return Err(Error::NotAMember { group, rank });
        }
        let inputs: Vec<_> = ranks.iter().map(|&rank| operands[rank].clone()).collect();
        let mut results: Vec<_> = ranks.iter().zip(collective(&inputs)?).collect();
        results.sort_by_key(|(rank, _)| **rank);
        Ok(results.into_iter().map(|(_, result)| result).collect())
    }
}

fn zip_ranks(
    lhs: &[Buffer],
    rhs: &[Buffer],
    op: impl Fn(&Buffer, &Buffer) -> Result<Buffer>,
) -> Result<Vec<Buffer>> {
    lhs.iter().zip(rhs).map(|(lhs, rhs)| op(lhs, rhs)).collect()
}
