// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A rank with a program that all ranks have.

use super::{Failed, Rank};
use crate::{Error, Program, Tensor, failure::Activity, table};
use std::ffi::c_void;
use symm_abi::{Entry, EntryFn, Value};

/// A started rank: runs entries of its program, together with all other ranks.
#[derive(Debug)]
pub struct Session<'a> {
    rank: &'a Rank,
    program: &'a Program,
}

impl<'a> Session<'a> {
    pub(super) fn new(rank: &'a Rank, program: &'a Program) -> Self {
        Self { rank, program }
    }

    /// Waits until every rank of the world has come here; all go on within microseconds of each other, so that the next run
    /// can be timed.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a rank failed or does not come within the time-out.
    pub fn line_up(&self) -> Result<(), Error> {
        self.rank.line_up().map_err(|Failed| Error::Aborted)
    }

    /// Runs an entry; every rank of the world has to. The entry may overwrite `args`.
    ///
    /// Symmetric memory that the entry left allocated is freed when all ranks are through.
    ///
    /// # Errors
    /// [`Error::Aborted`] when any rank failed: results are undefined then. Another error when the arguments or results
    /// do not have the types of the entry, or the program has no such entry: nothing ran.
    pub fn run(
        &self,
        entry: &str,
        args: &mut [Tensor],
        results: &mut [Tensor],
    ) -> Result<(), Error> {
        let (entry, function) = self.program.entry(entry)?;
        check_types(entry, &entry.args, args)?;
        check_types(entry, &entry.results, results)?;
        let mut descriptors: Vec<Box<[u64]>> = args
            .iter_mut()
            .chain(results)
            .map(Tensor::descriptor)
            .collect();
        let mut pointers: Vec<*mut c_void> = descriptors
            .iter_mut()
            .map(|words| words.as_mut_ptr().cast())
            .collect();

        // SAFETY: the artifact's seal and manifest vouch that the symbol is an entry with these arguments and results, and
        // every descriptor is as `EntryFn` asks.
        unsafe { self.rank.run_entry(function, pointers.as_mut_ptr()) }
    }
}

impl Rank {
    /// Runs an entry of a program that the ranks agreed on, and meets all of them after it.
    ///
    /// # Safety
    /// The pointers are to descriptors of the entry's arguments and results.
    pub(crate) unsafe fn run_entry(
        &self,
        function: EntryFn,
        pointers: *mut *mut c_void,
    ) -> Result<(), Error> {
        self.record().set(Activity::Computing { after: None });
        // SAFETY: passed on from the caller.
        unsafe { table::run_entry(self, function, pointers) };
        self.meet().map_err(|Failed| Error::Aborted)?;
        self.groups
            .iter()
            .for_each(|group| group.heap.borrow_mut().reset());
        Ok(())
    }
}

/// Checks that tensors have the types of an entry's arguments or results.
pub(crate) fn check_types(
    entry: &Entry,
    expected: &[Value],
    found: &[Tensor],
) -> Result<(), Error> {
    let fits = expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(value, tensor)| tensor.has_type_of(value));
    if fits {
        return Ok(());
    }
    let describe = |value: &Value| {
        format!(
            "'{}' of {:?} {}",
            value.name,
            value.shape,
            value.dtype.name()
        )
    };
    let expected: Vec<String> = expected.iter().map(describe).collect();
    Err(Error::ArgumentType {
        entry: entry.name.clone(),
        expected: expected.join(", "),
    })
}
