// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Calls of LLVM's intrinsics.

use super::elements::by_part;
use crate::builder::{Builder, element, erase, first_result, vector_shape};
use melior::ir::{
    OperationRef, Value, ValueLike, attribute::StringAttribute, operation::OperationLike,
};
use symm_ir::value::replace_all_uses;

/// Replaces an op on floats, or on vectors of these, by calls of an intrinsic: one for each
/// innermost row, as intrinsics have vectors of one dimension.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>, intrinsic: &str) {
    let b = Builder::before(op);
    let operands: Vec<_> = op.operands().collect();
    let value = by_part(&b, &operands, 1, |operands| call(&b, intrinsic, operands));
    replace_all_uses(first_result(op), value);
    erase(op);
}

fn call<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    intrinsic: &str,
    operands: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let r#type = operands[0].r#type();
    let count = vector_shape(r#type)
        .first()
        .map(|count| format!("v{count}"));
    let name = format!(
        "{intrinsic}.{}{}",
        count.unwrap_or_default(),
        element(r#type)
    );
    let attributes = [
        ("intrin", StringAttribute::new(b.context(), &name).into()),
        ("operandSegmentSizes", b.segments(&[operands.len(), 0])),
        ("op_bundle_sizes", b.segments(&[])),
    ];
    b.value("llvm.call_intrinsic", operands, r#type, &attributes)
}
