// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The table of a program's collectives, which the module carries as the
//! attribute `symm.ops` until it becomes part of the artifact's manifest.

use crate::{
    group::Group,
    records::{Record, list, records, write_records},
};
use melior::{
    Context,
    ir::{Attribute, OperationRef, attribute::StringAttribute, operation::OperationLike},
};
use symm_ir::{diagnostics::Failure, place};

/// The name of the attribute.
pub const ATTRIBUTE: &str = "symm.ops";

/// A collective of the program; its position in the table is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the op, like `symm_mem.one_shot_all_reduce`.
    pub name: String,
    /// Where it is in the source.
    pub place: String,
    /// Name of its group.
    pub group: String,
    /// How it runs, like `one_shot pull` or `library`.
    pub algorithm: String,
    /// What its waits wait for.
    pub phases: Vec<String>,
}

/// Enters an op into a table and returns its number.
pub fn enter<'c: 'a, 'a>(
    table: &mut Vec<Entry>,
    op: OperationRef<'c, 'a>,
    group: &Group,
    algorithm: &str,
    phases: Vec<String>,
) -> i64 {
    let number = table.len() as i64;
    let name = op.name();
    table.push(Entry {
        name: name.as_string_ref().as_str().unwrap_or_default().to_owned(),
        place: place::of(op.location()),
        group: group.name.clone(),
        algorithm: algorithm.to_owned(),
        phases,
    });
    number
}

/// Returns the table of a module; empty where it has none.
///
/// # Errors
///
/// Fails where the attribute has another form.
pub fn read<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Result<Vec<Entry>, Failure> {
    let row = |entry: Record<'c>| {
        Ok(Entry {
            name: entry.text("name")?,
            place: entry.text("loc")?,
            group: entry.text("group")?,
            algorithm: entry.text("algorithm")?,
            phases: entry.texts("phases")?,
        })
    };
    records(module, ATTRIBUTE)?.into_iter().map(row).collect()
}

/// Gives a module its table.
pub fn write<'c: 'a, 'a>(context: &'c Context, module: OperationRef<'c, 'a>, entries: &[Entry]) {
    let string = |text: &str| Attribute::from(StringAttribute::new(context, text));
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            let phases: Vec<_> = entry.phases.iter().map(|phase| string(phase)).collect();
            Record::build(
                context,
                &[
                    ("algorithm", string(&entry.algorithm)),
                    ("group", string(&entry.group)),
                    ("loc", string(&entry.place)),
                    ("name", string(&entry.name)),
                    ("phases", list(context, &phases)),
                ],
            )
        })
        .collect();
    write_records(context, module, ATTRIBUTE, &entries);
}
