// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Values: where they come from and who uses them.

use crate::walk;
use melior::ir::{
    BlockRef, OperationRef, Value, ValueLike, attribute::IntegerAttribute, operation::OperationLike,
};
use mlir_sys::{
    MlirOpOperand, mlirBlockArgumentGetArgNumber, mlirBlockArgumentGetOwner,
    mlirOpOperandGetNextUse, mlirOpOperandGetOperandNumber, mlirOpOperandGetOwner,
    mlirOpOperandIsNull, mlirOpResultGetOwner, mlirOpResultGetResultNumber,
    mlirOperationGetOperand, mlirOperationGetResult, mlirValueGetFirstUse,
    mlirValueReplaceAllUsesExcept, mlirValueReplaceAllUsesOfWith,
};
use std::marker::PhantomData;

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Origin<'c, 'a> {
    /// The result of an operation, at a position.
    Result(OperationRef<'c, 'a>, usize),
    /// The argument of a block, at a position.
    Argument(BlockRef<'c, 'a>, usize),
}

/// Returns where a value comes from.
pub fn origin<'c, 'a>(value: Value<'c, 'a>) -> Origin<'c, 'a> {
    let raw = value.to_raw();
    // SAFETY: the value is valid, and its kind is checked before it is asked.
    unsafe {
        if value.is_operation_result() {
            let owner = OperationRef::from_raw(mlirOpResultGetOwner(raw));
            Origin::Result(owner, mlirOpResultGetResultNumber(raw) as usize)
        } else {
            let owner = BlockRef::from_raw(mlirBlockArgumentGetOwner(raw));
            Origin::Argument(owner, mlirBlockArgumentGetArgNumber(raw) as usize)
        }
    }
}

/// Returns the operation that a value is a result of.
pub fn defining_op<'c, 'a>(value: Value<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    match origin(value) {
        Origin::Result(op, _) => Some(op),
        Origin::Argument(..) => None,
    }
}

/// Returns the integer that a value always is, where it is a constant of `arith`.
pub fn integer(value: Value<'_, '_>) -> Option<i64> {
    let op = defining_op(value).filter(|op| walk::is(*op, "arith.constant"))?;
    let value = IntegerAttribute::try_from(op.attribute("value").ok()?);
    Some(value.ok()?.value())
}

/// Returns an operand of an operation, where it has that many.
///
/// melior's accessor prints the operation, and verifies the module around it, into
/// the error of an index that is out of bounds: too slow to ask with.
pub fn operand<'c, 'a>(op: OperationRef<'c, 'a>, index: usize) -> Option<Value<'c, 'a>> {
    // SAFETY: the operation is valid and has the operand.
    (index < op.operand_count())
        .then(|| unsafe { Value::from_raw(mlirOperationGetOperand(op.to_raw(), index as isize)) })
}

/// Returns a result of an operation, where it has that many; as [`operand`] does.
pub fn result<'c, 'a>(op: OperationRef<'c, 'a>, index: usize) -> Option<Value<'c, 'a>> {
    // SAFETY: the operation is valid and has the result.
    (index < op.result_count())
        .then(|| unsafe { Value::from_raw(mlirOperationGetResult(op.to_raw(), index as isize)) })
}

/// An operand of an operation: one use of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Use<'c, 'a> {
    /// The operation that uses the value.
    pub owner: OperationRef<'c, 'a>,
    /// The position of the value among its operands.
    pub operand: usize,
}

/// Returns the uses of a value, the latest first. A use may be changed once the
/// iterator has gone past it.
pub fn uses<'c, 'a>(value: Value<'c, 'a>) -> Uses<'c, 'a> {
    // SAFETY: the value is valid.
    let next = unsafe { mlirValueGetFirstUse(value.to_raw()) };
    Uses {
        next,
        _value: PhantomData,
    }
}

/// The uses of a value.
pub struct Uses<'c, 'a> {
    next: MlirOpOperand,
    _value: PhantomData<Value<'c, 'a>>,
}

impl<'c: 'a, 'a> Iterator for Uses<'c, 'a> {
    type Item = Use<'c, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let current = self.next;
        // SAFETY: the operand is null or belongs to a live operation.
        unsafe {
            if mlirOpOperandIsNull(current) {
                return None;
            }
            self.next = mlirOpOperandGetNextUse(current);
            Some(Use {
                owner: OperationRef::from_raw(mlirOpOperandGetOwner(current)),
                operand: mlirOpOperandGetOperandNumber(current) as usize,
            })
        }
    }
}

/// Replaces every use of a value.
pub fn replace_all_uses<'c, 'a>(from: Value<'c, 'a>, to: Value<'c, 'a>) {
    // SAFETY: both values are valid.
    unsafe { mlirValueReplaceAllUsesOfWith(from.to_raw(), to.to_raw()) }
}

/// Replaces every use of a value but those by one operation.
pub fn replace_all_uses_except<'c, 'a>(
    from: Value<'c, 'a>,
    to: Value<'c, 'a>,
    except: OperationRef<'c, 'a>,
) {
    let mut except = except.to_raw();
    // SAFETY: both values and the operation are valid.
    unsafe { mlirValueReplaceAllUsesExcept(from.to_raw(), to.to_raw(), 1, &mut except) }
}
