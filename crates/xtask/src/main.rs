// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The task runner: everything that a person or CI does with the repository is one command here.
//!
//! It needs nothing but Rust to build, so that it can install all the rest.

mod bench;
mod demo;
mod docs;
mod process;
mod scaffold;
mod setup;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Symm's task runner"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile examples/tp_block.mlir, run it on 4 CPU ranks and check the result.
    Demo,
    /// Install what the build needs and this machine lacks.
    Setup(setup::Args),
    /// Run every test.
    Test(test::Args),
    /// Make the book's reference pages.
    Docs(docs::Args),
    /// Time the passes beside MLIR's own.
    Bench(bench::Args),
    /// Begin a new collective.
    NewOp(scaffold::op::Args),
    /// Begin a new pass.
    NewPass(scaffold::pass::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo => demo::run(),
        Command::Setup(args) => setup::run_with(&args),
        Command::Test(args) => test::run(&args),
        Command::Docs(args) => docs::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::NewOp(args) => scaffold::op::run(&args),
        Command::NewPass(args) => scaffold::pass::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
