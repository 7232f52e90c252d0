// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The table of a program's buffers and where they live, which the module carries
//! as the attribute `symm.buffers` until it becomes part of the artifact's
//! manifest.

use crate::records::{Record, records, write_records};
use melior::{
    Context,
    ir::{
        Attribute, OperationRef,
        attribute::{DenseI64ArrayAttribute, StringAttribute},
    },
};
use symm_abi::Buffer;
use symm_ir::diagnostics::Failure;

/// The name of the attribute.
pub const ATTRIBUTE: &str = "symm.buffers";

/// Returns the table of a module; empty where it has none.
///
/// # Errors
///
/// Fails where the attribute has another form.
pub fn read<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Result<Vec<Buffer>, Failure> {
    let row = |buffer: Record<'c>| {
        let [bytes] = buffer.numbers("bytes")?[..] else {
            return Err(buffer.lacks("one number 'bytes'"));
        };
        Ok(Buffer {
            name: buffer.text("name")?,
            loc: buffer.text("loc")?,
            bytes: bytes as u64,
            space: buffer.text("space")?,
        })
    };
    records(module, ATTRIBUTE)?.into_iter().map(row).collect()
}

/// Gives a module its table.
pub fn write<'c: 'a, 'a>(context: &'c Context, module: OperationRef<'c, 'a>, buffers: &[Buffer]) {
    let string = |text: &str| Attribute::from(StringAttribute::new(context, text));
    let buffers: Vec<_> = buffers
        .iter()
        .map(|buffer| {
            let bytes = DenseI64ArrayAttribute::new(context, &[buffer.bytes as i64]);
            Record::build(
                context,
                &[
                    ("bytes", bytes.into()),
                    ("loc", string(&buffer.loc)),
                    ("name", string(&buffer.name)),
                    ("space", string(&buffer.space)),
                ],
            )
        })
        .collect();
    write_records(context, module, ATTRIBUTE, &buffers);
}

/// Returns how the table names symmetric memory of a group, or ordinary memory.
pub fn space(group: Option<&str>) -> String {
    group.map_or_else(
        || "private".to_owned(),
        |group| format!("symm_mem @{group}"),
    )
}
