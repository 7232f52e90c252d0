// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Strings across the C API. In MLIR they may be empty, of which some are null, and need not
//! be UTF-8: melior's accessors panic there.

use melior::ir::{Attribute, AttributeLike, OperationRef, operation::OperationLike};
use mlir_sys::{
    MlirIdentifier, MlirStringRef, mlirAttributeIsAFlatSymbolRef, mlirAttributeIsAString,
    mlirFlatSymbolRefAttrGetValue, mlirIdentifierStr, mlirStringAttrGetValue,
};
use std::{ffi::c_void, slice};

/// Returns what a string attribute says, or the name that a reference to a symbol has;
/// with replacement characters for what is not UTF-8.
pub fn of(attribute: Attribute<'_>) -> Option<String> {
    let raw = attribute.to_raw();
    // SAFETY: the attribute is valid, and its kind is checked before it is asked.
    unsafe {
        if mlirAttributeIsAString(raw) {
            Some(from_raw(mlirStringAttrGetValue(raw)))
        } else if mlirAttributeIsAFlatSymbolRef(raw) {
            Some(from_raw(mlirFlatSymbolRefAttrGetValue(raw)))
        } else {
            None
        }
    }
}

/// Returns what an attribute of an op says, as [`of`] does.
pub fn attribute<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str) -> Option<String> {
    of(op.attribute(name).ok()?)
}

/// Returns the name of a symbol.
pub fn symbol_name<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<String> {
    attribute(op, "sym_name")
}

/// Returns what an identifier says.
///
/// # Safety
///
/// It must be valid.
pub unsafe fn identifier(identifier: MlirIdentifier) -> String {
    // SAFETY: an identifier's string lives as long as its context.
    unsafe { from_raw(mlirIdentifierStr(identifier)) }
}

/// Borrows a string for MLIR.
pub(crate) const fn to_raw(text: &str) -> MlirStringRef {
    MlirStringRef {
        data: text.as_ptr().cast(),
        length: text.len(),
    }
}

/// Copies a string of MLIR, with replacement characters for what is not UTF-8.
///
/// # Safety
///
/// `raw` must be valid for the call.
pub unsafe fn from_raw(raw: MlirStringRef) -> String {
    if raw.length == 0 {
        return String::new();
    }
    // SAFETY: the caller promises a valid string, and it is not empty.
    let bytes = unsafe { slice::from_raw_parts(raw.data.cast(), raw.length) };
    String::from_utf8_lossy(bytes).into_owned()
}

/// Appends chunks of text to the `String` that `data` points to.
pub(crate) unsafe extern "C" fn append(chunk: MlirStringRef, data: *mut c_void) {
    // SAFETY: whoever passes this callback passes a `String` with it.
    let text = unsafe { &mut *data.cast::<String>() };
    // SAFETY: MLIR passes a valid string.
    text.push_str(&unsafe { from_raw(chunk) });
}
