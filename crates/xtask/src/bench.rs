// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask bench`: how long the passes take, beside MLIR's own on the same file.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{process, setup, workspace};

/// The options of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct Args {
    /// How often each command runs; the median counts.
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
}

/// The all-reduces of each function.
const OPS_PER_FUNCTION: usize = 100;
/// The functions of each module.
const FUNCTIONS: [usize; 3] = [25, 50, 100];

/// Times `--lower-comm --place-symmetric-buffers` and `mlir-opt --canonicalize --cse`, in turn, on
/// modules of growing size.
///
/// # Errors
/// The tools do not build or fail.
pub fn run(args: &Args) -> Result<()> {
    setup::run()?;
    let build = [
        "build",
        "--release",
        "--package",
        "symm-opt",
        "--package",
        "symm-plugin",
    ];
    process::run(process::cargo().args(build))?;
    let folder = workspace::target_dir().join("bench");
    fs::create_dir_all(&folder)?;
    println!("| all-reduces | symm-opt | per op | mlir-opt --canonicalize --cse | ratio |");
    println!("|---:|---:|---:|---:|---:|");
    for functions in FUNCTIONS {
        let input = folder.join(format!("{functions}_functions.mlir"));
        fs::write(&input, module(functions)?)?;
        println!(
            "{}",
            row(functions * OPS_PER_FUNCTION, &input, args.repetitions)?
        );
    }
    Ok(())
}

fn row(ops: usize, input: &Path, repetitions: usize) -> Result<String> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..repetitions {
        ours.push(time(symm_opt(input))?);
        theirs.push(time(mlir_opt(input))?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    Ok(format!(
        "| {ops} | {:.0} ms | {:.1} µs | {:.0} ms | {:.2} |",
        ours.as_secs_f64() * 1e3,
        ours.as_secs_f64() * 1e6 / ops as f64,
        theirs.as_secs_f64() * 1e3,
        ours.as_secs_f64() / theirs.as_secs_f64(),
    ))
}

fn symm_opt(input: &Path) -> Command {
    let mut command = Command::new(release("symm-opt"));
    command.arg(input).args([
        "--lower-comm",
        "--place-symmetric-buffers",
        "-o",
        "/dev/null",
    ]);
    command
}

/// The stock tool, which knows the dialects through the plugin.
fn mlir_opt(input: &Path) -> Command {
    let plugin = format!(
        "--load-dialect-plugin={}",
        release("libsymm_plugin.so").display()
    );
    let mut command = Command::new(workspace::llvm_tool("mlir-opt"));
    command
        .arg(input)
        .args([&plugin, "--canonicalize", "--cse", "-o", "/dev/null"]);
    command
}

fn release(name: &str) -> PathBuf {
    workspace::target_dir().join("release").join(name)
}

fn time(mut command: Command) -> Result<Duration> {
    let start = Instant::now();
    process::output(&mut command)?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Writes a module whose functions are chains of elementwise ops and all-reduces on buffers.
fn module(functions: usize) -> Result<String> {
    let mut text = String::from("comm.group @tp size(8) {symm_mem}\n");
    for function in 0..functions {
        write!(text, "{}", chain(function)).context("a string takes all that is written")?;
    }
    Ok(text)
}

fn chain(function: usize) -> String {
    let buffer = "memref<64xf32>";
    let mut text = format!("func.func @f{function}(%out0: {buffer}, %result: {buffer}) {{\n");
    for op in 0..OPS_PER_FUNCTION {
        let next = op + 1;
        text += &format!(
            "  %in{next} = memref.alloc() : {buffer}\n  \
             linalg.exp ins(%out{op} : {buffer}) outs(%in{next} : {buffer})\n  \
             %out{next} = memref.alloc() : {buffer}\n  \
             c10d.all_reduce<sum> ins(%in{next} : {buffer}) outs(%out{next} : {buffer}) on @tp\n  \
             c10d.wait_tensor %out{next} : {buffer}\n"
        );
    }
    text + &format!(
        "  memref.copy %out{OPS_PER_FUNCTION}, %result : {buffer} to {buffer}\n  return\n}}\n"
    )
}
