// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What people read on the standard error.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Returns what an error says and what it comes of; many errors say the latter themselves, and it is said once.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text.push_str(&format!(": {cause}"));
        }
    }
    text
}

/// Prints an error by one write: ranks that are processes share their standard error.
pub fn complain(message: impl Display) {
    note(format_args!("error: {message}"));
}

/// Prints a line beside the tables by one write.
pub fn note(message: impl Display) {
    let line = format!("{message}\n");
    // Where nobody reads it there is nobody to tell.
    let _ = io::stderr().write_all(line.as_bytes());
}
