// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ops on tensors that stay ones.

use melior::ir::{OperationRef, TypeLike, ValueLike, operation::OperationLike};
use symm_ir::{diagnostics::error, flow::is_bufferizable, pass::PassResult};

/// What says the same as some ops.
const INSTEAD: [(&str, &str); 5] = [
    ("linalg.pack", "one with tiles of known sizes"),
    (
        "tensor.bitcast",
        "one between floats and integers without a sign",
    ),
    ("tensor.gather", "linalg.generic with tensor.extract in it"),
    ("tensor.scatter", "scf.for with tensor.insert_slice in it"),
    ("tosa", "--tosa-to-linalg, run before"),
];

/// Refuses an op on tensors that is not known to bufferization.
pub(super) fn check<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let operands = op.operands().map(|operand| operand.r#type());
    let results = op.results().map(|result| result.r#type());
    let has_tensor = operands.chain(results).any(|r#type| r#type.is_tensor());
    if !has_tensor || is_bufferizable(op) {
        return Ok(());
    }
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    let dialect = name.split('.').next().unwrap_or_default();
    let instead = INSTEAD.iter().find(|(of, _)| [name, dialect].contains(of));
    let instead = instead.map_or("ops of linalg, tensor and arith", |(_, instead)| instead);
    let message = format!("works on tensors and has no form on buffers; express it by {instead}");
    Err(error(&op, message).emit())
}
