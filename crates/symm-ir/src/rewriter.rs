// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Changing IR: an insertion point and the changes that drivers must hear of.

use crate::value::Use;
use melior::{
    Context,
    ir::{BlockLike, BlockRef, Operation, OperationRef, Type, TypeLike, Value, ValueLike},
};
use mlir_sys::{
    MlirRewriterBase, MlirValue, mlirIRRewriterCreate, mlirIRRewriterDestroy,
    mlirOperationSetOperand, mlirRewriterBaseCancelOpModification, mlirRewriterBaseEraseOp,
    mlirRewriterBaseFinalizeOpModification, mlirRewriterBaseInsert,
    mlirRewriterBaseReplaceAllUsesExcept, mlirRewriterBaseReplaceAllUsesWith,
    mlirRewriterBaseReplaceOpWithValues, mlirRewriterBaseSetInsertionPointAfter,
    mlirRewriterBaseSetInsertionPointAfterValue, mlirRewriterBaseSetInsertionPointBefore,
    mlirRewriterBaseSetInsertionPointToEnd, mlirRewriterBaseSetInsertionPointToStart,
    mlirRewriterBaseStartOpModification,
};
use std::marker::PhantomData;

/// Changes IR at an insertion point. A pattern gets one that tells its driver of
/// every change; a pass makes its own with [`Rewriter::new`].
pub struct Rewriter<'c, 'a> {
    raw: MlirRewriterBase,
    owned: bool,
    _ir: PhantomData<(&'c Context, &'a ())>,
}

