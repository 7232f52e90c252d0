// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Collecting diagnostics.

use melior::{
    Context,
    diagnostic::{DiagnosticHandlerId, DiagnosticSeverity},
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

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
