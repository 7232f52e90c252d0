// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the library has to say besides its results: to standard error, or to a function of the host's.

use std::{
    ffi::{CString, c_char, c_int, c_void},
    sync::{Mutex, MutexGuard, Once, PoisonError},
};
use symm_log::Level;

/// `symm_log_function`.
pub type LogFunction =
    unsafe extern "C" fn(level: c_int, message: *const c_char, user: *mut c_void);

/// Where messages go; `None`: to standard error.
struct Listener(Option<(LogFunction, *mut c_void)>);

// SAFETY: whoever gives the pointer says, as `include/symm.h` has it, that the function may be called on any thread.
unsafe impl Send for Listener {}

static LISTENER: Mutex<Listener> = Mutex::new(Listener(None));

fn listener() -> MutexGuard<'static, Listener> {
    LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins to listen to the runtime, once; for hosts that use the C interface, which know nothing of `tracing`.
///
/// The shared object has a copy of `tracing` of its own. Where its code is part of a Rust program, a subscriber that this program
/// has installed stays.
pub(super) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        symm_log::install(pass_on);
    });
}

/// Gives a message to the listener. The lock is held, so that nobody is called once it has been replaced.
fn pass_on(level: Level, message: &str) {
    let listener = listener();
    let Some((function, user)) = listener.0 else {
        return symm_log::print("symm: ", level, message);
    };
    let text = CString::new(message.replace('\0', " ")).unwrap_or_default();
    // SAFETY: the host vouches for its function.
    unsafe { function(number(level), text.as_ptr(), user) };
}

/// Returns the level's number in `symm_log_level`.
fn number(level: Level) -> c_int {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Says who gets the messages.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_set_log(function: Option<LogFunction>, user: *mut c_void) {
    begin();
    listener().0 = function.map(|function| (function, user));
}
