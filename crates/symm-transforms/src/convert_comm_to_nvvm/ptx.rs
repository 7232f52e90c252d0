// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Spelling of PTX.

use crate::builder::{Builder, erase};
use melior::ir::{
    OperationRef, Type, Value, ValueLike,
    attribute::{DenseI32ArrayAttribute, IntegerAttribute, StringAttribute},
    operation::OperationLike,
    r#type::IntegerType,
};
use symm_ir::{
    diagnostics::Failure,
    dialect::MemOrder,
    value::{replace_all_uses, result},
};

/// What of an access is spelled alike in loads and stores: order, scope, space, number and width of the words.
pub(super) fn qualifiers(op: OperationRef<'_, '_>, words: &[Type<'_>]) -> Result<String, Failure> {
    let order = MemOrder::from_attribute(op.attribute("order")?)
        .ok_or_else(|| "expected a #comm.mem_order".to_owned())?;
    let scope = if order == MemOrder::Volatile {
        ""
    } else {
        ".sys"
    };
    let vector = match words.len() {
        1 => String::new(),
        count => format!(".v{count}"),
    };
    Ok(format!("{order}{scope}.global{vector}.b{}", bits(words[0])))
}

/// Width of a word, in bits.
pub(super) fn bits(word: Type<'_>) -> u32 {
    IntegerType::try_from(word).map_or(0, |word| word.width())
}

/// An address in the `index`th operand, plus the offset of the op.
pub(super) fn address(op: OperationRef<'_, '_>, index: usize) -> String {
    let offset = op.attribute("offset").ok();
    let offset = offset.and_then(|offset| IntegerAttribute::try_from(offset).ok());
    match offset.map_or(0, |offset| offset.signed_value()) {
        0 => format!("[{{$r{index}}}]"),
        bytes => format!("[{{$r{index}}}+{bytes}]"),
    }
}

/// A tuple of registers, without braces where there is one only.
pub(super) fn registers(kind: char, numbers: std::ops::Range<usize>) -> String {
    let names: Vec<_> = numbers
        .map(|number| format!("{{${kind}{number}}}"))
        .collect();
    match names.as_slice() {
        [name] => name.clone(),
        names => format!("{{{}}}", names.join(", ")),
    }
}

/// Replaces an op by PTX with the same results. MLIR moves no access of memory across it, and keeps it where it is.
pub(super) fn replace<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    code: &str,
    operands: &[Value<'c, 'a>],
) {
    let b = Builder::before(op);
    let types: Vec<Type<'c>> = op.results().map(|result| result.r#type()).collect();
    let segments = DenseI32ArrayAttribute::new(b.context(), &[operands.len() as i32, 0, 0]);
    let attributes = [
        ("ptxCode", StringAttribute::new(b.context(), code).into()),
        ("operandSegmentSizes", segments.into()),
    ];
    let ptx = b.op("nvvm.inline_ptx", operands, &types, &attributes);
    for index in 0..types.len() {
        if let (Some(old), Some(new)) = (result(op, index), result(ptx, index)) {
            replace_all_uses(old, new);
        }
    }
    erase(op);
}
