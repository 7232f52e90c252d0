// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Fills that the op behind them makes needless.

use crate::overlap::Overlap;
use melior::ir::{
    OperationRef, Value, ValueLike, attribute::FloatAttribute, operation::OperationLike,
};
use symm_ir::{
    linalg::is_structured,
    memref::is_memref,
    value::{defining_op, operand},
    view, walk,
};

/// Returns the fill of the buffer that an op writes, before it, if no other op in
/// between can see the buffer and the op has it as its last operand only.
pub(super) fn before<'c: 'a, 'a>(
    overlap: &Overlap,
    op: OperationRef<'c, 'a>,
    buffer: Value<'c, 'a>,
) -> Option<OperationRef<'c, 'a>> {
    let others = op.operands().take(op.operand_count().saturating_sub(1));
    let is_input =
        |value: &Value<'c, 'a>| is_memref(value.r#type()) && overlap.may_be(*value, buffer);
    if others.filter(is_input).count() > 0 {
        return None;
    }
    let mut before = walk::previous(op);
    while let Some(other) = before {
        if walk::is(other, "linalg.fill") && operand(other, 1) == Some(buffer) {
            return Some(other);
        }
        if may_see(overlap, other, buffer) {
            return None;
        }
        before = walk::previous(other);
    }
    None
}

/// Says whether an op, or one inside it, may look into a buffer. Where its address is
/// taken, whoever gets that may.
fn may_see<'c: 'a, 'a>(overlap: &Overlap, op: OperationRef<'c, 'a>, buffer: Value<'c, 'a>) -> bool {
    let is_simple = op.region_count() == 0 || is_structured(op) || walk::is(op, "gpu.launch");
    let is_buffer =
        |value: Value<'c, 'a>| is_memref(value.r#type()) && overlap.may_be(value, buffer);
    let sees = |op: &OperationRef<'c, 'a>| !is_harmless(*op) && op.operands().any(is_buffer);
    !is_simple || walk::collect(op).iter().any(sees)
}

fn is_harmless(op: OperationRef<'_, '_>) -> bool {
    walk::is(op, "memref.dim") || view::is_of_buffer(op)
}

/// Says whether a value is a constant zero, of either sign.
pub(super) fn is_zero(value: Value<'_, '_>) -> bool {
    let Some(constant) = defining_op(value).filter(|op| walk::is(*op, "arith.constant")) else {
        return false;
    };
    let value = constant
        .attribute("value")
        .and_then(FloatAttribute::try_from);
    value.is_ok_and(|float| float.value() == 0.0)
}
