// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The attributes of collectives.

use melior::ir::{Attribute, OperationRef, operation::OperationLike};
use symm_abi::ReduceOp;
use symm_ir::{
    diagnostics::{Failure, error},
    dialect::{self, Protocol},
    text,
};

/// Returns the symbol that an attribute of an op names.
pub fn symbol<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str) -> Result<String, Failure> {
    let symbol = text::of(op.attribute(name)?);
    symbol.ok_or_else(|| error(&op, format!("expected '{name}' to name a symbol")).emit())
}

/// Returns the reduction of an op.
pub fn reduce_op<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<ReduceOp, Failure> {
    let attribute = op.attribute("reduce_op")?;
    dialect::ReduceOp::from_attribute(attribute)
        .and_then(|reduce| {
            ReduceOp::ALL
                .into_iter()
                .find(|other| other.name() == reduce.as_str())
        })
        .ok_or_else(|| unknown(op, attribute))
}

/// Returns who moves the data of an op.
pub fn protocol<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<Protocol, Failure> {
    let Ok(attribute) = op.attribute("protocol") else {
        return Ok(Protocol::Pull);
    };
    Protocol::from_attribute(attribute).ok_or_else(|| unknown(op, attribute))
}

fn unknown<'c: 'a, 'a>(op: OperationRef<'c, 'a>, attribute: Attribute<'c>) -> Failure {
    error(
        &op,
        format!("has an attribute that is not known: {attribute}"),
    )
    .emit()
}
