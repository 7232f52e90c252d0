// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--create-entry-points`: the functions that the runtime calls.

mod signature;
mod wrapper;

use crate::{
    builder::Builder,
    entry_table::{self, Entry, Value as EntryValue},
};
use melior::ir::{OperationRef, RegionLike, attribute::StringAttribute, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__func__, mlirGetDialectHandle__llvm__, mlirGetDialectHandle__memref__,
};
use signature::Signature;
pub(crate) use signature::may_be_contiguous;
use symm_abi::ENTRY_PREFIX;
use symm_ir::{
    diagnostics::{Failure, error, error_at},
    edit::set_attribute,
    pass::{OptionDef, PassDef, PassResult, PassRun},
    text, walk,
};

/// Wraps public functions in the signature that the runtime calls.
pub static CREATE_ENTRY_POINTS: PassDef = PassDef {
    argument: "create-entry-points",
    summary: "Wrap public functions in the signature that the runtime calls",
    description: "
Each public function `f` with a body gets a wrapper `symm_entry_f(ptr)`, whose argument
points to one memref descriptor per argument and then one per result; the function
itself becomes private. Results are copied to the buffers that the caller gave, and
freed. An argument in symmetric memory is copied there first.

Arguments and results are tensors (before bufferization) or memrefs of static shape and
of an element type that collectives can move. What each entry takes and returns is
kept in the module's attribute `symm.entries`. An argument is named by its location
(`loc(\"x\")`), otherwise by its position: `arg0`.

Runs on bufferized IR, after deallocations have been inserted.
",
    anchor: Some("builtin.module"),
    options: &[OptionDef::text(
        "entries",
        "",
        "the functions to wrap, separated by commas; empty: every public function",
    )],
    statistics: &[],
    dependent_dialects: &[
        mlirGetDialectHandle__func__,
        mlirGetDialectHandle__llvm__,
        mlirGetDialectHandle__memref__,
    ],
    run,
};

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let module = pass.operation();
    let wanted = pass.options().text("entries");
    let wanted: Vec<&str> = wanted
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    let functions: Vec<_> = public_functions(module);
    check_wanted(module, &functions, &wanted)?;
    let mut entries = Vec::new();
    for (name, function) in functions {
        make_private(pass, function);
        if wanted.is_empty() || wanted.contains(&name.as_str()) {
            entries.push(create(&name, function)?);
        }
    }
    entry_table::write(pass.context(), module, &entries);
    Ok(())
}

/// Returns the public functions that have a body, with their names.
fn public_functions<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
) -> Vec<(String, OperationRef<'c, 'a>)> {
    walk::children(module)
        .filter(|op| walk::is(*op, "func.func"))
        .filter(|op| {
            text::attribute(*op, "sym_visibility").is_none_or(|visibility| visibility == "public")
        })
        .filter(|op| {
            op.region(0)
                .is_ok_and(|region| region.first_block().is_some())
        })
        .filter_map(|op| Some((text::symbol_name(op)?, op)))
        .collect()
}

fn check_wanted<'c: 'a, 'a>(
    module: OperationRef<'c, 'a>,
    functions: &[(String, OperationRef<'c, 'a>)],
    wanted: &[&str],
) -> PassResult {
    let names: Vec<_> = functions
        .iter()
        .map(|(name, _)| format!("@{name}"))
        .collect();
    for name in wanted {
        if !functions.iter().any(|(other, _)| other == name) {
            let there = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            let message = format!("no public function @{name} with a body; there is: {there}");
            return Err(error_at(module.location(), message).emit());
        }
    }
    if functions.is_empty() {
        let message = "expected a public function with a body as entry, got none";
        return Err(error_at(module.location(), message).emit());
    }
    Ok(())
}

fn make_private<'c: 'a, 'a>(pass: &PassRun<'c, 'a>, function: OperationRef<'c, 'a>) {
    let private = StringAttribute::new(pass.context(), "private");
    set_attribute(function, "sym_visibility", private.into());
}

fn create<'c: 'a, 'a>(name: &str, function: OperationRef<'c, 'a>) -> Result<Entry, Failure> {
    if !name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        let message = format!("expected an entry named with letters, digits and '_', got @{name}");
        return Err(error(&function, message).emit());
    }
    let signature = Signature::of(function)?;
    let symbol = format!("{ENTRY_PREFIX}{name}");
    wrapper::build(&Builder::after(function), name, &symbol, &signature);
    Ok(Entry {
        name: name.to_owned(),
        symbol,
        arguments: signature.arguments.iter().map(EntryValue::from).collect(),
        results: signature.results.iter().map(EntryValue::from).collect(),
    })
}
