// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The table of a program's allocations and where they live, which the module
//! carries as the attribute `symm.buffers` until it becomes part of the
//! artifact's manifest.

use crate::{
    builder::first_result,
    place,
    records::{Record, records, write_records},
};
use melior::{
    Context,
    ir::{
        OperationRef, ValueLike,
        attribute::{DenseI64ArrayAttribute, StringAttribute},
        operation::OperationLike,
    },
};
use symm_abi::Buffer;
use symm_ir::{dialect::symm_mem_group, memref, walk};

/// The name of the attribute.
pub const ATTRIBUTE: &str = "symm.buffers";

/// Returns the table of a module; empty where it has none.
pub fn read<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Vec<Buffer> {
    records(module, ATTRIBUTE)
        .into_iter()
        .map(|buffer| Buffer {
            name: buffer.text("name"),
            loc: buffer.text("loc"),
            bytes: buffer
                .numbers("bytes")
                .first()
                .map_or(0, |bytes| *bytes as u64),
            space: buffer.text("space"),
        })
        .collect()
}

/// Enters the allocations of a module's functions into its table. Those whose
/// size is not known before the program runs are not in it.
pub(crate) fn record<'c: 'a, 'a>(context: &'c Context, module: OperationRef<'c, 'a>) {
    let buffers: Vec<_> = walk::collect_named(module, "memref.alloc")
        .into_iter()
        .filter_map(describe)
        .enumerate()
        .map(|(index, buffer)| {
            let string = |text: &str| StringAttribute::new(context, text).into();
            let bytes = DenseI64ArrayAttribute::new(context, &[buffer.bytes as i64]);
            Record::build(
                context,
                &[
                    ("bytes", bytes.into()),
                    ("loc", string(&buffer.loc)),
                    ("name", string(&format!("{} #{index}", buffer.name))),
                    ("space", string(&buffer.space)),
                ],
            )
        })
        .collect();
    write_records(context, module, ATTRIBUTE, &buffers);
}

/// Describes an allocation of known size; its name is that of its function.
fn describe<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Buffer> {
    let r#type = first_result(op).r#type();
    let group = memref::memory_space(r#type).and_then(symm_mem_group);
    let function = walk::parent_named(op, "func.func")?
        .attribute("sym_name")
        .ok()?;
    Some(Buffer {
        name: StringAttribute::try_from(function).ok()?.value().to_owned(),
        loc: place::of(op.location()),
        bytes: memref::bytes(r#type)?,
        space: group.map_or("private".to_owned(), |group| format!("symm_mem @{group}")),
    })
}
