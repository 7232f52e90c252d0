// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which ops read or write vectors in buffers, and which elements are packed there.

use crate::builder::memref_type;
use melior::ir::{
    OperationRef, ShapedTypeLike, TypeLike, Value, ValueLike, operation::OperationLike,
};
use symm_ir::{
    memref::{number_bits, stored_bits},
    value::operand,
    walk,
};

/// An op that reads or writes a vector in a buffer.
pub(super) struct Access<'c, 'a> {
    /// The position of the buffer among the operands.
    pub(super) at: usize,
    /// The buffer.
    pub(super) buffer: Value<'c, 'a>,
    /// The position of what is written, or of what is read where nothing is.
    pub(super) value: Option<usize>,
}

/// Where the value of an op is among its operands.
#[derive(Clone, Copy)]
enum Place {
    First,
    Last,
    /// Behind the buffer and an index for each of its dimensions.
    BehindIndices,
    Nowhere,
}

/// Ops that access vectors, where their buffer is, and where a value is.
const ACCESSES: [(&str, usize, Place); 11] = [
    ("vector.compressstore", 0, Place::Last),
    ("vector.expandload", 0, Place::Last),
    ("vector.gather", 0, Place::Last),
    ("vector.load", 0, Place::Nowhere),
    ("vector.maskedload", 0, Place::Last),
    ("vector.maskedstore", 0, Place::Last),
    ("vector.scatter", 0, Place::Last),
    ("vector.store", 1, Place::First),
    ("vector.transfer_read", 0, Place::BehindIndices),
    ("vector.transfer_write", 1, Place::First),
    ("vector.type_cast", 0, Place::Nowhere),
];

impl<'c: 'a, 'a> Access<'c, 'a> {
    /// Returns an op as an access of a buffer, where it is one.
    pub(super) fn of(op: OperationRef<'c, 'a>) -> Option<Self> {
        let (_, at, place) = ACCESSES.iter().find(|(name, ..)| walk::is(op, name))?;
        let buffer = operand(op, *at).filter(|buffer| buffer.r#type().is_mem_ref())?;
        let value = match place {
            Place::First => Some(0),
            Place::Last => op.operand_count().checked_sub(1),
            Place::BehindIndices => Some(at + 1 + memref_type(buffer).rank()),
            Place::Nowhere => None,
        };
        Some(Self {
            at: *at,
            buffer,
            value,
        })
    }

    /// Returns the bits that an element has in the buffer, where it has fewer in a vector.
    pub(super) fn unpacked_bits(&self) -> Option<u32> {
        let own = number_bits(memref_type(self.buffer).element())?;
        let stored = stored_bits(own);
        (stored != own).then_some(stored)
    }
}
