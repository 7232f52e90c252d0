// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--record-buffers`: which buffer lives where, for people.

use crate::buffer_table;
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_abi::Buffer;
use symm_ir::{
    dialect::symm_mem_group,
    memref,
    pass::{PassDef, PassResult, PassRun},
    place, text, walk,
};

/// Enters a program's buffers into a table.
pub static RECORD_BUFFERS: PassDef = PassDef {
    argument: "record-buffers",
    summary: "Record where each buffer of the program lives",
    description: "
Enters each `memref.alloc` of static size into the module's attribute `symm.buffers`: the
function, the place in the source, the size in bytes, and whether it is in symmetric
memory. The table ends up in the artifact's manifest. What passes allocate later for
their own use they enter themselves.

Runs after `--place-symmetric-buffers`, which decides.
",
    anchor: Some("builtin.module"),
    options: &[],
    statistics: &[],
    dependent_dialects: &[],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let mut buffers = buffer_table::read(module)?;
    let allocations = walk::collect_named(module, "memref.alloc");
    buffers.extend(allocations.into_iter().filter_map(describe));
    buffer_table::write(pass.context(), module, &buffers);
    Ok(())
}

fn describe<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Buffer> {
    let r#type = crate::builder::first_result(op).r#type();
    let group = memref::memory_space(r#type).and_then(symm_mem_group);
    let function = text::symbol_name(walk::parent_named(op, "func.func")?)?;
    Some(Buffer {
        name: format!("@{}", function),
        loc: place::of(op.location()),
        bytes: memref::bytes(r#type)?,
        space: buffer_table::space(group.as_deref()),
    })
}
