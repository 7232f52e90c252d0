// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Typed views of operations that are in a block.
//!
//! The typed operations of `melior::dialect!` own their operation, and their
//! `TryFrom` destroys one of another kind: neither may happen to an operation
//! that its block owns.

use crate::walk;
use melior::ir::{Operation, OperationRef};
use std::{marker::PhantomData, mem::ManuallyDrop, ops::Deref};

/// A typed view of an operation that its block owns.
pub struct Typed<'c, 'a, T> {
    view: ManuallyDrop<T>,
    op: OperationRef<'c, 'a>,
    _block: PhantomData<&'a ()>,
}

impl<'c, 'a, T> Typed<'c, 'a, T> {
    /// Returns the operation.
    pub fn op(&self) -> OperationRef<'c, 'a> {
        self.op
    }
}

impl<T> Deref for Typed<'_, '_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.view
    }
}

/// Returns a typed view of `op` where it has the name `T::name()`:
/// `cast(op, AllReduceOperation::name())`.
pub fn cast<'c: 'a, 'a, T>(op: OperationRef<'c, 'a>, name: &str) -> Option<Typed<'c, 'a, T>>
where
    T: TryFrom<Operation<'c>>,
{
    if !walk::is(op, name) {
        return None;
    }
    // SAFETY: the operation is valid, and its view is never dropped; the
    // conversion checks nothing but the name, so it does not drop it either.
    let owned = unsafe { Operation::from_raw(op.to_raw()) };
    let view = ManuallyDrop::new(T::try_from(owned).ok()?);
    Some(Typed {
        view,
        op,
        _block: PhantomData,
    })
}
