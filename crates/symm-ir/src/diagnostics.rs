// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Diagnostics: emitting them with notes, and collecting them as errors.

mod collect;

pub use self::collect::{Diagnostics, Entry, Severity, collect};

use crate::text;
use melior::ir::{Location, operation::OperationLike};
use mlir_sys::{
    MlirDiagnosticSeverity, MlirDiagnosticSeverity_MlirDiagnosticError,
    MlirDiagnosticSeverity_MlirDiagnosticRemark, MlirDiagnosticSeverity_MlirDiagnosticWarning,
    MlirLocation, MlirOperation,
};
use std::marker::PhantomData;
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
