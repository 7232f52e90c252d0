// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Buffers that functions return.

use crate::create_entry_points::may_be_contiguous;
use melior::ir::{OperationRef, ValueLike, operation::OperationLike, r#type::MemRefType};
use symm_ir::{diagnostics::error, pass::PassResult, walk};

/// Refuses a returned buffer that a copy in a row-major one cannot stand for.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    if !walk::is(op, "func.return") {
        return Ok(());
    }
    for (index, value) in op.operands().enumerate() {
        let buffer = MemRefType::try_from(value.r#type());
        if let Some(buffer) = buffer.ok().filter(|buffer| !may_be_contiguous(*buffer)) {
            let message = format!(
                "expected result #{index} to be row-major and contiguous, got {buffer}; return a \
                 copy of it in a fresh buffer"
            );
            return Err(error(&op, message).emit());
        }
    }
    Ok(())
}
