// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Vectors are kept in the registers of a thread, of which there are few.

use crate::builder::vector_shape;
use melior::ir::{OperationRef, Type, TypeLike, ValueLike, operation::OperationLike};
use symm_ir::{diagnostics::error, pass::PassResult, walk};

/// Most elements of a vector in a kernel.
const MAX_ELEMENTS: i64 = 256;

/// Reports the first op inside a launch with a vector that is too large.
pub(super) fn check<'c: 'a, 'a>(launch: OperationRef<'c, 'a>) -> PassResult {
    for op in walk::collect(launch) {
        let operands = op.operands().map(|operand| operand.r#type());
        let results = op.results().map(|result| result.r#type());
        if let Some(large) = operands
            .chain(results)
            .find(|of| elements(*of) > MAX_ELEMENTS)
        {
            let message = format!(
                "expected vectors of at most {MAX_ELEMENTS} elements in a kernel, where a thread \
                 has all of a vector, got {large}; use linalg, or smaller vectors in an scf.forall"
            );
            return Err(error(&op, message).emit());
        }
    }
    Ok(())
}

fn elements(r#type: Type<'_>) -> i64 {
    match r#type.is_vector() {
        true => vector_shape(r#type).iter().product(),
        false => 0,
    }
}
