// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Changes to operations that are in a block, for passes that walk.

use melior::ir::{
    Attribute, OperationRef, Value, ValueLike,
    operation::{OperationLike, OperationMutLike, OperationRefMut},
};

/// Sets an attribute of an operation.
pub fn set_attribute<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str, value: Attribute<'c>) {
    mutable(op).set_attribute(name, value);
}

/// Removes an attribute of an operation, and says whether it was there.
pub fn remove_attribute(op: OperationRef<'_, '_>, name: &str) -> bool {
    mutable(op).remove_attribute(name).is_ok()
}

/// Sets the operand of an operation at a position that it has.
pub fn set_operand<'c: 'a, 'a>(op: OperationRef<'c, 'a>, index: usize, value: Value<'c, 'a>) {
    assert!(index < op.operand_count(), "expected an operand #{index}");
    // SAFETY: both are valid, and the operation has that operand.
    unsafe { mlir_sys::mlirOperationSetOperand(op.to_raw(), index as isize, value.to_raw()) }
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
