// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The C interface: `include/symm.h` says what each function does. None of them unwinds.

mod log;
mod program;
mod rank;
mod world;

use crate::Error;
use std::{
    cell::RefCell,
    ffi::{CStr, CString, c_char},
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a function has to say; the numbers are those of `symm_status`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(C)]
pub enum Status {
    /// All is well.
    Ok = 0,
    /// An argument can't be.
    Invalid = 1,
    /// A file, a device or a library can't be used.
    Unusable = 2,
    /// Some rank has failed.
    Failed = 3,
}

/// Why a function did not do what it was asked for.
#[derive(Debug)]
struct Trouble {
    status: Status,
    message: String,
}

impl Trouble {
    fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: Status::Invalid,
            message: message.into(),
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Aborted => Status::Failed,
            Error::NoEntry { .. }
            | Error::NoRank { .. }
            | Error::OtherProgram { .. }
            | Error::RankTaken { .. }
            | Error::Unbound { .. }
            | Error::WorldSize { .. } => Status::Invalid,
            _ => Status::Unusable,
        };
        Self {
            status,
            message: error.to_string(),
        }
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Does the work of a function; what goes wrong is kept for `symm_last_error`.
fn guarded(work: impl FnOnce() -> Result<(), Trouble>) -> Status {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Trouble {
            status: Status::Unusable,
            message: "the runtime panicked: this is a defect of the runtime".into(),
        })
    });
    match done {
        Ok(()) => Status::Ok,
        Err(Trouble { status, message }) => {
            let text = CString::new(message.replace('\0', " ")).unwrap_or_default();
            LAST.with_borrow_mut(|last| *last = text);
            status
        }
    }
}

/// # Safety
/// The pointer is null or to an object that this library handed out and that is alive.
unsafe fn object<'a, T>(what: &str, pointer: *const T) -> Result<&'a T, Trouble> {
    // SAFETY: passed on from the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| Trouble::invalid(format!("{what} is null")))
}

/// # Safety
/// The pointer is null or to a string.
unsafe fn string<'a>(what: &str, pointer: *const c_char) -> Result<&'a str, Trouble> {
    if pointer.is_null() {
        return Err(Trouble::invalid(format!("{what} is null")));
    }
    // SAFETY: passed on from the caller.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str()
        .map_err(|_| Trouble::invalid(format!("{what}: expected UTF-8")))
}

/// Gives an object to the caller.
///
/// # Safety
/// The pointer is null or to a pointer that may be written.
unsafe fn hand_out<T>(to: *mut *mut T, make: impl FnOnce() -> Result<T, Trouble>) -> Status {
    log::begin();
    guarded(|| {
        if to.is_null() {
            return Err(Trouble::invalid("the out parameter is null"));
        }
        let made = Box::into_raw(Box::new(make()?));
        // SAFETY: not null, and passed on from the caller.
        unsafe { to.write(made) };
        Ok(())
    })
}

/// Takes an object back.
///
/// # Safety
/// The pointer is null or one that [`hand_out`] gave, and is not used again.
unsafe fn take_back<T>(pointer: *mut T) {
    if !pointer.is_null() {
        guarded(|| {
            // SAFETY: passed on from the caller.
            drop(unsafe { Box::from_raw(pointer) });
            Ok(())
        });
    }
}

/// Returns what was wrong last on this thread.
#[unsafe(no_mangle)]
pub extern "C" fn symm_last_error() -> *const c_char {
    LAST.with_borrow(|last| last.as_ptr())
}

/// Returns the version of the runtime.
#[unsafe(no_mangle)]
pub extern "C" fn symm_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}
