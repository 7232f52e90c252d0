// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The one place where Rust code is called from MLIR: a panic stops here and
//! becomes a diagnostic at the op.

use crate::diagnostics;
use melior::ir::operation::OperationLike;
use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::Once,
};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<Report>> = const { RefCell::new(None) };
}

struct Report {
    place: String,
    backtrace: Option<String>,
}

/// Runs `body`; turns a panic in it into an error at `op` and returns `None`.
pub fn at<'c: 'a, 'a, T>(op: &impl OperationLike<'c, 'a>, body: impl FnOnce() -> T) -> Option<T> {
    run(body)
        .map_err(|panic| {
            let mut diagnostic = diagnostics::error(op, panic.message);
            if let Some(backtrace) = panic.backtrace {
                diagnostic = diagnostic.note(backtrace);
            }
            diagnostic.emit();
        })
        .ok()
}

/// A panic that was stopped.
pub(crate) struct Panic {
    pub(crate) message: String,
    pub(crate) backtrace: Option<String>,
}

/// Runs `body` and returns its value, or the panic that ended it.
pub(crate) fn run<T>(body: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| {
        let report = LAST.take();
        let place = report
            .as_ref()
            .map_or("an unknown place", |report| &report.place);
        Panic {
            message: format!("internal error in symm: {} at {place}", text_of(&*payload)),
            backtrace: report.and_then(|report| report.backtrace),
        }
    })
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic without a message")
}

/// Keeps the place of a panic in guarded code for its diagnostic, in place of
/// the message that the standard hook would print.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                previous(info);
            } else {
                LAST.set(Some(report(info)));
            }
        }));
    });
}

fn report(info: &PanicHookInfo<'_>) -> Report {
    let backtrace = Backtrace::capture();
    Report {
        place: info.location().map(ToString::to_string).unwrap_or_default(),
        backtrace: (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string()),
    }
}
