// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NVIDIA's assembler for PTX, from the Python package that ships it.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, workspace};

const PACKAGE: &str = "nvidia-cuda-nvcc-cu12==12.9.*";

/// Puts ptxas into `gpu-tools` of the target folder, where the tests look for it.
///
/// # Errors
/// Python's pip is missing or can't fetch the package.
pub fn install() -> Result<()> {
    let folder = workspace::target_dir().join("gpu-tools");
    let ptxas = folder.join("nvidia/cuda_nvcc/bin/ptxas");
    if !ptxas.exists() {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--upgrade",
            "--target",
        ];
        process::run(Command::new("python3").args(pip).arg(&folder).arg(PACKAGE))
            .context("pip is needed to fetch ptxas (Debian: python3-pip)")?;
    }
    let version = process::output(Command::new(&ptxas).arg("--version"))?;
    println!(
        "{}: {}",
        ptxas.display(),
        version.lines().last().unwrap_or_default()
    );
    Ok(())
}
