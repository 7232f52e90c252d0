// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! math.f %x : f16   →   truncf (math.f (extf %x : f16 to f32) : f32) to f16
//! ```
//! for f16, bf16 and vectors of them: f32 has bits to spare, so that the function's error hardly shows in the result.

use crate::builder::{Builder, element, erase, with_element};
use melior::ir::{OperationRef, Type, TypeLike, Value, ValueLike, operation::OperationLike};
use symm_ir::{
    pass::PassResult,
    value::{replace_all_uses, result},
};

/// Replaces a function on f16 or bf16 by the same one on f32.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    if !is_short(op.operand(0)?.r#type()) {
        return Ok(());
    }
    let b = Builder::before(op);
    let wide = |r#type: Type<'c>| match is_short(r#type) {
        true => with_element(r#type, Type::float32(b.context())),
        false => r#type,
    };
    let extend = |operand: Value<'c, 'a>| b.convert("arith.extf", operand, wide(operand.r#type()));
    let operands: Vec<_> = op.operands().map(extend).collect();
    let results: Vec<Value<'c, 'a>> = (0..op.result_count())
        .filter_map(|index| result(op, index))
        .collect();
    let types: Vec<_> = results.iter().map(|result| wide(result.r#type())).collect();
    let name = op.name();
    let name = name.as_string_ref();
    let widened = b.op(name.as_str().unwrap_or_default(), &operands, &types, &[]);
    for (index, narrow) in results.into_iter().enumerate() {
        let value = widened.result(index)?.into();
        replace_all_uses(narrow, b.convert("arith.truncf", value, narrow.r#type()));
    }
    erase(op);
    Ok(())
}

fn is_short(r#type: Type<'_>) -> bool {
    let element = element(r#type);
    element.is_f16() || element.is_bf16()
}
