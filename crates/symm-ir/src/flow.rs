// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What ops hand on and refer to, asked of their interfaces.

use crate::text;
use melior::ir::{OperationRef, Value};
use mlir_sys::{MlirStringRef, MlirValue};
use std::ffi::c_void;
use symm_sys::{
    symmOperationIsBufferizable, symmOperationVisitForwards, symmOperationVisitSymbolReferences,
};

/// A value that control flow hands on.
#[derive(Clone, Copy)]
pub struct Forward<'c, 'a> {
    /// The operand that is handed on; `None` where the op itself makes the value.
    pub from: Option<Value<'c, 'a>>,
    /// The block argument or result that gets it; `None` where nothing does.
    pub to: Option<Value<'c, 'a>>,
}

/// Returns the values that control flow hands on at an op: at a branch, its
/// operands and the successors' arguments; at an op with regions, all that goes
/// into, between and out of them. A terminator in such an op hands on nothing by
/// itself. Returns `None` where the op's control flow is not known: it has none,
/// or implements no interface of MLIR that tells.
pub fn forwards<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Vec<Forward<'c, 'a>>> {
    let mut found: Vec<Forward<'c, 'a>> = Vec::new();
    // SAFETY: the op is valid; the callback gets the vector that it expects.
    let known =
        unsafe { symmOperationVisitForwards(op.to_raw(), Some(push), (&raw mut found).cast()) };
    known.then_some(found)
}

unsafe extern "C" fn push(from: MlirValue, to: MlirValue, data: *mut c_void) {
    // SAFETY: `forwards` passes its vector, and MLIR values that are null or
    // belong to live IR.
    unsafe {
        let found = &mut *data.cast::<Vec<Forward<'_, '_>>>();
        found.push(Forward {
            from: value(from),
            to: value(to),
        });
    }
}

/// # Safety
///
/// The value must be null or valid.
unsafe fn value<'c, 'a>(raw: MlirValue) -> Option<Value<'c, 'a>> {
    // SAFETY: the caller promises it.
    (!raw.ptr.is_null()).then(|| unsafe { Value::from_raw(raw) })
}

/// Says whether bufferization knows an op.
pub fn is_bufferizable(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the op is valid.
    unsafe { symmOperationIsBufferizable(op.to_raw()) }
}

/// Returns the first and the last name of each symbol reference in the
/// attributes of an op, in order.
pub fn symbol_references<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // SAFETY: the op is valid; the callback gets the vector that it expects.
    unsafe {
        symmOperationVisitSymbolReferences(op.to_raw(), Some(push_name), (&raw mut names).cast());
    }
    names
}

unsafe extern "C" fn push_name(name: MlirStringRef, data: *mut c_void) {
    // SAFETY: `symbol_references` passes its vector, and MLIR a valid string.
    unsafe { (*data.cast::<Vec<String>>()).push(text::from_raw(name)) }
}
