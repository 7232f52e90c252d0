// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Crashes of ranks that are threads: they end the whole process, which should say which rank it was.

use std::{mem, ptr};

const FATAL: [(libc::c_int, &str); 4] = [
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGSEGV, "SIGSEGV"),
];

/// Makes crashes of this process end with an error that names the thread, and then as they would have ended.
pub fn report() {
    for (signal, _) in FATAL {
        // SAFETY: the zeroed structure is valid, and the handler calls only what signal handlers may call. It runs on
        // the thread's alternative stack, where there is one, as an overflow of the other leaves no room.
        unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_ONSTACK | libc::SA_RESETHAND | libc::SA_NODEFER;
            libc::sigaction(signal, &action, ptr::null_mut());
        }
    }
}

/// Writes the error; the signal's own effect is back then, and comes when it is raised once more.
extern "C" fn handler(signal: libc::c_int) {
    let name = FATAL.iter().find(|(number, _)| *number == signal);
    let mut thread = [0_u8; 16];
    // SAFETY: the kernel writes at most 16 bytes of a thread's name.
    unsafe { libc::prctl(libc::PR_GET_NAME, thread.as_mut_ptr()) };
    let length = thread.iter().position(|byte| *byte == 0);
    write(b"error: ");
    write(&thread[..length.unwrap_or(thread.len())]);
    write(b" died: killed by ");
    write(name.map_or("a signal", |(_, name)| name).as_bytes());
    write(b"\n  note: the other ranks were threads of its process: --isolation=process says where they were\n");
    // SAFETY: raising a signal is allowed anywhere.
    unsafe { libc::raise(signal) };
}

fn write(text: &[u8]) {
    // SAFETY: the text is valid memory of this length.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
}
