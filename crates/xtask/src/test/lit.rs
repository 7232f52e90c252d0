// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The lit tests.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{process, test::tally::Tally, workspace};

/// Builds the tools and runs lit on `test/`.
///
/// # Errors
/// The tools do not build, or lit can't be run or leaves no report.
pub fn run() -> Result<Tally> {
    process::run(process::cargo().args(["build", "--workspace"]))?;
    let report = workspace::target_dir().join("lit.json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut lit = Command::new(workspace::llvm_tool("lit"));
    lit.current_dir(workspace::root())
        .arg("-v")
        .arg(format!("-Dsymm_bin_dir={}", workspace::bin_dir().display()))
        .arg(format!(
            "-Dllvm_prefix={}",
            workspace::llvm_prefix().display()
        ))
        .arg(format!("--output={}", report.display()))
        .arg("test");
    let status = process::run_inspecting(&mut lit, |_| {})?;
    let mut total = read_report(&report)?;
    if !status.success() && total.failed == 0 {
        total.failed = 1;
    }
    Ok(total)
}

fn read_report(path: &Path) -> Result<Tally> {
    let text = fs::read_to_string(path).context("lit left no report")?;
    let report: Value = serde_json::from_str(&text).context("lit's report is not JSON")?;
    let tests = report["tests"]
        .as_array()
        .context("lit's report lists no tests")?;
    let mut total = Tally::default();
    for test in tests {
        match test["code"].as_str() {
            Some("PASS" | "XFAIL" | "FLAKYPASS") => total.passed += 1,
            Some("UNSUPPORTED" | "SKIPPED" | "EXCLUDED") => total.skipped += 1,
            _ => total.failed += 1,
        }
    }
    Ok(total)
}
