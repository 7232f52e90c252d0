// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What Symm's command lines have in common.

pub mod files;

use std::io::{self, ErrorKind, Write};

/// Writes text to the standard output; whoever closed it has read enough.
///
/// # Errors
///
/// Fails where it can't be written for another reason, and says where to.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    let written = stdout.write_all(text.as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(io::Error::new(
            error.kind(),
            format!("cannot write to the standard output: {error}"),
        )),
        _ => Ok(()),
    }
}
