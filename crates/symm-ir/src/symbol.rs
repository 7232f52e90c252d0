// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Symbols, looked up through a cache, and names for new ones.

use crate::text;
use melior::ir::{OperationRef, operation::OperationLike};
use mlir_sys::{
    MlirSymbolTable, mlirSymbolTableCreate, mlirSymbolTableDestroy, mlirSymbolTableLookup,
};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    iter,
    marker::PhantomData,
};

/// Symbol tables, each built once. Symbols must not be added, renamed or erased
/// while the cache lives.
pub struct SymbolCache<'c, 'a> {
    tables: RefCell<HashMap<usize, Option<MlirSymbolTable>>>,
    _ir: PhantomData<OperationRef<'c, 'a>>,
}

impl<'c: 'a, 'a> SymbolCache<'c, 'a> {
    /// Creates an empty cache.
    pub fn new() -> Self {
        Self {
            tables: RefCell::default(),
            _ir: PhantomData,
        }
    }

    /// Returns the symbol that a name means at `op`: that of the nearest symbol
    /// table around it that has one.
    pub fn lookup(&self, op: OperationRef<'c, 'a>, name: &str) -> Option<OperationRef<'c, 'a>> {
        iter::successors(Some(op), |op| op.parent_operation())
            .filter_map(|op| self.table(op))
            .find_map(|table| {
                // SAFETY: the table is valid while no symbol is erased.
                unsafe {
                    OperationRef::from_option_raw(mlirSymbolTableLookup(table, text::to_raw(name)))
                }
            })
    }

    fn table(&self, op: OperationRef<'c, 'a>) -> Option<MlirSymbolTable> {
        // Only an op with one region can be a symbol table, and building one for
        // each op on the way would be waste.
        if op.region_count() != 1 {
            return None;
        }
        let mut tables = self.tables.borrow_mut();
        *tables.entry(op.to_raw().ptr as usize).or_insert_with(|| {
            // SAFETY: the operation is valid.
            let table = unsafe { mlirSymbolTableCreate(op.to_raw()) };
            (!table.ptr.is_null()).then_some(table)
        })
    }
}

/// Returns a name that is not taken yet, and takes it: the one that is wanted, or that with
/// a number behind it.
pub fn unique(wanted: String, taken: &mut HashSet<String>) -> String {
    let numbered = (1..).map(|number| format!("{wanted}_{number}"));
    let mut names = iter::once(wanted.clone()).chain(numbered);
    let name = names.find(|name| !taken.contains(name));
    let name = name.unwrap_or(wanted);
    taken.insert(name.clone());
    name
}

impl Default for SymbolCache<'_, '_> {
    fn default() -> Self {
        Self {
            tables: RefCell::default(),
            _ir: PhantomData,
        }
    }
}

impl Drop for SymbolCache<'_, '_> {
    fn drop(&mut self) {
        for table in self.tables.get_mut().values().flatten() {
            // SAFETY: the table was made by `table` and is destroyed once.
            unsafe { mlirSymbolTableDestroy(*table) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unique;
    use std::collections::HashSet;

    #[test]
    fn names_that_are_taken_get_a_number() {
        let mut taken = HashSet::new();
        let mut name = |wanted: &str| unique(wanted.to_owned(), &mut taken);
        assert_eq!(
            ["f", "f_1", "f", "f"].map(&mut name),
            ["f", "f_1", "f_2", "f_3"]
        );
    }
}
