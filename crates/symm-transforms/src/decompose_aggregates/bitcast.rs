// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! tensor.bitcast (tensor.bitcast %x : A to B) : B to C   →   arith.bitcast %x : A to C
//! ```
//! where A and C are ranked tensors of floats or of integers without a sign.

use crate::{
    builder::{Builder, erase, first_result},
    number_type::element_type,
};
use melior::ir::{OperationRef, Type, TypeLike, Value, ValueLike, r#type::IntegerType};
use symm_ir::{
    value::{defining_op, operand, replace_all_uses},
    walk,
};

/// The op.
pub(super) const NAME: &str = "tensor.bitcast";

/// Turns a `tensor.bitcast` into `arith.bitcast`, which code is generated for, where that
/// knows the types; says whether it did. Of several in a row, only the first and the last
/// type matter.
pub(super) fn convert<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> bool {
    let Some(value) = source(op) else {
        return false;
    };
    let result = first_result(op);
    let types = [value.r#type(), result.r#type()];
    if !types.iter().all(|r#type| is_known(*r#type)) {
        return false;
    }
    let cast = Builder::before(op).convert("arith.bitcast", value, result.r#type());
    replace_all_uses(result, cast);
    erase(op);
    true
}

/// Returns what the first of several bitcasts in a row is of.
fn source<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Value<'c, 'a>> {
    let value = operand(op, 0)?;
    let before = defining_op(value).filter(|op| walk::is(*op, NAME));
    before.map_or(Some(value), source)
}

/// Says whether a type is that of ranked tensors of floats or of integers without a sign.
fn is_known(r#type: Type<'_>) -> bool {
    let is_known = |element: Type<'_>| {
        let integer = IntegerType::try_from(element);
        element.is_float() || integer.is_ok_and(|integer| integer.is_signless())
    };
    r#type.is_ranked_tensor() && element_type(r#type).is_some_and(is_known)
}
