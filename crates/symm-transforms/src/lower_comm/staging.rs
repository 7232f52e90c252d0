// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which operands cannot live in symmetric memory and have to be copied there.

use melior::ir::{BlockLike, BlockRef, OperationRef, RegionLike, Value};
use symm_ir::{
    text,
    value::{self, Origin},
    view, walk,
};

/// Returns what a value is a view of; the result of a collective is the tensor that is waited for.
pub fn root<'c: 'a, 'a>(value: Value<'c, 'a>) -> Value<'c, 'a> {
    view::root(value, |op| {
        walk::is(op, "c10d.wait_tensor") || view::is_of_buffer(op) || view::is_of_tensor(op)
    })
}

/// Returns why a value has to be copied to be in symmetric memory, where it does.
/// What is computed here is written there in the first place.
pub fn cause<'c: 'a, 'a>(value: Value<'c, 'a>) -> Option<&'static str> {
    match value::origin(root(value)) {
        Origin::Argument(block, _) => {
            let function = block.parent_operation()?;
            (is_entry(block) && !is_private(function)).then_some("argument of a public function")
        }
        Origin::Result(op, _) if walk::is(op, "arith.constant") => Some("constant"),
        Origin::Result(op, _) if walk::is(op, "memref.get_global") => Some("global"),
        Origin::Result(op, _) if walk::is(op, "memref.alloca") => Some("buffer on the stack"),
        Origin::Result(..) => None,
    }
}

/// Says whether a block is where a function begins.
pub fn is_entry<'c: 'a, 'a>(block: BlockRef<'c, 'a>) -> bool {
    block
        .parent_operation()
        .is_some_and(|op| walk::is(op, "func.func"))
        && block
            .parent_region()
            .and_then(|region| region.first_block())
            == Some(block)
}

fn is_private<'c: 'a, 'a>(function: OperationRef<'c, 'a>) -> bool {
    text::attribute(function, "sym_visibility").as_deref() == Some("private")
}
