// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Diagnostics: emitting them with notes, and collecting them as errors.

use crate::text;
use melior::{
    Context,
    diagnostic::{DiagnosticHandlerId, DiagnosticSeverity},
    ir::{Location, operation::OperationLike},
};
use mlir_sys::{
    MlirDiagnosticSeverity, MlirDiagnosticSeverity_MlirDiagnosticError,
    MlirDiagnosticSeverity_MlirDiagnosticRemark, MlirDiagnosticSeverity_MlirDiagnosticWarning,
    MlirLocation, MlirOperation,
};
use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};
use symm_sys::{SymmNote, symmEmitDiagnostic, symmEmitOpDiagnostic};

/// Says that a diagnostic was emitted, or carries the text of one that still
/// has to be. What passes and patterns return when they fail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The diagnostic is out; nothing more is to be said.
    #[error("a diagnostic was emitted")]
    Emitted,
    /// A message without a place; it is emitted at the op that the pass or the
    /// pattern runs on.
    #[error("{0}")]
    Message(String),
}

impl From<melior::Error> for Failure {
    fn from(error: melior::Error) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl Failure {
    /// Emits the message, if it is not out yet, as an error at `op`.
    pub fn emit_at<'c: 'a, 'a>(&self, op: &impl OperationLike<'c, 'a>) {
        if let Self::Message(message) = self {
            error(op, message.clone()).emit();
        }
    }
}

enum Site {
    Location(MlirLocation),
    Operation(MlirOperation),
}

/// A diagnostic that is being built.
#[must_use = "a diagnostic is seen once it is emitted"]
pub struct Diagnostic<'a> {
    severity: MlirDiagnosticSeverity,
    site: Site,
    message: String,
    notes: Vec<(MlirLocation, String)>,
    _site: PhantomData<&'a ()>,
}

/// Begins an error at an op; the op's name is put before the message.
pub fn error<'c: 'a, 'a>(
    op: &impl OperationLike<'c, 'a>,
    message: impl Into<String>,
) -> Diagnostic<'a> {
    at_op(
        MlirDiagnosticSeverity_MlirDiagnosticError,
        op,
        message.into(),
    )
}

/// Begins a warning at an op; the op's name is put before the message.
pub fn warning<'c: 'a, 'a>(
    op: &impl OperationLike<'c, 'a>,
    message: impl Into<String>,
) -> Diagnostic<'a> {
    at_op(
        MlirDiagnosticSeverity_MlirDiagnosticWarning,
        op,
        message.into(),
    )
}

/// Begins a remark at an op; the op's name is put before the message. For the
/// decisions of a pass, see [`remark`](crate::remark).
pub fn remark<'c: 'a, 'a>(
    op: &impl OperationLike<'c, 'a>,
    message: impl Into<String>,
) -> Diagnostic<'a> {
    at_op(
        MlirDiagnosticSeverity_MlirDiagnosticRemark,
        op,
        message.into(),
    )
}

/// Begins an error at a location.
pub fn error_at<'c>(location: Location<'c>, message: impl Into<String>) -> Diagnostic<'c> {
    at_location(
        MlirDiagnosticSeverity_MlirDiagnosticError,
        location,
        message.into(),
    )
}

/// Begins a warning at a location.
pub fn warning_at<'c>(location: Location<'c>, message: impl Into<String>) -> Diagnostic<'c> {
    at_location(
        MlirDiagnosticSeverity_MlirDiagnosticWarning,
        location,
        message.into(),
    )
}

fn at_op<'c: 'a, 'a>(
    severity: MlirDiagnosticSeverity,
    op: &impl OperationLike<'c, 'a>,
    message: String,
) -> Diagnostic<'a> {
    let site = Site::Operation(op.to_raw());
    Diagnostic {
        severity,
        site,
        message,
        notes: Vec::new(),
        _site: PhantomData,
    }
}

