// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Tables that a module carries as an array of dictionaries.

use melior::{
    Context,
    ir::{
        Attribute, Identifier, OperationRef,
        attribute::{ArrayAttribute, DenseI64ArrayAttribute, DictionaryAttribute, StringAttribute},
        operation::OperationLike,
    },
};
use symm_ir::edit::set_attribute;

/// One row: a dictionary.
pub(crate) struct Record<'c>(DictionaryAttribute<'c>);

/// Returns the rows of a module's table; none where it has no such attribute.
pub(crate) fn records<'c: 'a, 'a>(module: OperationRef<'c, 'a>, name: &str) -> Vec<Record<'c>> {
    rows(module.attribute(name).ok())
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
    pub(crate) fn text(&self, name: &str) -> String {
        self.0.element_by_name(name).map(text).unwrap_or_default()
    }

    /// Returns a field that is a list of texts.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        elements(self.0.element_by_name(name))
            .into_iter()
            .map(text)
            .collect()
    }

    /// Returns a field that is a list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Vec<i64> {
        let list = self
            .0
            .element_by_name(name)
            .map(DenseI64ArrayAttribute::try_from);
        let Some(Ok(list)) = list else {
            return Vec::new();
        };
        (0..list.len())
            .filter_map(|index| list.element(index).ok())
            .collect()
    }

    /// Returns a field that is a table.
    pub(crate) fn records(&self, name: &str) -> Vec<Self> {
        rows(self.0.element_by_name(name))
    }
}

fn rows(attribute: Option<Attribute<'_>>) -> Vec<Record<'_>> {
    let rows = elements(attribute).into_iter();
    rows.filter_map(|row| DictionaryAttribute::try_from(row).ok())
        .map(Record)
        .collect()
}

fn elements(attribute: Option<Attribute<'_>>) -> Vec<Attribute<'_>> {
    let Some(Ok(list)) = attribute.map(ArrayAttribute::try_from) else {
        return Vec::new();
    };
    (0..list.len())
        .filter_map(|index| list.element(index).ok())
        .collect()
}

fn text(attribute: Attribute<'_>) -> String {
    StringAttribute::try_from(attribute)
        .map(|text| text.value().to_owned())
        .unwrap_or_default()
}
