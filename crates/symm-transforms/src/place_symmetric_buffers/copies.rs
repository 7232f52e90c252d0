// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Copies and casts, where a class could not be moved or meets what stays.

use super::{
    plan::operand_value,
    survey::{Need, Operand},
};
use crate::builder::Builder;
use melior::ir::{
    Attribute, OperationRef, Type, Value, ValueLike, attribute::DenseI32ArrayAttribute,
    operation::OperationLike,
};
use std::{collections::HashMap, iter};
use symm_ir::{
    edit::move_before,
    memref::{dynamic_dimensions, fresh, in_memory_space},
    rewriter::Rewriter,
    value::{Use, defining_op},
};

/// Copies the operand into a fresh buffer in the memory that it must be in,
/// right before the op: after the last write that reaches the op. What the op
/// overwrites is copied back right after it.
pub fn copy_through<'c: 'a, 'a>(need: &Need<'c, 'a>, rewriter: &Rewriter<'c, 'a>) {
    let Operand { op, index, .. } = need.operand;
    let value = operand_value(&need.operand);
    let r#type = fresh(value.r#type(), Some(need.space));
    let before = Builder::before(op);
    let buffer = allocate(&before, value, r#type);
    if dynamic_dimensions(r#type).is_empty() {
        hoist(buffer, op);
    }
    if need.reads {
        before.copy(value, buffer);
    }
    if need.writes {
        Builder::after(op).copy(buffer, value);
    }
    rewriter.replace_use(
        Use {
            owner: op,
            operand: index,
        },
        buffer,
    );
}

/// Copies of what leaves the module, by the op and the value that leaves.
pub type Outside<'c, 'a> = HashMap<(usize, usize), Value<'c, 'a>>;

/// Copies an operand into a fresh buffer of ordinary memory, right before the op,
/// unless the op has a copy of that value already; says whether it did.
pub fn copy_out<'c: 'a, 'a>(
    exit: &Operand<'c, 'a>,
    outside: &mut Outside<'c, 'a>,
    rewriter: &Rewriter<'c, 'a>,
) -> bool {
    let value = operand_value(exit);
    let key = (exit.op.to_raw().ptr as usize, value.to_raw().ptr as usize);
    let before = Builder::before(exit.op);
    let copies = outside.len();
    let buffer = *outside.entry(key).or_insert_with(|| {
        let buffer = allocate(&before, value, fresh(value.r#type(), None));
        before.copy(value, buffer);
        buffer
    });
    rewriter.replace_use(
        Use {
            owner: exit.op,
            operand: exit.index,
        },
        buffer,
    );
    outside.len() > copies
}

/// Lends an operand to an op that takes ordinary memory only: symmetric memory
/// is ordinary memory that peers can address too, so only the type changes.
pub fn lend<'c: 'a, 'a>(loan: &Operand<'c, 'a>, rewriter: &Rewriter<'c, 'a>) {
    let value = operand_value(loan);
    let r#type = in_memory_space(value.r#type(), None);
    let cast = Builder::before(loan.op).value("memref.memory_space_cast", &[value], r#type, &[]);
    rewriter.replace_use(
        Use {
            owner: loan.op,
            operand: loan.index,
        },
        cast,
    );
}

fn allocate<'c: 'a, 'a>(
    builder: &Builder<'c, 'a>,
    like: Value<'c, 'a>,
    r#type: Type<'c>,
) -> Value<'c, 'a> {
    let sizes: Vec<_> = dynamic_dimensions(r#type)
        .into_iter()
        .map(|dimension| builder.dim(like, dimension))
        .collect();
    let segments = DenseI32ArrayAttribute::new(builder.context(), &[sizes.len() as i32, 0]);
    let segments: Attribute<'c> = segments.into();
    builder.value(
        "memref.alloc",
        &sizes,
        r#type,
        &[("operandSegmentSizes", segments)],
    )
}

/// Moves an allocation out of the loops around an op, so that it is made once.
fn hoist<'c: 'a, 'a>(buffer: Value<'c, 'a>, op: OperationRef<'c, 'a>) {
    let around = iter::successors(op.parent_operation(), |op| op.parent_operation());
    let outermost = around
        .map_while(|op| Some((op, is_loop(op)?)))
        .filter_map(|(op, is_loop)| is_loop.then_some(op))
        .last();
    if let (Some(outermost), Some(allocation)) = (outermost, defining_op(buffer)) {
        move_before(allocation, outermost);
    }
}

/// Says whether an op of structured control flow is a sequential loop; `None`
/// for any other op.
fn is_loop(op: OperationRef<'_, '_>) -> Option<bool> {
    match op.name().as_string_ref().as_str().ok()? {
        "affine.for" | "scf.for" | "scf.while" => Some(true),
        "affine.if" | "scf.execute_region" | "scf.if" | "scf.index_switch" => Some(false),
        _ => None,
    }
}
