// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The table of a program's entries, which the module carries as the attribute
//! `symm.entries` until it becomes part of the artifact's manifest.

use crate::records::{Record, list, records, write_records};
use melior::{
    Context,
    ir::{
        Attribute, OperationRef,
        attribute::{DenseI64ArrayAttribute, StringAttribute},
    },
};
use symm_abi::DType;
use symm_ir::diagnostics::Failure;

/// The name of the attribute.
pub const ATTRIBUTE: &str = "symm.entries";

/// A function that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the source.
    pub name: String,
    /// Its exported symbol.
    pub symbol: String,
    /// Its arguments.
    pub arguments: Vec<Value>,
    /// Its results.
    pub results: Vec<Value>,
}

/// An argument or a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its name for people.
    pub name: String,
    /// Its element type.
    pub dtype: DType,
    /// Its extents.
    pub shape: Vec<i64>,
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
            symbol: entry.text("symbol")?,
            arguments: values(&entry, "args")?,
            results: values(&entry, "results")?,
        })
    };
    records(module, ATTRIBUTE)?.into_iter().map(row).collect()
}

/// Gives a module its table.
pub fn write<'c: 'a, 'a>(context: &'c Context, module: OperationRef<'c, 'a>, entries: &[Entry]) {
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| {
            Record::build(
                context,
                &[
                    (
                        "args",
                        list(context, &attributes(context, &entry.arguments)),
                    ),
                    ("name", StringAttribute::new(context, &entry.name).into()),
                    (
                        "results",
                        list(context, &attributes(context, &entry.results)),
                    ),
                    (
                        "symbol",
                        StringAttribute::new(context, &entry.symbol).into(),
                    ),
                ],
            )
        })
        .collect();
    write_records(context, module, ATTRIBUTE, &entries);
}

fn attributes<'c>(context: &'c Context, values: &[Value]) -> Vec<Attribute<'c>> {
    values
        .iter()
        .map(|value| {
            Record::build(
                context,
                &[
                    (
                        "dtype",
                        StringAttribute::new(context, value.dtype.name()).into(),
                    ),
                    ("name", StringAttribute::new(context, &value.name).into()),
                    (
                        "shape",
                        DenseI64ArrayAttribute::new(context, &value.shape).into(),
                    ),
                ],
            )
        })
        .collect()
}

fn values(entry: &Record<'_>, field: &str) -> Result<Vec<Value>, Failure> {
    let value = |value: Record<'_>| {
        let dtype = DType::from_name(&value.text("dtype")?);
        Ok(Value {
            name: value.text("name")?,
            dtype: dtype.ok_or_else(|| value.lacks("a 'dtype' that collectives can move"))?,
            shape: value.numbers("shape")?,
        })
    };
    entry.records(field)?.into_iter().map(value).collect()
}
