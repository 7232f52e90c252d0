// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Entries with the addresses of the buffers that they run on, which belong to somebody else.

use crate::{Error, Program, tensor::descriptor};
use std::ffi::c_void;
use symm_abi::{EntryFn, Value};

/// Alignment in bytes that buffers of entries have.
pub const BUFFER_ALIGN: u64 = 64;

/// An entry and the addresses of its arguments and results.
#[derive(Debug)]
pub struct Binding {
    /// Keeps the function loaded.
    program: Program,
    function: EntryFn,
    entry: String,
    /// Its place among the program's entries.
    number: u32,
    /// Arguments, then results.
    values: Vec<Value>,
    arguments: usize,
    descriptors: Vec<Box<[u64]>>,
    pointers: Vec<*mut c_void>,
}

// SAFETY: the pointers are to the binding's own heap memory.
unsafe impl Send for Binding {}

impl Binding {
    /// Prepares an entry whose buffers are all missing still.
    ///
    /// # Errors
    /// When the program has no such entry.
    pub fn new(program: &Program, entry: &str) -> Result<Self, Error> {
        let (entry, function) = program.entry(entry)?;
        let entries = &program.manifest().entries;
        let number = entries.iter().position(|other| other.name == entry.name);
        let values: Vec<Value> = entry.args.iter().chain(&entry.results).cloned().collect();
        let mut descriptors: Vec<_> = values
            .iter()
            .map(|value| descriptor(0, &value.shape))
            .collect();
        let pointers = descriptors.iter_mut();
        let pointers = pointers.map(|words| words.as_mut_ptr().cast()).collect();
        Ok(Self {
            program: program.clone(),
            function,
            entry: entry.name.clone(),
            number: number.unwrap_or(entries.len()) as u32,
            arguments: entry.args.len(),
            values,
            descriptors,
            pointers,
        })
    }

    /// Binds an argument to the buffer at an address.
    ///
    /// # Errors
    /// When there is no such argument, or the address is not aligned to [`BUFFER_ALIGN`].
    pub fn argument(&mut self, index: usize, address: u64) -> Result<(), Error> {
        let known = index < self.arguments;
        self.set(known.then_some(index), address)
    }

    /// Binds a result to the buffer at an address.
    ///
    /// # Errors
    /// As [`argument`](Self::argument).
    pub fn result(&mut self, index: usize, address: u64) -> Result<(), Error> {
        self.set(index.checked_add(self.arguments), address)
    }

    fn set(&mut self, index: Option<usize>, address: u64) -> Result<(), Error> {
        let descriptor = index.and_then(|index| self.descriptors.get_mut(index));
        let descriptor = descriptor.ok_or_else(|| Error::Unbound {
            entry: self.entry.clone(),
            what: "has no buffer of that number".into(),
        })?;
        if !address.is_multiple_of(BUFFER_ALIGN) {
            return Err(Error::Unbound {
                entry: self.entry.clone(),
                what: format!(
                    "expected a buffer aligned to {BUFFER_ALIGN} bytes, got {address:#x}"
                ),
            });
        }
        descriptor[..2].fill(address);
        Ok(())
    }

    /// Returns the name of the entry.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// Returns the entry's place among those of its program.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Returns the function and the descriptors to call it with, on a rank of `program`.
    pub(crate) fn ready(
        &mut self,
        program: &Program,
    ) -> Result<(EntryFn, *mut *mut c_void), Error> {
        if !self.program.is(program) {
            return Err(Error::Unbound {
                entry: self.entry.clone(),
                what: "was bound for another program or rank".into(),
            });
        }
        let buffers = self.descriptors.iter().zip(&self.values);
        let missing = buffers
            .filter(|(_, value)| value.bytes() != Some(0))
            .find(|(words, _)| words[0] == 0);
        match missing {
            None => Ok((self.function, self.pointers.as_mut_ptr())),
            Some((_, value)) => Err(Error::Unbound {
                entry: self.entry.clone(),
                what: format!("'{}' has no buffer", value.name),
            }),
        }
    }
}
