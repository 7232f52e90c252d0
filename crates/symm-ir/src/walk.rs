// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Walks over operations. They are plain Rust, so a panic in a visitor unwinds
//! to the guard; a panic in a callback of MLIR's own walk aborts.

use melior::ir::{
    BlockLike, BlockRef, OperationRef, RegionLike, RegionRef, operation::OperationLike,
};
use mlir_sys::{mlirContextIsRegisteredOperation, mlirOperationGetContext};
use std::{iter, ops::ControlFlow};

/// Returns the blocks of a region, in order.
pub fn blocks<'c: 'a, 'a>(region: RegionRef<'c, 'a>) -> impl Iterator<Item = BlockRef<'c, 'a>> {
    iter::successors(region.first_block(), |block| block.next_in_region())
}

/// Returns the operations of a block, in order. An operation may be changed or
/// erased once the iterator has gone past it.
pub fn operations<'c: 'a, 'a>(
    block: BlockRef<'c, 'a>,
) -> impl Iterator<Item = OperationRef<'c, 'a>> {
    let mut next = block.first_operation();
    iter::from_fn(move || {
        let current = next?;
        next = current.next_in_block();
        Some(current)
    })
}

/// Returns the operations right inside an operation, in order.
pub fn children<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
) -> impl Iterator<Item = OperationRef<'c, 'a>> {
    let regions: Vec<_> = OperationLike::regions(&op).collect();
    regions.into_iter().flat_map(blocks).flat_map(operations)
}

/// Visits an operation and all inside it, each before what is inside it, until
/// the visitor breaks. The visitor may change what it visits, but must not
/// erase it or what comes after it.
pub fn pre_order<'c: 'a, 'a, B>(
    op: OperationRef<'c, 'a>,
    visit: &mut impl FnMut(OperationRef<'c, 'a>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    visit(op)?;
    for child in children(op) {
        pre_order(child, visit)?;
    }
    ControlFlow::Continue(())
}

/// Visits an operation and all inside it, each after what is inside it, until
/// the visitor breaks. The visitor may erase what it visits.
pub fn post_order<'c: 'a, 'a, B>(
    op: OperationRef<'c, 'a>,
    visit: &mut impl FnMut(OperationRef<'c, 'a>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    for child in children(op) {
        post_order(child, visit)?;
    }
    visit(op)
}

/// Returns an operation and all inside it, each before what is inside it: for
/// passes that change the IR as they go.
pub fn collect<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Vec<OperationRef<'c, 'a>> {
    let mut found = Vec::new();
    let _ = pre_order(op, &mut |op| {
        found.push(op);
        ControlFlow::<()>::Continue(())
    });
    found
}

/// Returns the operations with a name inside an operation, in order.
pub fn collect_named<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    name: &str,
) -> Vec<OperationRef<'c, 'a>> {
    let mut found = collect(op);
    found.retain(|op| is(*op, name));
    found
}

/// Says whether an operation has a name.
pub fn is<'c: 'a, 'a>(op: OperationRef<'c, 'a>, name: &str) -> bool {
    op.name().as_string_ref().as_str() == Ok(name)
}

/// Says whether a dialect has an operation of this name.
pub fn is_registered<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> bool {
    let name = op.name();
    // SAFETY: the operation is valid, and so are its context and its name.
    unsafe {
        mlirContextIsRegisteredOperation(
            mlirOperationGetContext(op.to_raw()),
            name.as_string_ref().to_raw(),
        )
    }
}

/// Returns the nearest operation around `op` that has a name.
pub fn parent_named<'c: 'a, 'a>(
    op: OperationRef<'c, 'a>,
    name: &str,
) -> Option<OperationRef<'c, 'a>> {
    iter::successors(op.parent_operation(), |op| op.parent_operation()).find(|op| is(*op, name))
}

/// Returns the operation before another one in its block.
pub fn previous<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    // SAFETY: the operation is valid; so is what is before it, or null.
    unsafe { OperationRef::from_option_raw(symm_sys::symmOperationGetPrevInBlock(op.to_raw())) }
}
