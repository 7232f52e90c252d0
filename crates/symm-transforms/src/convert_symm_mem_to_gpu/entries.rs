// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which entries run an op.

use melior::ir::{OperationRef, RegionLike, operation::OperationLike};
use std::collections::{BTreeSet, HashMap};
use symm_ir::{text, walk};

/// The entries from which each function is reached, by the names of functions.
pub(super) struct Entries {
    of_function: HashMap<String, BTreeSet<String>>,
}

impl Entries {
    /// Finds the entries of a module, its public functions, and what they reach through calls.
    pub(super) fn of<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> Self {
        let functions: Vec<_> = walk::children(module)
            .filter(|op| walk::is(*op, "func.func"))
            .filter_map(|op| Some((text::symbol_name(op)?, op)))
            .collect();
        let called: HashMap<&str, Vec<String>> = functions
            .iter()
            .map(|(name, function)| (name.as_str(), callees(*function)))
            .collect();
        let mut entries = Self {
            of_function: HashMap::new(),
        };
        for (entry, _) in functions.iter().filter(|(_, function)| is_entry(*function)) {
            entries.follow(entry, &called);
        }
        entries
    }

    /// Returns the names of the entries that run an op.
    pub(super) fn running<'c: 'a, 'a>(&self, op: OperationRef<'c, 'a>) -> BTreeSet<String> {
        let function = walk::parent_named(op, "func.func").and_then(text::symbol_name);
        let entries = function.and_then(|function| self.of_function.get(&function));
        entries.cloned().unwrap_or_default()
    }

    /// Notes the functions that an entry reaches.
    fn follow(&mut self, entry: &str, called: &HashMap<&str, Vec<String>>) {
        let mut waiting = vec![entry];
        while let Some(function) = waiting.pop() {
            let entries = self.of_function.entry(function.to_owned()).or_default();
            if entries.insert(entry.to_owned()) {
                let callees = called.get(function).into_iter().flatten();
                waiting.extend(callees.map(String::as_str));
            }
        }
    }
}

/// Returns the functions that a function calls, or may have called: those that it names.
fn callees<'c: 'a, 'a>(function: OperationRef<'c, 'a>) -> Vec<String> {
    let named = |op: &OperationRef<'c, 'a>| {
        let attribute = if walk::is(*op, "func.call") {
            "callee"
        } else if walk::is(*op, "func.constant") {
            "value"
        } else {
            return None;
        };
        text::attribute(*op, attribute)
    };
    walk::collect(function).iter().filter_map(named).collect()
}

/// Tells whether a function can be called from outside.
fn is_entry<'c: 'a, 'a>(function: OperationRef<'c, 'a>) -> bool {
    let visibility = text::attribute(function, "sym_visibility");
    let is_public = visibility.is_none_or(|visibility| visibility == "public");
    let body = function.region(0).ok().and_then(|body| body.first_block());
    is_public && body.is_some()
}
