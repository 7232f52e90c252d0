// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The op interface of collectives, so that no pass lists ops.

use crate::text;
use melior::ir::{OperationRef, Value};
use symm_sys::{
    symmCollectiveGetGroup, symmCollectiveGetInput, symmCollectiveGetNumSymmetricOperands,
    symmCollectiveGetOutputBuffer, symmCollectiveGetSymmetricOperand, symmCollectiveIsAsync,
    symmCollectiveIsInPlace, symmCollectiveReadsOperand, symmCollectiveWritesOperand,
    symmOperationIsACollective,
};

/// A collective: an op in which every rank of a process group takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collective<'c, 'a>(OperationRef<'c, 'a>);

impl<'c, 'a> Collective<'c, 'a> {
    /// Returns the view of an op that is a collective.
    pub fn of(op: OperationRef<'c, 'a>) -> Option<Self> {
        // SAFETY: the op is valid.
        unsafe { symmOperationIsACollective(op.to_raw()) }.then_some(Self(op))
    }

    /// Returns the op.
    pub fn op(self) -> OperationRef<'c, 'a> {
        self.0
    }

    /// Returns the name of the group, without the `@`.
    pub fn group(self) -> String {
        // SAFETY: the op is a collective.
        unsafe { text::from_raw(symmCollectiveGetGroup(self.0.to_raw())) }
    }

    /// Returns the data that is communicated.
    pub fn input(self) -> Value<'c, 'a> {
        // SAFETY: the op is a collective, and each has an input.
        unsafe { Value::from_raw(symmCollectiveGetInput(self.0.to_raw())) }
    }

    /// Returns the buffer that gets the result, where there is one.
    pub fn output_buffer(self) -> Option<Value<'c, 'a>> {
        // SAFETY: the op is a collective.
        let raw = unsafe { symmCollectiveGetOutputBuffer(self.0.to_raw()) };
        // SAFETY: the value is valid where it is not null.
        (!raw.ptr.is_null()).then(|| unsafe { Value::from_raw(raw) })
    }

    /// Says whether the input is overwritten by the result.
    pub fn is_in_place(self) -> bool {
        // SAFETY: the op is a collective.
        unsafe { symmCollectiveIsInPlace(self.0.to_raw()) }
    }

    /// Says whether the result must be waited for.
    pub fn is_async(self) -> bool {
        // SAFETY: the op is a collective.
        unsafe { symmCollectiveIsAsync(self.0.to_raw()) }
    }

    /// Returns the positions of the operands that must be in symmetric memory of
    /// the group.
    pub fn symmetric_operands(self) -> Vec<usize> {
        let op = self.0.to_raw();
        // SAFETY: the op is a collective and has that many symmetric operands.
        unsafe {
            (0..symmCollectiveGetNumSymmetricOperands(op))
                .map(|index| symmCollectiveGetSymmetricOperand(op, index) as usize)
                .collect()
        }
    }

    /// Says whether the operand at a position is overwritten.
    pub fn writes(self, operand: usize) -> bool {
        // SAFETY: the op is a collective.
        unsafe { symmCollectiveWritesOperand(self.0.to_raw(), operand as isize) }
    }

    /// Says whether the operand at a position is read.
    pub fn reads(self, operand: usize) -> bool {
        // SAFETY: the op is a collective.
        unsafe { symmCollectiveReadsOperand(self.0.to_raw(), operand as isize) }
    }
}
