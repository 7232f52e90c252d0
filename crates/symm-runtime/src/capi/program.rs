// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs and what they say of themselves.

use super::{Status, Trouble, guarded, hand_out, object, string, take_back};
use crate::Program;
use std::{
    ffi::{CString, c_char, c_int},
    path::Path,
};
use symm_abi::{Device, Value};

/// A program with the names of its values as C wants them.
pub struct CProgram {
    pub(super) program: Program,
    entries: Vec<CEntry>,
}

struct CEntry {
    name: String,
    arguments: Vec<(CString, Value)>,
    results: Vec<(CString, Value)>,
}

/// `symm_value`.
#[repr(C)]
pub struct CValue {
    name: *const c_char,
    dtype: u32,
    dimensions: u32,
    shape: *const u64,
    bytes: u64,
}

impl CProgram {
    fn load(path: &str) -> Result<Self, Trouble> {
        let program = Program::load(Path::new(path))?;
        let named = |values: &[Value]| -> Vec<(CString, Value)> {
            let name = |value: &Value| CString::new(value.name.replace('\0', " "));
            let values = values.iter();
            values
                .map(|value| (name(value).unwrap_or_default(), value.clone()))
                .collect()
        };
        let entries = program.manifest().entries.iter().map(|entry| CEntry {
            name: entry.name.clone(),
            arguments: named(&entry.args),
            results: named(&entry.results),
        });
        Ok(Self {
            entries: entries.collect(),
            program,
        })
    }

    fn entry(&self, name: &str) -> Result<&CEntry, Trouble> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.ok_or_else(|| crate::no_entry(self.program.manifest(), name).into())
    }
}

/// # Safety
/// As `symm_program_argument`.
unsafe fn describe(
    program: *const CProgram,
    entry: *const c_char,
    index: u32,
    to: *mut CValue,
    values: impl FnOnce(&CEntry) -> &[(CString, Value)],
) -> Status {
    guarded(|| {
        // SAFETY: passed on from the caller.
        let (program, entry) = unsafe { (object("program", program)?, string("entry", entry)?) };
        let values = values(program.entry(entry)?);
        let (name, value) = values.get(index as usize).ok_or_else(|| {
            Trouble::invalid(format!("entry '{entry}' has {} of these", values.len()))
        })?;
        if to.is_null() {
            return Err(Trouble::invalid("value is null"));
        }
        let described = CValue {
            name: name.as_ptr(),
            dtype: value.dtype as u32,
            dimensions: value.shape.len() as u32,
            shape: value.shape.as_ptr(),
            bytes: value.bytes().unwrap_or(0) as u64,
        };
        // SAFETY: not null, and passed on from the caller.
        unsafe { to.write(described) };
        Ok(())
    })
}

/// Reads, checks and loads a program.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_load(
    path: *const c_char,
    program: *mut *mut CProgram,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { hand_out(program, || CProgram::load(string("path", path)?)) }
}

/// Frees a program.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_free(program: *mut CProgram) {
    // SAFETY: passed on from the caller.
    unsafe { take_back(program) }
}

/// Returns where the program runs.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_device(program: *const CProgram) -> c_int {
    // SAFETY: passed on from the caller.
    let program = unsafe { program.as_ref() };
    program.map_or(0, |program| match program.program.manifest().device {
        Device::Cpu => 0,
        Device::Cuda => 1,
    })
}

/// Returns the smallest number of ranks.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_ranks(program: *const CProgram) -> u32 {
    // SAFETY: passed on from the caller.
    let program = unsafe { program.as_ref() };
    program.map_or(0, |program| program.program.manifest().min_world_size())
}

/// Describes an argument.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_argument(
    program: *const CProgram,
    entry: *const c_char,
    index: u32,
    value: *mut CValue,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { describe(program, entry, index, value, |entry| &entry.arguments) }
}

/// Describes a result.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_program_result(
    program: *const CProgram,
    entry: *const c_char,
    index: u32,
    value: *mut CValue,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { describe(program, entry, index, value, |entry| &entry.results) }
}
