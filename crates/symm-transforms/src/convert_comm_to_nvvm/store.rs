// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `comm.store<relaxed> %v, %w to %a, %b : i64, i64` → `st.relaxed.sys.global.v2.b64 [%a], {%v, %w}`, then the same to `[%b]`
//!
//! The stores to all addresses are one piece of PTX, so that they stay together and in their order: peers are written to in
//! the order that spreads the load on the links. No side conditions: the verifier knows which stores there are.

use super::ptx::{address, qualifiers, registers, replace};
use melior::ir::{
    OperationRef, Type, Value, ValueLike, attribute::DenseI32ArrayAttribute,
    operation::OperationLike,
};
use symm_ir::pass::PassResult;

pub(super) fn convert<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let segments = DenseI32ArrayAttribute::try_from(op.attribute("operandSegmentSizes")?)?;
    let words = segments.element(0)? as usize;
    let operands: Vec<Value<'c, 'a>> = op.operands().collect();
    let (values, addresses) = operands.split_at(words);
    let types: Vec<Type<'c>> = values.iter().map(|word| word.r#type()).collect();
    let qualifiers = qualifiers(op, &types)?;
    // Addresses first, as in PTX.
    let values_at = addresses.len()..operands.len();
    let stores: Vec<_> = (0..addresses.len())
        .map(|index| {
            let values = registers('r', values_at.clone());
            format!("st.{qualifiers} {}, {values};", address(op, index))
        })
        .collect();
    replace(op, &stores.join("\n\t"), &[addresses, values].concat());
    Ok(())
}
