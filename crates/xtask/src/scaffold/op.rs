// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask new-op`: a collective, from its ODS to its test.

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use super::{camel_case, check_name, create, edit, licence};

/// The options of `cargo xtask new-op`.
#[derive(clap::Args)]
pub struct Args {
    /// Dialect of the op.
    dialect: Dialect,
    /// Name of the op, such as multimem_one_shot_all_reduce; one that works in place ends in '_'.
    name: String,
    /// What the op does: a sentence without capital and full stop.
    #[arg(long)]
    summary: String,
    /// How the result's shape follows from the input's.
    #[arg(long, value_enum, default_value = "same")]
    shape: Shape,
    /// The op reduces.
    #[arg(long)]
    reduces: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dialect {
    /// What: functional collectives.
    #[value(name = "c10d")]
    C10d,
    /// How: one algorithm per op.
    #[value(name = "symm_mem")]
    SymmMem,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shape {
    /// As the input.
    Same,
    /// Dimension 0 times the group's size.
    Gather,
    /// Dimension 0 divided by the group's size.
    Scatter,
    /// As the input, whose dimension 0 is a multiple of the group's size.
    Exchange,
}

impl Args {
    /// Tells whether the input is overwritten: as in torch, the name says so.
    fn is_in_place(&self) -> bool {
        self.name.ends_with('_')
    }
}

impl Dialect {
    fn name(self) -> &'static str {
        match self {
            Self::C10d => "c10d",
            Self::SymmMem => "symm_mem",
        }
    }

    fn camel_case(self) -> &'static str {
        match self {
            Self::C10d => "C10d",
            Self::SymmMem => "SymmMem",
        }
    }
}

/// Adds the op's definition to the dialect's ODS and writes its test.
///
/// # Errors
/// The name is no name of an op, or is taken.
pub fn run(args: &Args) -> Result<()> {
    check_name(&args.name, '_')?;
    ensure!(
        !args.is_in_place()
            || matches!((args.dialect, args.shape), (Dialect::SymmMem, Shape::Same)),
        "expected an op in place, whose name ends in '_', to be of symm_mem and of shape same"
    );
    let dialect = args.dialect.name();
    let ods = format!("dialects/symm/{dialect}/{}.td", args.dialect.camel_case());
    edit(&ods, |text| add_definition(text, &definition(args)))?;
    create(&format!("test/{dialect}/{}.mlir", args.name), &test(args))?;
    println!(
        "\nNow it parses, verifies, bufferizes and has a Rust wrapper. What is left is yours:\n\
         - describe it in {ods}, then run cargo xtask docs\n\
         - write down what it means in crates/symm-sim, if that is new\n\
         - lower it: a pattern, a kernel or the runtime's library, with a test beside the others"
    );
    Ok(())
}

fn add_definition(ods: &str, definition: &str) -> Result<String> {
    let name = definition
        .split(' ')
        .nth(1)
        .context("a definition has a name")?;
    ensure!(
        !ods.contains(&format!("def {name} ")),
        "{name} is defined already"
    );
    let (before, end) = ods
        .rsplit_once("#endif")
        .context("expected an include guard")?;
    Ok(format!("{before}{definition}\n#endif{end}"))
}

fn definition(args: &Args) -> String {
    match args.dialect {
        Dialect::C10d => c10d_definition(args),
        Dialect::SymmMem => symm_mem_definition(args),
    }
}

fn c10d_definition(args: &Args) -> String {
    let base = if args.reduces {
        "C10d_ReduceOp"
    } else {
        "C10d_Op"
    };
    let head = format!(
        "def C10d_{}Op : {base}<\"{}\", {}>",
        camel_case(&args.name),
        args.name,
        rule(args.shape)
    );
    format!("{head} {{\n{}}}\n", documentation(args))
}

