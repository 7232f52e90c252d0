// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What becomes of each op, for people.

use super::{NAME, product};
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_abi::cuda::Matmul;
use symm_ir::{
    linalg::is_contraction,
    memref::is_memref,
    remark::{self, Kind},
};

/// Reports a product that the library runs.
pub(super) fn library(op: OperationRef<'_, '_>, matmul: &Matmul) {
    let Matmul { batch, m, n, k, .. } = matmul;
    let mut remark = remark::on(op, Kind::Passed, NAME, "matmul")
        .arg("Library", "cuBLASLt")
        .arg("Type", matmul.dtype.name())
        .arg("MxNxK", format_args!("{m}x{n}x{k}"));
    if *batch > 1 {
        remark = remark.arg("Batch", batch);
    }
    remark.emit();
}

/// Reports a copy of the stream.
pub(super) fn copy(op: OperationRef<'_, '_>) {
    remark::on(op, Kind::Passed, NAME, "copy").emit();
}

/// Reports an op that becomes a kernel, and why if the library runs others of its kind.
pub(super) fn kernel(op: OperationRef<'_, '_>, threads: &str) {
    if !remark::enabled(op) {
        return;
    }
    let refusal = is_contraction(op).then(|| refusal(op)).flatten();
    let kind = refusal.map_or(Kind::Passed, |_| Kind::Missed);
    let name = op.name();
    let mut remark = remark::on(op, kind, NAME, "kernel")
        .arg("Op", name.as_string_ref().as_str().unwrap_or_default())
        .arg("Threads", threads);
    if let Some(refusal) = refusal {
        remark = remark.because(refusal);
    }
    remark.emit();
}

fn refusal(op: OperationRef<'_, '_>) -> Option<product::Refusal> {
    let has_buffers = op.operands().all(|operand| is_memref(operand.r#type()));
    match has_buffers {
        true => product::of(op, "").err(),
        false => Some("an operand is a number"),
    }
}
