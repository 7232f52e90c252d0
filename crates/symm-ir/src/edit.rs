// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Changes to operations that are in a block, for passes that walk.

use melior::ir::{
    Attribute, BlockLike, BlockRef, Location, Operation, OperationRef, Type, TypeLike, Value,
    ValueLike,
    operation::{OperationLike, OperationMutLike, OperationRefMut},
};
use std::ffi::c_uint;

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

/// Returns a copy of an operation, with its regions and the same operands, that is in no block.
pub fn clone<'c>(op: OperationRef<'c, '_>) -> Operation<'c> {
    // SAFETY: the operation is valid; nobody else owns its clone.
    unsafe { Operation::from_raw(mlir_sys::mlirOperationClone(op.to_raw())) }
}

/// Adds an argument to a block, before the one at a position or at the end.
///
/// # Panics
///
/// Panics where there are fewer arguments before that position.
pub fn insert_argument<'c: 'a, 'a>(
    block: BlockRef<'c, 'a>,
    index: usize,
    r#type: Type<'c>,
    location: Location<'c>,
) -> Value<'c, 'a> {
    assert!(
        index <= block.argument_count(),
        "expected an argument #{index}"
    );
    // SAFETY: all are valid, and the position is one of the block's.
    unsafe {
        Value::from_raw(mlir_sys::mlirBlockInsertArgument(
            block.to_raw(),
            index as isize,
            r#type.to_raw(),
            location.to_raw(),
        ))
    }
}

/// Takes away an argument of a block that nothing uses.
///
/// # Panics
///
/// Panics where there is none at that position.
pub fn erase_argument(block: BlockRef<'_, '_>, index: usize) {
    assert!(
        index < block.argument_count(),
        "expected an argument #{index}"
    );
    // SAFETY: the block is valid and has the argument.
    unsafe { mlir_sys::mlirBlockEraseArgument(block.to_raw(), index as c_uint) }
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
