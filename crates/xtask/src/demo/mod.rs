// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask demo`: a real program, from `c10d` to a checked result.

mod arguments;
mod npy;
mod reference;
mod report;

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use ndarray::Array2;
use symm_abi::artifact;

use crate::{process, setup, workspace};
use arguments::{Argument, HIDDEN, RANKS, TOKENS};

/// The program, from the root of the repository.
const SOURCE: &str = "examples/tp_block.mlir";

/// The largest error that is accepted, relative to the largest element of the result: the sums
/// over 1024 and 2816 products are computed in `f32`, in another order than the reference's.
const TOLERANCE: f64 = 1e-5;

/// Compiles `examples/tp_block.mlir`, runs it on 4 CPU ranks and compares the result with the
/// unsharded block.
///
/// # Errors
/// A step failed, or the result is wrong.
pub fn run() -> Result<()> {
    setup::run()?;
    let packages = ["symm-opt", "symm-compile", "symm-run"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    process::run(process::cargo().arg("build").args(packages))?;
    let folder = workspace::target_dir().join("demo");
    fs::create_dir_all(&folder)?;

    let arguments = arguments::arguments();
    for argument in &arguments {
        argument.write_shards(&folder)?;
    }
    report::decisions(&remarks()?);
    report::heading("Compile");
    let artifact = folder.join("tp_block.so");
    compile(&artifact)?;
    report::heading("Run: what the program consists of, where its buffers live, what it gives");
    execute(&artifact, &arguments, &folder)?;
    report::heading("Check");
    let results = read_results(&folder)?;
    let error = check(&results, &reference::block(&arguments))?;
    report::outcome(error, TOLERANCE);
    Ok(())
}

/// Returns what the passes say about each collective.
fn remarks() -> Result<String> {
    let output = tool("symm-opt")
        .args([
            SOURCE,
            "--lower-comm",
            "--one-shot-bufferize=bufferize-function-boundaries",
        ])
        .args([
            "--place-symmetric-buffers",
            "--remarks-filter=.*",
            "-o",
            "/dev/null",
        ])
        .output()
        .context("cannot run symm-opt")?;
    let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "symm-opt failed: {remarks}");
    Ok(remarks)
}

fn compile(artifact: &Path) -> Result<()> {
    let start = Instant::now();
    process::run(
        tool("symm-compile")
            .args([SOURCE, "--device=cpu", "-o"])
            .arg(artifact),
    )?;
    println!("compiled in {:.2?}", start.elapsed());
    Ok(())
}

fn execute(artifact: &Path, arguments: &[Argument], folder: &Path) -> Result<()> {
    let manifest = artifact::open(&fs::read(artifact)?)?;
    let entry = manifest
        .entry("tp_block")
        .context("the artifact has no entry tp_block")?;
    let [result] = &entry.results[..] else {
        bail!("the block has one result")
    };
    ensure!(
        entry.args.len() == arguments.len(),
        "the block takes other arguments than it is given"
    );
    let mut command = tool("symm-run");
    command
        .current_dir(folder)
        .arg(artifact)
        .args(["-n", &RANKS.to_string(), "--device=cpu"]);
    command.args(["--verbose", "--repeat=5"]);
    for (parameter, argument) in entry.args.iter().zip(arguments) {
        command.arg(format!("--arg={}={}.%r.npy", parameter.name, argument.name));
    }
    command.arg(format!("--save={}=result.%r.npy", result.name));
    process::run(&mut command)
}

fn read_results(folder: &Path) -> Result<Vec<Array2<f32>>> {
    let read = |rank| npy::read(&folder.join(format!("result.{rank}.npy")), (TOKENS, HIDDEN));
    (0..RANKS).map(read).collect()
}

/// Returns the largest error, relative to the largest element of the reference.
///
/// # Errors
/// The ranks differ in a bit, or the error is too large.
fn check(results: &[Array2<f32>], reference: &Array2<f64>) -> Result<f64> {
    let bits = |result: &Array2<f32>| result.mapv(f32::to_bits);
    for (rank, result) in results.iter().enumerate() {
        ensure!(
            bits(result) == bits(&results[0]),
            "rank {rank} has other bits than rank 0"
        );
    }
    ensure!(
        results[0].dim() == reference.dim(),
        "the result has the wrong shape"
    );
    let error =
        largest((&results[0].mapv(f64::from) - reference).view()) / largest(reference.view());
    if error.is_nan() || error > TOLERANCE {
        bail!(
            "the result is off by {error:e} of its largest element, which is more than {TOLERANCE:e}"
        );
    }
    Ok(error)
}

/// Returns the largest magnitude, or NaN if there is one.
fn largest(values: ndarray::ArrayView2<f64>) -> f64 {
    values
        .iter()
        .map(|value| value.abs())
        .max_by(f64::total_cmp)
        .unwrap_or_default()
}

/// Creates a command that runs one of our programs in the root of the repository.
fn tool(name: &str) -> Command {
    let mut command = Command::new(workspace::bin_dir().join(name));
    command.current_dir(workspace::root());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_result_is_found() {
        let reference = Array2::from_shape_fn((2, 3), |(row, column)| (row * 3 + column) as f64);
        let right = reference.mapv(|value| value as f32);
        assert_eq!(
            check(&[right.clone(), right.clone()], &reference).ok(),
            Some(0.0)
        );
        let mut wrong = right.clone();
        wrong[(1, 1)] += 0.001;
        assert!(check(&[wrong.clone(), wrong.clone()], &reference).is_err());
        assert!(check(&[right.clone(), wrong], &reference).is_err());
        let mut undefined = right.clone();
        undefined[(0, 0)] = f32::NAN;
        assert!(check(&[undefined], &reference).is_err());
    }
}