fn at_location(
    severity: MlirDiagnosticSeverity,
    location: Location<'_>,
    message: String,
) -> Diagnostic<'_> {
    let site = Site::Location(location.to_raw());
    Diagnostic {
        severity,
        site,
        message,
        notes: Vec::new(),
        _site: PhantomData,
    }
}

impl<'a> Diagnostic<'a> {
    /// Adds a note at another place.
    pub fn note_at(mut self, location: Location<'a>, message: impl Into<String>) -> Self {
        self.notes.push((location.to_raw(), message.into()));
        self
    }

    /// Adds a note at the place of the diagnostic.
    pub fn note(mut self, message: impl Into<String>) -> Self {
        self.notes.push((
            MlirLocation {
                ptr: std::ptr::null(),
            },
            message.into(),
        ));
        self
    }

    /// Emits the diagnostic. The failure is for the caller to return where the
    /// diagnostic is an error.
    pub fn emit(self) -> Failure {
        let notes: Vec<_> = self
            .notes
            .iter()
            .map(|(location, message)| SymmNote {
                location: *location,
                message: text::to_raw(message),
            })
            .collect();
        let message = text::to_raw(&self.message);
        let count = notes.len() as isize;
        // SAFETY: the site and the notes live for 'a, the strings for the call.
        unsafe {
            match self.site {
                Site::Location(site) => {
                    symmEmitDiagnostic(self.severity, site, message, count, notes.as_ptr());
                }
                Site::Operation(site) => {
                    symmEmitOpDiagnostic(self.severity, site, message, count, notes.as_ptr());
                }
            }
        }
        Failure::Emitted
    }
}

/// How bad a collected diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program is accepted, and perhaps not what was meant.
    Warning,
    /// Additional information on the diagnostic before.
    Note,
    /// Something worth knowing.
    Remark,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Remark => "remark",
        })
    }
}

/// A diagnostic that was collected, with its notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is, as MLIR prints locations.
    pub location: String,
    /// What it says.
    pub message: String,
    /// Its notes.
    pub notes: Vec<Entry>,
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}: {}",
            self.location, self.severity, self.message
        )?;
        for note in &self.notes {
            write!(formatter, "\n{note}")?;
        }
        Ok(())
    }
}

/// The diagnostics of a step that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Entry>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{entry}")?;
        }
        Ok(())
    }
}

/// Runs `step` and returns its value with the diagnostics that it emitted, which
/// are not printed.
pub fn collect<T>(context: &Context, step: impl FnOnce() -> T) -> (T, Diagnostics) {
    let collector = Collector::attach(context);
    let value = step();
    let diagnostics = collector.take();
    (value, diagnostics)
}

struct Collector<'c> {
    context: &'c Context,
    handler: Option<DiagnosticHandlerId>,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl<'c> Collector<'c> {
    fn attach(context: &'c Context) -> Self {
        let entries = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&entries);
        let handler = context.attach_diagnostic_handler(move |diagnostic| {
            let entry = entry_of(&diagnostic);
            sink.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(entry);
            true
        });
        Self {
            context,
            handler: Some(handler),
            entries,
        }
    }

    fn take(self) -> Diagnostics {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Diagnostics(std::mem::take(&mut entries))
    }
}

impl Drop for Collector<'_> {
    fn drop(&mut self) {
        if let Some(handler) = self.handler.take() {
            self.context.detach_diagnostic_handler(handler);
        }
    }
}

fn entry_of(diagnostic: &melior::diagnostic::Diagnostic<'_>) -> Entry {
    let notes = (0..diagnostic.note_count())
        .filter_map(|index| diagnostic.note(index).ok())
        .map(|note| entry_of(&note))
        .collect();
    Entry {
        severity: match diagnostic.severity() {
            DiagnosticSeverity::Error => Severity::Error,
            DiagnosticSeverity::Warning => Severity::Warning,
            DiagnosticSeverity::Note => Severity::Note,
            DiagnosticSeverity::Remark => Severity::Remark,
        },
        location: diagnostic.location().to_string(),
        message: diagnostic.to_string(),
        notes,
    }
}
