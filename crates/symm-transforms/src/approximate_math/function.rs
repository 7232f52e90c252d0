// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Calls of the library's functions.

use super::{elements::by_part, library::PREFIX};
use crate::builder::{Builder, element, erase, vector_shape, with_element};
use melior::ir::{
    Attribute, OperationRef, TypeLike, Value, ValueLike, operation::OperationLike,
    r#type::IntegerType,
};
use symm_ir::{
    diagnostics::{Failure, error},
    pass::PassResult,
    value::{replace_all_uses, result},
};

/// The functions of `math` and `arith` that the library has under the same name.
const FUNCTIONS: [&str; 26] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "erf",
    "erfc", "exp", "exp2", "expm1", "fpowi", "log", "log10", "log1p", "log2", "powf", "remf",
    "sin", "sinh", "tan", "tanh",
];

/// The most elements of a vector for each of which a function is inlined. Code for more takes
/// longer to compile than it saves.
const MOST_INLINED: i64 = 16;

/// Replaces a function on f32, or on vectors of these, by calls of the library's.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    let name = name.split_once('.').map_or(name, |(_, name)| name);
    let names = match FUNCTIONS.iter().find(|other| **other == name) {
        Some(name) => vec![*name],
        None if name == "sincos" => vec!["sin", "cos"],
        None => return Ok(()),
    };
    if !element(op.operand(0)?.r#type()).is_f32() {
        return Ok(());
    }
    let b = Builder::before(op);
    let mut operands: Vec<_> = op.operands().collect();
    if name == "fpowi" {
        operands[1] = exponent(&b, op, operands[1])?;
    }
    let elements: i64 = vector_shape(operands[0].r#type()).iter().product();
    let inlined = elements <= MOST_INLINED;
    for (index, name) in names.into_iter().enumerate() {
        let value = by_part(&b, &operands, 0, |operands| {
            call(&b, name, operands, inlined)
        });
        if let Some(result) = result(op, index) {
            replace_all_uses(result, value);
        }
    }
    erase(op);
    Ok(())
}

fn call<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    function: &str,
    operands: &[Value<'c, 'a>],
    inlined: bool,
) -> Value<'c, 'a> {
    let mut attributes = vec![
        ("callee", b.symbol(&format!("{PREFIX}{function}"))),
        ("operandSegmentSizes", b.segments(&[operands.len(), 0])),
        ("op_bundle_sizes", b.segments(&[])),
    ];
    if !inlined {
        attributes.push(("no_inline", Attribute::unit(b.context())));
    }
    b.value("llvm.call", operands, operands[0].r#type(), &attributes)
}

/// Builds a whole exponent as the library takes it, in 64 bits.
fn exponent<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    exponent: Value<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let r#type = exponent.r#type();
    let long = with_element(r#type, b.int_type(64));
    match IntegerType::try_from(element(r#type)) {
        Ok(element) if element.width() > 64 => {
            let message = "has an exponent of more than 64 bits, which GPUs have no numbers of";
            Err(error(&op, message).emit())
        }
        Ok(_) => Ok(b.convert("arith.extsi", exponent, long)),
        Err(_) => Ok(b.index_cast(exponent, long)),
    }
}
