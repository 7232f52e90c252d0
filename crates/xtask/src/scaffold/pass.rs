// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask new-pass`: a pass with its declaration, its test and its place in every tool.

use anyhow::{Context, Result, ensure};

use super::{check_name, create, edit, licence};

/// The options of `cargo xtask new-pass`.
#[derive(clap::Args)]
pub struct Args {
    /// Name of the pass, such as lower-comm.
    name: String,
    /// What the pass does: a sentence without a full stop.
    #[arg(long)]
    summary: String,
}

/// Writes a pass that counts collectives, registers it and writes a test of it.
///
/// # Errors
/// The name is no name of a pass, or is taken.
pub fn run(args: &Args) -> Result<()> {
    check_name(&args.name, '-')?;
    let module = args.name.replace('-', "_");
    create(
        &format!("crates/symm-transforms/src/{module}/mod.rs"),
        &source(args),
    )?;
    edit("crates/symm-transforms/src/lib.rs", |text| {
        register(text, &module)
    })?;
    create(&format!("test/{}/basic.mlir", args.name), &test(args))?;
    println!(
        "\nNow the pass runs in symm-opt and in the plugin, and counts collectives. What is left is yours:\n\
         - what it does, one pattern per file, in crates/symm-transforms/src/{module}/\n\
         - its description there, then run cargo xtask docs"
    );
    Ok(())
}

fn source(args: &Args) -> String {
    format!(
        r#"{licence}//! `--{name}`: {summary}.

use std::ops::ControlFlow;
use symm_ir::{{
    dialect::Collective,
    pass::{{PassDef, PassResult, PassRun, StatisticDef}},
    walk,
}};

/// The pass.
pub static {constant}: PassDef = PassDef {{
    argument: "{name}",
    summary: "{summary}",
    description: DESCRIPTION,
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {{ name: "collectives", description: "collectives seen" }}],
    dependent_dialects: &[],
    run,
}};

const DESCRIPTION: &str = r"
{summary}.
";

fn run(run: &PassRun<'_, '_>) -> PassResult {{
    let _ = walk::pre_order(run.operation(), &mut |op| {{
        if Collective::of(op).is_some() {{
            run.count("collectives", 1);
        }}
        ControlFlow::<()>::Continue(())
    }});
    run.preserve_all_analyses();
    Ok(())
}}
"#,
        licence = licence("//"),
        name = args.name,
        summary = args.summary,
        constant = args.name.replace('-', "_").to_ascii_uppercase(),
    )
}

fn test(args: &Args) -> String {
    format!(
        "{}// RUN: symm-opt %s --{name} | FileCheck %s\n\
         // RUN: symm-opt %s --{name} --mlir-pass-statistics -o /dev/null 2>&1 | \
         FileCheck %s --check-prefix=STATISTICS\n\n\
         // STATISTICS: 1 collectives\n\n\
         comm.group @tp size(4) {{symm_mem}}\n\n\
         // CHECK-LABEL: func.func @f(\n\
         func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {{\n  \
         // CHECK: c10d.all_reduce<sum>\n  \
         %y = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>\n  \
         return %y : tensor<8x4xf32>\n}}\n",
        licence("//"),
        name = args.name,
    )
}

/// Adds the module and the pass to the crate's lists, which are sorted.
fn register(lib: &str, module: &str) -> Result<String> {
    let is_module = |line: &str| line.starts_with("pub mod ") || line.starts_with("mod ");
    let lib = insert_sorted(lib, is_module, &format!("pub mod {module};"))?;
    let entry = format!("    &{module}::{},", module.to_ascii_uppercase());
    let passes = lib
        .find("pub static PASSES")
        .context("expected the list PASSES")?;
    let end = passes
        + lib[passes..]
            .find("];")
            .context("expected the end of the list PASSES")?;
    let list = insert_sorted(&lib[passes..end], |line| line.starts_with("    &"), &entry)?;
    Ok(format!("{}{list}{}", &lib[..passes], &lib[end..]))
}

/// Inserts a line into the first run of lines that belong together, at its place in their order.
fn insert_sorted(text: &str, belongs: impl Fn(&str) -> bool, new: &str) -> Result<String> {
    let key = |line: &str| line.trim_start_matches("pub ").to_owned();
    let mut lines: Vec<_> = text.lines().collect();
    let first = lines
        .iter()
        .position(|line| belongs(line))
        .context("expected a list")?;
    let length = lines[first..]
        .iter()
        .take_while(|line| belongs(line))
        .count();
    let list = &lines[first..first + length];
    ensure!(!list.contains(&new), "{} is there already", new.trim());
    let place = list
        .iter()
        .position(|line| key(line) > key(new))
        .unwrap_or(length);
    lines.insert(first + place, new);
    Ok(lines.join("\n") + if text.ends_with('\n') { "\n" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_is_registered_in_order() {
        let lib = "//! Passes.\n\nmod builder;\npub mod place;\n\n\
                   pub static PASSES: &[&PassDef] = &[\n    &place::PLACE,\n];\n";
        let expected = "//! Passes.\n\nmod builder;\npub mod lower;\npub mod place;\n\n\
                        pub static PASSES: &[&PassDef] = &[\n    &lower::LOWER,\n    &place::PLACE,\n];\n";
        let registered = register(lib, "lower").expect("a library with lists");
        assert_eq!(registered, expected);
        assert!(register(&registered, "lower").is_err());
    }
}
