// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Constants, which are in the artifact as they are.

use crate::builder::first_result;
use melior::ir::{OperationRef, ValueLike, attribute::TypeAttribute, operation::OperationLike};
use symm_ir::{diagnostics::error, memref, pass::PassResult, walk};

/// Most bytes of the constants and globals of a program. What code refers to has to be
/// within 2 GiB of it.
const MAX_BYTES: u64 = 1 << 30;

/// Adds the bytes of a constant or a global to those so far, and refuses the first one
/// that is too much.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>, so_far: &mut u64) -> PassResult {
    let r#type = if walk::is(op, "arith.constant") {
        first_result(op).r#type()
    } else if walk::is(op, "memref.global") {
        TypeAttribute::try_from(op.attribute("type")?)?.value()
    } else {
        return Ok(());
    };
    let bytes = memref::bytes(r#type).unwrap_or(0);
    *so_far = so_far.saturating_add(bytes);
    if *so_far <= MAX_BYTES {
        return Ok(());
    }
    let message = format!(
        "has {bytes} bytes, with which the constants of the program are more than the \
         {MAX_BYTES} that an artifact holds; pass the values as an argument"
    );
    Err(error(&op, message).emit())
}
