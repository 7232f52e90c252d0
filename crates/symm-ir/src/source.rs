// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Source files, for tools: parsed with the names of arguments kept, and shown
//! in diagnostics.

use crate::text;
use melior::{Context, ir::Module};
use std::{marker::PhantomData, path::Path};
use symm_sys::{SymmSourceRef, symmSourceClose, symmSourceOpen, symmSourceParse};

/// An open source file. While it is open, diagnostics of the context are printed
/// to the standard error with the lines that they are about.
pub struct Source<'c> {
    raw: SymmSourceRef,
    _context: PhantomData<&'c Context>,
}

impl<'c> Source<'c> {
    /// Opens a file; `-` is the standard input.
    ///
    /// # Errors
    ///
    /// Returns the system's reason where the file cannot be read.
    pub fn open(context: &'c Context, path: &Path) -> Result<Self, String> {
        let path = path.to_str().ok_or("the path is not UTF-8")?;
        let mut message = String::new();
        // SAFETY: the context is valid and outlives the source; the callback gets
        // the `String` that it expects.
        let raw = unsafe {
            symmSourceOpen(
                context.to_raw(),
                text::to_raw(path),
                Some(text::append),
                (&raw mut message).cast(),
            )
        };
        if raw.ptr.is_null() {
            Err(message)
        } else {
            Ok(Self {
                raw,
                _context: PhantomData,
            })
        }
    }

    /// Parses and verifies the file, text or bytecode; `None` after an error that
    /// was printed. An argument of a function has its name as its location.
    pub fn parse(&self) -> Option<Module<'c>> {
        // SAFETY: the source is open; a module that is not null is owned by us.
        unsafe { Module::from_option_raw(symmSourceParse(self.raw)) }
    }
}

impl Drop for Source<'_> {
    fn drop(&mut self) {
        // SAFETY: the source is open and closed once.
        unsafe { symmSourceClose(self.raw) }
    }
}
