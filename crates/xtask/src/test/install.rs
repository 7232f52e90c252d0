// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The installed package, as a C++ user meets it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::{process, test::tally::Tally, workspace};

/// Builds and installs the dialects with CMake alone, then builds and runs `test/install`, a
/// project that knows only where they are installed.
///
/// # Errors
/// A step failed.
pub fn run() -> Result<Tally> {
    let scratch = workspace::target_dir().join("install-test");
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    let prefix = scratch.join("prefix");
    let symm = configure_and_build(&workspace::root(), &scratch.join("symm"), &[])?;
    process::run(
        cmake()
            .arg("--install")
            .arg(&symm)
            .arg("--prefix")
            .arg(&prefix),
    )?;
    let source = workspace::root().join("test/install");
    let package = format!("-DCMAKE_PREFIX_PATH={}", prefix.display());
    let outside = configure_and_build(&source, &scratch.join("outside"), &[package])?;
    process::run(
        Command::new("ctest")
            .current_dir(outside)
            .arg("--output-on-failure"),
    )?;
    Ok(Tally::one_passed())
}

/// Configures and builds a CMake project, and returns its build folder.
fn configure_and_build(source: &Path, build: &Path, options: &[String]) -> Result<PathBuf> {
    let mlir = workspace::llvm_prefix().join("lib/cmake/mlir");
    let mlir = format!("-DMLIR_DIR={}", mlir.display());
    process::run(
        cmake()
            .args(["-G", "Ninja", "-S"])
            .arg(source)
            .arg("-B")
            .arg(build)
            .arg(mlir)
            .args(options),
    )?;
    process::run(cmake().arg("--build").arg(build))?;
    Ok(build.to_owned())
}

fn cmake() -> Command {
    Command::new("cmake")
}
