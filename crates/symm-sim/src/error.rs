// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What can be wrong with a collective or a program.

use crate::{dtype::DType, reduce::ReduceOp};

/// What can be wrong with a collective or a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A buffer's bytes are not those that its type needs.
    #[error("expected {expected} bytes for {shape:?} of {dtype}, got {got}")]
    ByteCount {
        /// The element type.
        dtype: DType,
        /// The shape.
        shape: Vec<usize>,
        /// The bytes that the type needs.
        expected: usize,
        /// The bytes that were given.
        got: usize,
    },
    /// A buffer of `i1` holds a byte other than 0 and 1.
    #[error("expected 0 or 1 as the byte of an i1, got {0}")]
    BooleanByte(u8),
    /// A buffer's byte count does not fit in the address space.
    #[error("expected a shape whose bytes can be counted, got {0:?}")]
    TooLarge(Vec<usize>),
    /// A collective has no members.
    #[error("expected a group of at least one rank, got none")]
    EmptyGroup,
    /// Two members bring buffers of different types.
    #[error("expected the type of rank 0, {expected}, on rank {rank}, got {got}")]
    TypeMismatch {
        /// The rank within the group whose type differs.
        rank: usize,
        /// The type of rank 0.
        expected: String,
        /// The type of `rank`.
        got: String,
    },
    /// The operands of an elementwise op are of different types.
    #[error("expected operands of one type, got {lhs} and {rhs}")]
    OperandMismatch {
        /// The type of the first operand.
        lhs: String,
        /// The type of the second operand.
        rhs: String,
    },
    /// The reduction is not defined for the element type.
    #[error("expected a reduction that exists for {dtype}, got {op}")]
    NoSuchReduction {
        /// The reduction.
        op: ReduceOp,
        /// The element type.
        dtype: DType,
    },
    /// The elementwise op is not defined for the element type.
    #[error("expected an element type that has {op}, got {dtype}")]
    NoSuchElementwise {
        /// The elementwise op.
        op: &'static str,
        /// The element type.
        dtype: DType,
    },
    /// The op splits or joins along dimension 0, and there is none.
    #[error("expected a buffer of at least one dimension, got a scalar")]
    Scalar,
    /// Dimension 0 can't be split into equal parts.
    #[error("expected dimension 0 to be a multiple of the group's size {size}, got {dim}")]
    Indivisible {
        /// Dimension 0.
        dim: usize,
        /// The number of members of the group.
        size: usize,
    },
    /// A broadcast names a source outside the group.
    #[error("expected a source rank below the group's size {size}, got {src}")]
    SourceOutOfRange {
        /// The source, as a rank within the group.
        src: usize,
        /// The number of members of the group.
        size: usize,
    },
    /// A program runs on another number of ranks than it has inputs for.
    #[error("expected inputs for {expected} ranks, got {got}")]
    RankCount {
        /// The ranks of the program.
        expected: usize,
        /// The ranks for which inputs were given.
        got: usize,
    },
    /// A rank has not as many inputs as the program.
    #[error("expected {expected} inputs on rank {rank}, got {got}")]
    InputCount {
        /// The rank.
        rank: usize,
        /// The inputs of the program.
        expected: usize,
        /// The inputs that were given.
        got: usize,
    },
    /// An op uses a value that no earlier op defines.
    #[error("expected op {op} to use earlier values only, got value {value}")]
    UndefinedValue {
        /// The index of the op.
        op: usize,
        /// The value that it uses.
        value: usize,
    },
    /// An op names a group that the program does not have.
    #[error("expected a group below {groups}, got {group}")]
    UndefinedGroup {
        /// The number of groups.
        groups: usize,
        /// The group that was named.
        group: usize,
    },
    /// A group is empty, repeats a rank or names one outside the world.
    #[error("expected distinct ranks below {world_size}, got {ranks:?}")]
    MalformedGroup {
        /// The ranks of the world.
        world_size: usize,
        /// The ranks of the group.
        ranks: Vec<usize>,
    },
    /// A rank runs a collective of a group that it does not belong to.
    #[error("expected every rank to be a member of group {group}, got rank {rank} outside it")]
    NotAMember {
        /// The group.
        group: usize,
        /// The rank outside it.
        rank: usize,
    },
}

/// A result whose error is [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;