fn symm_mem_definition(args: &Args) -> String {
    let (operand, reduction) = match args.reduces {
        true => (
            ", Comm_ReduceOpAttr:$reduce_op",
            "`` custom<ReduceOp>($reduce_op)\n    ",
        ),
        false => ("", ""),
    };
    let (output, format, in_place) = match args.is_in_place() {
        true => (
            "",
            "custom<InPlaceCollective>($input, type($input), type($result), $group, attr-dict)",
            "  let inPlace = 1;\n  let outputBuffer = \"::mlir::Value()\";\n",
        ),
        false => (
            ", Optional<AnyStridedMemRef>:$output",
            "custom<Collective>($input, type($input), $output, type($output),\n                       \
             type($result), $group, attr-dict)",
            "",
        ),
    };
    format!(
        "def SymmMem_{}Op :\n    Comm_CollectiveOp<SymmMem_Dialect, \"{}\", {}> {{\n{}  \
         let arguments = (ins Comm_TensorOrMemRef:$input{output},\n                       \
         FlatSymbolRefAttr:$group{operand});\n  \
         let results = (outs Optional<AnyRankedTensor>:$result);\n  \
         let assemblyFormat = [{{\n    {reduction}{format}\n  }}];\n{in_place}  \
         let symmetricOperands = \"out.push_back(&getInputMutable());\";\n}}\n",
        camel_case(&args.name),
        args.name,
        rule(args.shape),
        documentation(args),
    )
}

fn documentation(args: &Args) -> String {
    format!(
        "  let summary = \"{}\";\n  let description = [{{\n    ```mlir\n    %y = {}\n    ```\n  }}];\n",
        args.summary,
        tensor_form(args)
    )
}

fn rule(shape: Shape) -> &'static str {
    match shape {
        Shape::Same => "Comm_SameShape",
        Shape::Gather => "Comm_GatherShape",
        Shape::Scatter => "Comm_ScatterShape",
        Shape::Exchange => "Comm_ExchangeShape",
    }
}

/// Dimension 0 of the result for an input of 8 on 4 ranks.
fn result_rows(shape: Shape) -> usize {
    match shape {
        Shape::Same | Shape::Exchange => 8,
        Shape::Gather => 32,
        Shape::Scatter => 2,
    }
}

fn head(args: &Args) -> String {
    let reduction = if args.reduces { "<sum>" } else { "" };
    format!("{}.{}{reduction}", args.dialect.name(), args.name)
}

fn tensor_form(args: &Args) -> String {
    let result = match result_rows(args.shape) {
        8 => String::new(),
        rows => format!(" -> tensor<{rows}x4xf32>"),
    };
    format!("{} %x on @tp : tensor<8x4xf32>{result}", head(args))
}

fn memref_form(args: &Args, input_space: &str) -> String {
    let rows = result_rows(args.shape);
    if args.is_in_place() {
        return format!(
            "{} inout(%x : memref<8x4xf32{input_space}>) on @tp",
            head(args)
        );
    }
    format!(
        "{} ins(%x : memref<8x4xf32{input_space}>) outs(%y : memref<{rows}x4xf32>) on @tp",
        head(args)
    )
}

fn test(args: &Args) -> String {
    let rows = result_rows(args.shape);
    let (tensors, space) = (tensor_form(args), ", #comm.symm_mem<@tp>");
    let memrefs = memref_form(args, space);
    let check = |line: &str| line.replace("%x", "%{{.*}}").replace("%y", "%{{.*}}");
    format!(
        "{}// RUN: symm-opt %s | symm-opt | FileCheck %s\n\
         // RUN: symm-opt %s --mlir-print-op-generic | symm-opt | FileCheck %s\n\
         // RUN: symm-opt %s --emit-bytecode | symm-opt | FileCheck %s\n\n\
         comm.group @tp size(4) {{symm_mem}}\n\n\
         // CHECK-LABEL: func.func @tensors(\n\
         func.func @tensors(%x: tensor<8x4xf32>) -> tensor<{rows}x4xf32> {{\n  \
         // CHECK: {}\n  %y = {tensors}\n  return %y : tensor<{rows}x4xf32>\n}}\n\n\
         // CHECK-LABEL: func.func @memrefs(\n\
         func.func @memrefs(%x: memref<8x4xf32{space}>, %y: memref<{rows}x4xf32>) {{\n  \
         // CHECK: {}\n  {memrefs}\n  return\n}}\n",
        licence("//"),
        check(&tensors),
        check(&memrefs),
    )
}
