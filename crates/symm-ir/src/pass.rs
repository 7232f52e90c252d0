// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Passes and pipelines, each declared once in Rust.
//!
//! A pass is a [`PassDef`] in a `static`; a pipeline is a [`PipelineDef`]. The
//! same declaration gives the pass its flag in `symm-opt`, its name in
//! `--pass-pipeline` of any `mlir-opt`, its constructor in Rust and its page in
//! the documentation.

mod option;
mod pipeline;
mod run;
mod statistics;

pub use self::{
    option::{OptionDef, OptionDefault, OptionValues},
    pipeline::{Pipeline, PipelineDef},
    run::PassRun,
    statistics::report as statistics_report,
};

use self::option::lower_options;
use crate::{diagnostics::Failure, guard, text};
use melior::{ir::OperationRef, pass::Pass};
use mlir_sys::{MlirDialectHandle, MlirOperation, mlirTypeIDCreate};
use std::{
    collections::HashMap,
    ffi::{CString, c_void},
    sync::{Mutex, PoisonError},
};
use symm_sys::{
    SymmPassDesc, SymmPassRef, SymmStatisticDesc, symmCreatePass, symmPassSignalFailure,
    symmRegisterPass,
};

/// What a pass returns: an error fails the pass, and with it the pipeline.
pub type PassResult = Result<(), Failure>;

/// Returns the handle of a dialect: `mlir_sys::mlirGetDialectHandle__memref__`
/// and its like.
pub type DialectHandleFn = unsafe extern "C" fn() -> MlirDialectHandle;

/// The declaration of a pass.
#[derive(Debug)]
pub struct PassDef {
    /// Its flag and its name in pipelines, such as `lower-comm`.
    pub argument: &'static str,
    /// What it does, in one sentence without a full stop.
    pub summary: &'static str,
    /// What it does, what it does not, and what should run before; Markdown.
    pub description: &'static str,
    /// The op that it runs on, such as `builtin.module`; `None` for any op.
    pub anchor: Option<&'static str>,
    /// Its options.
    pub options: &'static [OptionDef],
    /// What it counts.
    pub statistics: &'static [StatisticDef],
    /// The dialects of ops, types and attributes that it creates and that its
    /// input need not have.
    pub dependent_dialects: &'static [DialectHandleFn],
    /// What it does to one op.
    pub run: fn(&PassRun<'_, '_>) -> PassResult,
}

/// Something that a pass counts.
#[derive(Clone, Copy, Debug)]
pub struct StatisticDef {
    /// Its name, such as `copies`.
    pub name: &'static str,
    /// What is counted.
    pub description: &'static str,
}

impl PassDef {
    /// Registers the pass, so that tools and textual pipelines know it.
    pub fn register(&'static self) {
        // SAFETY: the descriptor lives as long as the program.
        unsafe { symmRegisterPass(self.lower()) }
    }

    /// Creates the pass with options in textual form, such as
    /// `one-shot-threshold-bytes=0`, for a pass manager.
    ///
    /// # Errors
    ///
    /// Returns MLIR's message where the options do not parse.
    pub fn create(&'static self, options: &str) -> Result<Pass, Failure> {
        let mut message = String::new();
        // SAFETY: the descriptor lives as long as the program, the strings for
        // the call; the callback gets the `String` that it expects.
        let pass = unsafe {
            symmCreatePass(
                self.lower(),
                text::to_raw(options),
                Some(text::append),
                (&raw mut message).cast(),
            )
        };
        if pass.ptr.is_null() {
            return Err(Failure::Message(message));
        }
        // SAFETY: the pass is valid and owned by nobody else.
        Ok(unsafe { Pass::from_raw(pass) })
    }

    /// Returns the name of the pass in reports, such as `LowerComm`.
    pub fn name(&self) -> String {
        self.argument.split('-').map(capitalised).collect()
    }

    /// Returns the descriptor that MLIR keeps: one per declaration, never freed.
    fn lower(&'static self) -> &'static SymmPassDesc {
        static LOWERED: Mutex<Option<HashMap<usize, &'static Desc>>> = Mutex::new(None);
        let mut lowered = LOWERED.lock().unwrap_or_else(PoisonError::into_inner);
        let lowered = lowered.get_or_insert_with(HashMap::new);
        &lowered
            .entry(self as *const Self as usize)
            .or_insert_with(|| self.lower_once())
            .0
    }

    fn lower_once(&'static self) -> &'static Desc {
        let options = lower_options(self.options);
        let statistics: &'static [_] =
            Vec::leak(self.statistics.iter().map(lower_statistic).collect());
        let dialects: &'static [_] = Vec::leak(
            self.dependent_dialects
                .iter()
                // SAFETY: a handle function has no preconditions.
                .map(|handle| unsafe { handle() })
                .collect(),
        );
        let this: *const Self = self;
        Box::leak(Box::new(Desc(SymmPassDesc {
            // SAFETY: the declaration is a static, aligned as a pointer is.
            id: unsafe { mlirTypeIDCreate(this.cast()) },
            name: text::to_raw(String::leak(self.name())),
            argument: text::to_raw(self.argument),
            description: text::to_raw(self.summary),
            opName: text::to_raw(self.anchor.unwrap_or_default()),
            options: options.as_ptr(),
            nOptions: options.len() as isize,
            statistics: statistics.as_ptr(),
            nStatistics: statistics.len() as isize,
            dialects: dialects.as_ptr(),
            nDialects: dialects.len() as isize,
            run: Some(run_raw),
            userData: this.cast(),
        })))
    }
}

struct Desc(SymmPassDesc);

// SAFETY: a descriptor is never written after it is made, and all that it points
// to is static.
unsafe impl Send for Desc {}
// SAFETY: as above.
unsafe impl Sync for Desc {}

unsafe extern "C" fn run_raw(op: MlirOperation, pass: SymmPassRef, def: *const c_void) {
    // SAFETY: `lower_once` passes the static declaration.
    let def: &'static PassDef = unsafe { &*def.cast() };
    // SAFETY: MLIR passes a valid op that outlives the run.
    let op = unsafe { OperationRef::from_raw(op) };
    let succeeded = guard::at(&op, || {
        let run = PassRun::new(op, pass, def);
        let result = (def.run)(&run);
        run.publish_statistics();
        if let Err(failure) = &result {
            failure.emit_at(&op);
        }
        result.is_ok()
    });
    if succeeded != Some(true) {
        // SAFETY: the pass is being run.
        unsafe { symmPassSignalFailure(pass) }
    }
}

fn lower_statistic(statistic: &StatisticDef) -> SymmStatisticDesc {
    // A static string with a NUL inside is cut there.
    let c_string = |text: &str| {
        let text = text.split('\0').next().unwrap_or_default();
        CString::new(text)
            .unwrap_or_default()
            .into_raw()
            .cast_const()
    };
    SymmStatisticDesc {
        name: c_string(statistic.name),
        description: c_string(statistic.description),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
