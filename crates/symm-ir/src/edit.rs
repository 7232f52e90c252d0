// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Changes to operations that are in a block, for passes that walk.

use melior::ir::{
    Attribute, OperationRef,
    operation::{OperationMutLike, OperationRefMut},
};

/// Sets an attribute of an operation.
pub fn set_attribute<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str, value: Attribute<'c>) {
    mutable(op).set_attribute(name, value);
}

/// Removes an attribute of an operation, and says whether it was there.
pub fn remove_attribute(op: OperationRef<'_, '_>, name: &str) -> bool {
    mutable(op).remove_attribute(name).is_ok()
}

/// Moves an operation to right before another one.
pub fn move_before<'c: 'a, 'a>(op: OperationRef<'c, 'a>, other: OperationRef<'c, 'a>) {
    mutable(op).move_before(other);
}

fn mutable<'c, 'a>(op: OperationRef<'c, 'a>) -> OperationRefMut<'c, 'a> {
    // SAFETY: the operation is valid. In MLIR a reference is a pointer to an
    // operation that anybody may change.
    unsafe { OperationRefMut::from_raw(op.to_raw()) }
}
