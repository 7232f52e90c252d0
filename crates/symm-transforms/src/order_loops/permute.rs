// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Another order for the loops of a `linalg.generic`.

use melior::ir::{Attribute, OperationRef, attribute::ArrayAttribute, operation::OperationLike};
use mlir_sys::{
    MlirAffineExpr, MlirContext, mlirAffineDimExprGet, mlirAffineMapAttrGet, mlirAffineMapGet,
};
use symm_ir::{
    context::context_of,
    edit::set_attribute,
    linalg::{Position, positions},
};

/// Puts the loops of an op into an order, given as their numbers so far. Each
/// dimension of each operand must be indexed by a loop.
pub(super) fn loops<'c: 'a, 'a>(op: OperationRef<'c, 'a>, order: &[usize]) {
    let context = context_of(&op);
    let place = |old: usize| order.iter().position(|one| *one == old).unwrap_or(old);
    let maps: Vec<_> = positions(op)
        .unwrap_or_default()
        .iter()
        .map(|operand| map(context.to_raw(), order.len(), operand, place))
        .collect();
    set_attribute(
        op,
        "indexing_maps",
        ArrayAttribute::new(context, &maps).into(),
    );
    let Ok(Ok(types)) = op.attribute("iterator_types").map(ArrayAttribute::try_from) else {
        return;
    };
    let types: Vec<_> = order
        .iter()
        .filter_map(|old| types.element(*old).ok())
        .collect();
    set_attribute(
        op,
        "iterator_types",
        ArrayAttribute::new(context, &types).into(),
    );
}

fn map<'c>(
    context: MlirContext,
    loops: usize,
    operand: &[Position<'c>],
    place: impl Fn(usize) -> usize,
) -> Attribute<'c> {
    let dimension = |position: &Position<'c>| match position {
        // SAFETY: the context is valid.
        Position::Loop(old) => unsafe { mlirAffineDimExprGet(context, place(*old) as isize) },
        Position::Map(_) => unreachable!("the caller checked that only loops index operands"),
    };
    let mut results: Vec<MlirAffineExpr> = operand.iter().map(dimension).collect();
    let count = results.len() as isize;
    // SAFETY: the context is valid, and there are that many expressions.
    unsafe {
        let map = mlirAffineMapGet(context, loops as isize, 0, count, results.as_mut_ptr());
        Attribute::from_raw(mlirAffineMapAttrGet(map))
    }
}
