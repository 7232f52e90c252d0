// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Crashes of ranks that are threads: they end the whole process, which should say which rank it was.

use std::{
    mem, ptr,
    sync::atomic::{AtomicBool, Ordering},
};

const FATAL: [(libc::c_int, &str); 4] = [
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGSEGV, "SIGSEGV"),
];

/// Some thread has crashed and tells of it.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Makes crashes of this process end with an error that names the thread, and then as they would have ended.
pub fn report() {
    for (signal, _) in FATAL {
        act(signal, handler as *const () as usize);
    }
}

/// Chooses what a signal does.
fn act(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: the zeroed structure is valid, and the handler calls only what signal handlers may call. It runs on the
    // thread's alternative stack, where there is one, as an overflow of the other leaves no room. No other of these signals
    // comes while it runs: a crash of its own ends the process, where it would wait for itself.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_ONSTACK;
        for (other, _) in FATAL {
            libc::sigaddset(&mut action.sa_mask, other);
        }
        libc::sigaction(signal, &action, ptr::null_mut());
    }
}

/// Writes the error, in one piece, and gives the signal its own effect back, which comes as soon as the handler is left.
///
/// Ranks crash together, for they do the same: the first one tells, the others wait here for the end of the process.
extern "C" fn handler(signal: libc::c_int) {
    while TOLD.swap(true, Ordering::Relaxed) {
        // SAFETY: waiting is allowed anywhere.
        unsafe { libc::pause() };
    }
    let mut name = [0_u8; 16];
    // SAFETY: the kernel writes at most 16 bytes of a thread's name.
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    let length = name.iter().position(|byte| *byte == 0);
    let known = FATAL.iter().find(|(number, _)| *number == signal);
    let mut message = Message::default();
    message.push(b"error: ");
    message.push(&name[..length.unwrap_or(name.len())]);
    message.push(b" died: killed by ");
    message.push(known.map_or("a signal", |(_, name)| name).as_bytes());
    message.push(b"\n  note: the other ranks were threads of its process: --isolation=process says where they were\n");
    let text = message.text();
    // SAFETY: the text is valid memory of this length.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    act(signal, libc::SIG_DFL);
    // SAFETY: raising a signal is allowed anywhere.
    unsafe { libc::raise(signal) };
}

/// A text on the stack, as handlers must not allocate.
struct Message {
    bytes: [u8; 256],
    length: usize,
}

impl Default for Message {
    fn default() -> Self {
        Self {
            bytes: [0; 256],
            length: 0,
        }
    }
}

impl Message {
    /// Adds a part, or as much of it as there is room for.
    fn push(&mut self, part: &[u8]) {
        let room = self.bytes[self.length..].iter_mut();
        self.length += room.zip(part).map(|(to, from)| *to = *from).count();
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
