// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Fused multiplications and additions of f8, which no machine has.

use crate::builder::{Builder, element, with_element};
use melior::ir::{OperationRef, Type, Value, ValueLike, operation::OperationLike};
use symm_ir::diagnostics::Failure;

/// Builds `math.fma` of f8, in f32; that of other types stays.
pub(super) fn multiply_add<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Option<Value<'c, 'a>>, Failure> {
    let r#type = op.operand(0)?.r#type();
    if !element(r#type).to_string().starts_with("f8") {
        return Ok(None);
    }
    let wide = with_element(r#type, Type::float32(b.context()));
    let operands: Vec<_> = op
        .operands()
        .map(|operand| b.convert("arith.extf", operand, wide))
        .collect();
    let sum = b.value("math.fma", &operands, wide, &[]);
    Ok(Some(b.convert("arith.truncf", sum, r#type)))
}
