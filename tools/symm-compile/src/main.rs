// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Compiles MLIR programs with collectives to artifacts that `symm-run` runs.

mod arguments;
mod output;
mod report;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;
use symm_codegen::compile::{Options, Stage, compile};
use symm_ir::{context::create_context, remark, source::Source};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    arguments.check()?;
    let options = Options {
        cpu: arguments.cpu()?,
        gpu: arguments.gpu()?,
        pipeline: arguments.pipeline(),
    };
    let context = create_context();
    let remarks = arguments
        .explains()
        .then(|| remark::collect(&context, ".*"))
        .flatten();
    let input = &arguments.input;
    let source = Source::open(&context, input)
        .map_err(|reason| format!("cannot open '{}': {reason}", input.display()))?;
    let mut module = source
        .parse()
        .ok_or_else(|| format!("'{}' is not a valid program", input.display()))?;
    let compiled = compile(&context, &mut module, &options, arguments.emit.stage())
        .map_err(|error| error.to_string())?;
    if arguments.explains() {
        let remarks = remarks.map(|remarks| remarks.take()).unwrap_or_default();
        eprint!("{}", report::plan(&compiled.manifest, &remarks));
    }
    let executable = arguments.emit.stage() == Stage::Artifact;
    output::write(&arguments.output(), &compiled.bytes, executable)
}
