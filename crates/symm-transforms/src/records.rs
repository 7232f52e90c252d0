// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Tables that a module carries as an array of dictionaries.

use melior::{
    Context,
    ir::{
        Attribute, Identifier, OperationRef,
        attribute::{ArrayAttribute, DenseI64ArrayAttribute, DictionaryAttribute},
        operation::OperationLike,
    },
};
use symm_ir::{diagnostics::Failure, edit::set_attribute, text};

/// One row: a dictionary.
pub(crate) struct Record<'c> {
    fields: DictionaryAttribute<'c>,
    /// What the row is in, such as `symm.ops`.
    table: &'static str,
}

/// Returns the rows of a module's table; none where it has no such attribute.
///
/// # Errors
///
/// Fails where the attribute is no list of dictionaries.
pub(crate) fn records<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
    table: &'static str,
) -> Result<Vec<Record<'c>>, Failure> {
    match module.attribute(table) {
        Ok(attribute) => rows(attribute, table),
        Err(_) => Ok(Vec::new()),
    }
}

/// Gives a module a table.
pub(crate) fn write_records<'c: 'a, 'a>(
    context: &'c Context,
    module: OperationRef<'c, 'a>,
    name: &str,
    rows: &[Attribute<'c>],
) {
    set_attribute(module, name, list(context, rows));
}

/// Returns an array attribute.
pub(crate) fn list<'c>(context: &'c Context, values: &[Attribute<'c>]) -> Attribute<'c> {
    ArrayAttribute::new(context, values).into()
}

impl<'c> Record<'c> {
    /// Builds a row out of fields that are sorted by name.
    pub(crate) fn build(context: &'c Context, fields: &[(&str, Attribute<'c>)]) -> Attribute<'c> {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (Identifier::new(context, name), *value))
            .collect();
        DictionaryAttribute::new(context, &fields).into()
    }

    /// Returns a field that is a text.
    pub(crate) fn text(&self, name: &str) -> Result<String, Failure> {
        let field = self.fields.element_by_name(name);
        let text = field.and_then(text::of);
        text.ok_or_else(|| malformed(self.table, &format!("a text '{name}'")))
    }

    /// Returns a field that is a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        let expected = || malformed(self.table, &format!("a list of texts '{name}'"));
        let field = self.fields.element_by_name(name).ok_or_else(expected)?;
        let elements = elements(field).ok_or_else(expected)?.into_iter();
        elements
            .map(|element| text::of(element).ok_or_else(expected))
            .collect()
    }

    /// Returns a field that is a list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<i64>, Failure> {
        let expected = || malformed(self.table, &format!("a list of numbers '{name}'"));
        let field = self.fields.element_by_name(name).ok_or_else(expected)?;
        let list = DenseI64ArrayAttribute::try_from(field).map_err(|_| expected())?;
        (0..list.len())
            .map(|index| list.element(index).map_err(|_| expected()))
            .collect()
    }

    /// Returns a field that is a table.
    pub(crate) fn records(&self, name: &str) -> Result<Vec<Self>, Failure> {
        let field = self.fields.element_by_name(name);
        let field = field.ok_or_else(|| malformed(self.table, &format!("a list '{name}'")))?;
        rows(field, self.table)
    }

    /// Says what a row lacks.
    pub(crate) fn lacks(&self, expected: &str) -> Failure {
        malformed(self.table, expected)
    }
}

fn rows<'c>(attribute: Attribute<'c>, table: &'static str) -> Result<Vec<Record<'c>>, Failure> {
    let expected = || malformed(table, "a list of dictionaries");
    let row = |row| {
        let fields = DictionaryAttribute::try_from(row).map_err(|_| expected())?;
        Ok(Record { fields, table })
    };
    let elements = elements(attribute).ok_or_else(expected)?;
    elements.into_iter().map(row).collect()
}

fn elements(attribute: Attribute<'_>) -> Option<Vec<Attribute<'_>>> {
    let list = ArrayAttribute::try_from(attribute).ok()?;
    (0..list.len())
        .map(|index| list.element(index).ok())
        .collect()
}

/// Says what a table of the module should have been.
fn malformed(table: &str, expected: &str) -> Failure {
    Failure::Message(format!(
        "has a malformed {table}, the compiler's own attribute: expected {expected}; take it away"
    ))
}
