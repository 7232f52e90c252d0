// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ops each of whose results has a thread of its own.

use super::raise::Raiser;
use crate::builder::{At, Builder, Operand, element, first_result, vector_shape};
use melior::ir::{
    OperationRef, TypeLike, Value, ValueLike, attribute::DenseI64ArrayAttribute,
    operation::OperationLike,
};
use mlir_sys::mlirValueSetType;
use symm_ir::{
    diagnostics::Failure,
    edit::{self, set_operand},
    walk,
};

/// Builds an op element by element.
pub(super) fn elementwise<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let inputs: Result<Vec<_>, Failure> = op
        .operands()
        .map(|operand| match raiser.number(b, operand) {
            Some(value) => Ok(Operand {
                value,
                at: Vec::new(),
            }),
            None => Ok(Operand {
                value: raiser.tensor(b, operand)?,
                at: loops(vector_shape(operand.r#type()).len()),
            }),
        })
        .collect();
    Ok(parallel(b, op, &inputs?, |b, arguments| {
        if walk::is(op, "vector.fma") {
            return b.value("math.fma", &arguments[..3], arguments[0].r#type(), &[]);
        }
        let clone = b.insert(edit::clone(op));
        (0..op.operand_count()).for_each(|index| set_operand(clone, index, arguments[index]));
        let result = first_result(clone);
        // SAFETY: an op on vectors gives a vector of what it gives for their elements.
        unsafe { mlirValueSetType(result.to_raw(), element(result.r#type()).to_raw()) }
        result
    }))
}

/// Builds a broadcast: the last dimensions stay, except where they are of one
/// element.
pub(super) fn broadcast<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let source = op.operand(0)?;
    let to = vector_shape(first_result(op).r#type());
    if let Some(number) = raiser.number(b, source) {
        return Ok(b.filled(number, &to));
    }
    let from = vector_shape(source.r#type());
    let leading = to.len() - from.len();
    let at = from
        .iter()
        .enumerate()
        .map(|(dimension, extent)| match extent {
            1 => At::Only,
            _ => At::Loop(leading + dimension),
        });
    let input = Operand {
        value: raiser.tensor(b, source)?,
        at: at.collect(),
    };
    Ok(parallel(b, op, &[input], |_, arguments| arguments[0]))
}

/// Builds a transposition.
pub(super) fn transpose<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let permutation = DenseI64ArrayAttribute::try_from(op.attribute("permutation")?)?;
    let mut at = vec![At::Only; permutation.len()];
    for dimension in 0..permutation.len() {
        at[permutation.element(dimension)? as usize] = At::Loop(dimension);
    }
    let input = Operand {
        value: raiser.tensor(b, op.operand(0)?)?,
        at,
    };
    Ok(parallel(b, op, &[input], |_, arguments| arguments[0]))
}

/// Builds loops over the elements of the result of an op.
fn parallel<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    inputs: &[Operand<'c, 'a>],
    body: impl FnOnce(&Builder<'c, 'a>, &[Value<'c, 'a>]) -> Value<'c, 'a>,
) -> Value<'c, 'a> {
    let of = first_result(op).r#type();
    let shape = vector_shape(of);
    let result = Operand {
        value: b.empty(&shape, element(of)),
        at: loops(shape.len()),
    };
    b.generic(inputs, &result, &vec![true; shape.len()], body)
}

/// Returns the place of an iteration where each dimension has its loop.
pub(super) fn loops(rank: usize) -> Vec<At> {
    (0..rank).map(At::Loop).collect()
}
