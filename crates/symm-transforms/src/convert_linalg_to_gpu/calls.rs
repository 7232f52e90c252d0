// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernels call no functions: what they do is in them.

use crate::attributes;
use melior::ir::{OperationRef, operation::OperationLike};
use symm_ir::{diagnostics::error, pass::PassResult, text, walk};

/// Reports the first call in a kernel.
pub(super) fn check<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> PassResult {
    let calls = walk::collect_named(module, "func.call");
    let is_in_kernel = |op: &OperationRef<'c, 'a>| walk::parent_named(*op, "gpu.launch").is_some();
    let Some(call) = calls.into_iter().find(is_in_kernel) else {
        return Ok(());
    };
    let name = attributes::symbol(call, "callee")?;
    let is_callee = |op: &OperationRef<'c, 'a>| text::symbol_name(*op).as_deref() == Some(&name);
    let callee = walk::children(module).find(is_callee);
    let message = match callee.filter(has_body) {
        Some(_) => format!(
            "is a call of @{name} in a kernel, which has what is inlined only: functions of one \
             block that neither call themselves nor are no_inline; make @{name} one, or write its \
             ops here"
        ),
        None => format!(
            "is a call of @{name} in a kernel, which has what is inlined only, and @{name} has no \
             body; write its ops here, such as those of math"
        ),
    };
    let mut error = error(&call, message);
    if let Some(callee) = callee {
        error = error.note_at(callee.location(), "the function");
    }
    Err(error.emit())
}

fn has_body(function: &OperationRef<'_, '_>) -> bool {
    walk::children(*function).next().is_some()
}
