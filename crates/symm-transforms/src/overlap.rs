// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether two buffers may share memory.

use melior::ir::{BlockLike, OperationRef, RegionLike, Value, ValueLike, operation::OperationLike};
use std::iter;
use symm_ir::{
    flow,
    memref::memory_space,
    symbol::SymbolCache,
    value::{self, Origin, defining_op, origin},
    view, walk,
};

/// What a module tells of which buffers may share memory.
pub struct Overlap {
    /// Buffers in different memory spaces share none.
    spaces_tell: bool,
}

impl Overlap {
    /// Looks through a module.
    ///
    /// Symmetric memory is lent as ordinary memory by a cast. As long as nothing but what is seen to be a view of the cast
    /// gets hold of it, memory spaces still tell buffers apart.
    pub fn of<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Self {
        let symbols = SymbolCache::new();
        let casts = walk::collect_named(module, "memref.memory_space_cast");
        let mut results = casts.into_iter().filter_map(|cast| value::result(cast, 0));
        Self {
            spaces_tell: !results.any(|lent| is_handed_on(&symbols, lent)),
        }
    }

    /// Says whether two buffers of the module may have memory in common.
    ///
    /// Buffers in different allocations do not; nor does an allocation with an argument of a block around it or a global,
    /// which were there before it.
    pub fn may_be<'c: 'a, 'a>(&self, one: Value<'c, 'a>, other: Value<'c, 'a>) -> bool {
        let space = |buffer| memory_space(root(buffer).r#type());
        if self.spaces_tell && space(one) != space(other) {
            return false;
        }
        match (allocation(one), allocation(other)) {
            (Some(one), Some(other)) => one == other,
            (Some(allocation), None) => !is_older(other, allocation),
            (None, Some(allocation)) => !is_older(one, allocation),
            (None, None) => true,
        }
    }
}

/// Says whether a buffer comes to be another value than its views: by a branch, a call of a function of the module, or an op
/// that nothing is known of.
fn is_handed_on<'c: 'a, 'a>(symbols: &SymbolCache<'c, 'a>, buffer: Value<'c, 'a>) -> bool {
    value::uses(buffer).any(|user| {
        let op = user.owner;
        if view::is_of_buffer(op) {
            return value::result(op, 0).is_some_and(|view| is_handed_on(symbols, view));
        }
        let is_terminator = op.block().and_then(|block| block.terminator()) == Some(op);
        is_terminator || !keeps_to_itself(symbols, op)
    })
}

/// Says whether nothing that an op hands on can be one of its buffers.
fn keeps_to_itself<'c: 'a, 'a>(symbols: &SymbolCache<'c, 'a>, op: OperationRef<'c, 'a>) -> bool {
    let names = flow::symbol_references(op);
    let mut callees = names.iter().filter_map(|name| symbols.lookup(op, name));
    let is_read = walk::is(op, "memref.load") || walk::is(op, "memref.dim");
    (op.result_count() == 0 || is_read) && !callees.any(has_body)
}

fn has_body(callee: OperationRef<'_, '_>) -> bool {
    let region = callee.region(0);
    region.is_ok_and(|region| region.first_block().is_some())
}

/// Says whether a buffer was there before an allocation was made: one that a function or the
/// body of a loop got, before what it makes itself.
fn is_older<'c: 'a, 'a>(buffer: Value<'c, 'a>, allocation: OperationRef<'c, 'a>) -> bool {
    match origin(root(buffer)) {
        Origin::Result(op, _) => walk::is(op, "memref.get_global"),
        Origin::Argument(block, _) => {
            let around = iter::successors(Some(allocation), |op| op.parent_operation());
            around.into_iter().any(|op| op.block() == Some(block))
        }
    }
}

/// Says whether a buffer is, or is a view of, an argument of a function.
pub fn is_function_argument(buffer: Value<'_, '_>) -> bool {
    let Origin::Argument(block, _) = origin(root(buffer)) else {
        return false;
    };
    let function = block
        .parent_operation()
        .filter(|op| walk::is(*op, "func.func"));
    let entry = function.and_then(|op| op.region(0).ok()?.first_block());
    entry == Some(block)
}

/// Returns the allocation that a buffer is a part of, where it is seen.
pub fn allocation<'c: 'a, 'a>(buffer: Value<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    let op = defining_op(root(buffer))?;
    (walk::is(op, "memref.alloc") || walk::is(op, "memref.alloca")).then_some(op)
}

/// Returns the buffer that a buffer is a view of, as far as is seen.
pub fn root<'c: 'a, 'a>(buffer: Value<'c, 'a>) -> Value<'c, 'a> {
    view::root(buffer, view::is_of_buffer)
}