impl<'c: 'a, 'a> Rewriter<'c, 'a> {
    /// Creates a rewriter without an insertion point.
    pub fn new(context: &'c Context) -> Self {
        // SAFETY: the context is valid.
        let raw = unsafe { mlirIRRewriterCreate(context.to_raw()) };
        Self {
            raw,
            owned: true,
            _ir: PhantomData,
        }
    }

    /// Borrows the rewriter of a driver.
    ///
    /// # Safety
    ///
    /// The rewriter must be valid for 'a.
    pub(crate) unsafe fn borrow(raw: MlirRewriterBase) -> Self {
        Self {
            raw,
            owned: false,
            _ir: PhantomData,
        }
    }

    /// Inserts what follows right before an operation.
    pub fn before(&self, op: OperationRef<'c, 'a>) -> &Self {
        // SAFETY: the operation is valid and in a block.
        unsafe { mlirRewriterBaseSetInsertionPointBefore(self.raw, op.to_raw()) }
        self
    }

    /// Inserts what follows right after an operation.
    pub fn after(&self, op: OperationRef<'c, 'a>) -> &Self {
        // SAFETY: the operation is valid and in a block.
        unsafe { mlirRewriterBaseSetInsertionPointAfter(self.raw, op.to_raw()) }
        self
    }

    /// Inserts what follows right after a value exists.
    pub fn after_value(&self, value: Value<'c, 'a>) -> &Self {
        // SAFETY: the value is valid.
        unsafe { mlirRewriterBaseSetInsertionPointAfterValue(self.raw, value.to_raw()) }
        self
    }

    /// Inserts what follows at the start of a block.
    pub fn at_start(&self, block: BlockRef<'c, 'a>) -> &Self {
        // SAFETY: the block is valid.
        unsafe { mlirRewriterBaseSetInsertionPointToStart(self.raw, BlockLike::to_raw(&block)) }
        self
    }

    /// Inserts what follows at the end of a block, after its terminator if it
    /// has one.
    pub fn at_end(&self, block: BlockRef<'c, 'a>) -> &Self {
        // SAFETY: the block is valid.
        unsafe { mlirRewriterBaseSetInsertionPointToEnd(self.raw, BlockLike::to_raw(&block)) }
        self
    }

    /// Inserts an operation; the next one comes after it.
    pub fn insert(&self, op: impl Into<Operation<'c>>) -> OperationRef<'c, 'a> {
        let op: Operation<'c> = op.into();
        // SAFETY: the operation is valid, and the block takes it over.
        unsafe { OperationRef::from_raw(mlirRewriterBaseInsert(self.raw, op.into_raw())) }
    }

    /// Inserts an operation and returns its only, or first, result.
    ///
    /// # Errors
    ///
    /// Fails where the operation has no result.
    pub fn insert_value(
        &self,
        op: impl Into<Operation<'c>>,
    ) -> Result<Value<'c, 'a>, melior::Error> {
        Ok(self.insert(op).result(0)?.into())
    }

    /// Replaces the results of an operation and erases it.
    pub fn replace(&self, op: OperationRef<'c, 'a>, values: &[Value<'c, 'a>]) {
        // SAFETY: `Value` is a transparent `MlirValue`; all are valid.
        unsafe {
            mlirRewriterBaseReplaceOpWithValues(
                self.raw,
                op.to_raw(),
                values.len() as isize,
                values.as_ptr().cast::<MlirValue>(),
            );
        }
    }

    /// Erases an operation without uses.
    pub fn erase(&self, op: OperationRef<'c, 'a>) {
        // SAFETY: the operation is valid.
        unsafe { mlirRewriterBaseEraseOp(self.raw, op.to_raw()) }
    }

    /// Replaces every use of a value.
    pub fn replace_uses(&self, from: Value<'c, 'a>, to: Value<'c, 'a>) {
        // SAFETY: the values are valid.
        unsafe { mlirRewriterBaseReplaceAllUsesWith(self.raw, from.to_raw(), to.to_raw()) }
    }

    /// Replaces every use of a value but those by one operation.
    pub fn replace_uses_except(
        &self,
        from: Value<'c, 'a>,
        to: Value<'c, 'a>,
        except: OperationRef<'c, 'a>,
    ) {
        // SAFETY: the values and the operation are valid.
        unsafe {
            mlirRewriterBaseReplaceAllUsesExcept(
                self.raw,
                from.to_raw(),
                to.to_raw(),
                except.to_raw(),
            );
        }
    }

    /// Has one use take another value.
    pub fn replace_use(&self, r#use: Use<'c, 'a>, to: Value<'c, 'a>) {
        let owner = r#use.owner.to_raw();
        self.modify(r#use.owner, || {
            // SAFETY: the operand exists and the value is valid.
            unsafe { mlirOperationSetOperand(owner, r#use.operand as isize, to.to_raw()) }
        });
    }

    /// Gives a value another type. Its users are the caller's business.
    pub fn set_type(&self, value: Value<'c, 'a>, r#type: Type<'c>) {
        // SAFETY: the value and the type are valid.
        unsafe { mlir_sys::mlirValueSetType(value.to_raw(), TypeLike::to_raw(&r#type)) }
    }

    /// Changes an operation in place.
    pub fn modify<T>(&self, op: OperationRef<'c, 'a>, change: impl FnOnce() -> T) -> T {
        /// Ends the modification, also where the change panics.
        struct Modification(MlirRewriterBase, mlir_sys::MlirOperation, bool);
        impl Drop for Modification {
            fn drop(&mut self) {
                // SAFETY: the modification was begun and not ended.
                unsafe {
                    if self.2 {
                        mlirRewriterBaseFinalizeOpModification(self.0, self.1);
                    } else {
                        mlirRewriterBaseCancelOpModification(self.0, self.1);
                    }
                }
            }
        }
        // SAFETY: the operation is valid.
        unsafe { mlirRewriterBaseStartOpModification(self.raw, op.to_raw()) }
        let mut modification = Modification(self.raw, op.to_raw(), false);
        let value = change();
        modification.2 = true;
        value
    }
}

impl Drop for Rewriter<'_, '_> {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: the rewriter was made by `new`.
            unsafe { mlirIRRewriterDestroy(self.raw) }
        }
    }
}
