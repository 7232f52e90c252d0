// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Strings across the C API.

use mlir_sys::MlirStringRef;
use std::{ffi::c_void, slice};

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
pub(crate) unsafe fn from_raw(raw: MlirStringRef) -> String {
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
