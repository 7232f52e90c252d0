// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The collectives, on one buffer per member of a group.
//!
//! Each function takes the members' operands in the order of their ranks within the group and
//! returns their results in the same order. Splitting and joining is along dimension 0, which is
//! to say that the row-major bytes are cut into equal chunks and put one after the other.

use crate::{
    buffer::Buffer,
    error::{Error, Result},
    reduce::{ReduceOp, reduce_element},
};

/// Gives every member the reduction of all members' buffers.
///
/// # Errors
/// The group is empty, its members' types differ, or the reduction does not exist for the type.
pub fn all_reduce(op: ReduceOp, inputs: &[Buffer]) -> Result<Vec<Buffer>> {
    let reduced = reduce(op, inputs)?;
    Ok(vec![reduced; inputs.len()])
}

/// Gives every member all members' buffers, one after the other along dimension 0.
///
/// # Errors
/// The group is empty, its members' types differ, or the buffers are scalars.
pub fn all_gather_into_tensor(inputs: &[Buffer]) -> Result<Vec<Buffer>> {
    let first = check_members(inputs)?;
    let mut shape = first.shape().to_vec();
    let dim = shape.first_mut().ok_or(Error::Scalar)?;
    *dim = dim
        .checked_mul(inputs.len())
        .ok_or_else(|| Error::TooLarge(first.shape().to_vec()))?;
    let bytes = inputs.iter().flat_map(Buffer::bytes).copied().collect();
    let gathered = Buffer::new(first.dtype(), shape, bytes)?;
    Ok(vec![gathered; inputs.len()])
}

/// Gives member r chunk r of the reduction of all members' buffers.
///
/// # Errors
/// As [`all_reduce`], or dimension 0 is not a multiple of the group's size.
pub fn reduce_scatter_tensor(op: ReduceOp, inputs: &[Buffer]) -> Result<Vec<Buffer>> {
    let reduced = reduce(op, inputs)?;
    let shape = chunk_shape(&reduced, inputs.len())?;
    (0..inputs.len())
        .map(|rank| {
            let bytes = chunk(&reduced, rank, inputs.len()).to_vec();
            Buffer::new(reduced.dtype(), shape.clone(), bytes)
        })
        .collect()
}

/// Gives member r, as its chunk j, chunk r of member j's buffer.
///
/// # Errors
/// The group is empty, its members' types differ, or dimension 0 is not a multiple of its size.
pub fn all_to_all_single(inputs: &[Buffer]) -> Result<Vec<Buffer>> {
    let first = check_members(inputs)?;
    chunk_shape(first, inputs.len())?;
    (0..inputs.len())
        .map(|rank| {
            let chunks = inputs
                .iter()
                .flat_map(|peer| chunk(peer, rank, inputs.len()));
            let bytes = chunks.copied().collect();
            Buffer::new(first.dtype(), first.shape().to_vec(), bytes)
        })
        .collect()
}

/// Gives every member the buffer of member `src`.
///
/// # Errors
/// The group is empty, its members' types differ, or `src` is no rank within it.
pub fn broadcast(src: usize, inputs: &[Buffer]) -> Result<Vec<Buffer>> {
    check_members(inputs)?;
    let size = inputs.len();
    let source = inputs
        .get(src)
        .ok_or(Error::SourceOutOfRange { src, size })?;
    Ok(vec![source.clone(); size])
}

fn reduce(op: ReduceOp, inputs: &[Buffer]) -> Result<Buffer> {
    let first = check_members(inputs)?;
    let dtype = first.dtype();
    if !op.exists_for(dtype) {
        return Err(Error::NoSuchReduction { op, dtype });
    }
    let mut members: Vec<_> = inputs.iter().map(Buffer::elements).collect();
    let reduced = (0..first.len()).map(|_| {
        let ranks: Vec<_> = members.iter_mut().filter_map(Iterator::next).collect();
        reduce_element(op, dtype, &ranks)
    });
    Ok(Buffer::like(first, reduced))
}

fn check_members(inputs: &[Buffer]) -> Result<&Buffer> {
    let first = inputs.first().ok_or(Error::EmptyGroup)?;
    for (rank, input) in inputs.iter().enumerate() {
        if (input.dtype(), input.shape()) != (first.dtype(), first.shape()) {
            let (expected, got) = (first.type_name(), input.type_name());
            return Err(Error::TypeMismatch {
                rank,
                expected,
                got,
            });
        }
    }
    Ok(first)
}

fn chunk_shape(buffer: &Buffer, size: usize) -> Result<Vec<usize>> {
    let mut shape = buffer.shape().to_vec();
    let dim = shape.first_mut().ok_or(Error::Scalar)?;
    if !dim.is_multiple_of(size) {
        return Err(Error::Indivisible { dim: *dim, size });
    }
    *dim /= size;
    Ok(shape)
}

fn chunk(buffer: &Buffer, index: usize, size: usize) -> &[u8] {
    let bytes = buffer.bytes().len() / size;
    &buffer.bytes()[index * bytes..][..bytes]
}
