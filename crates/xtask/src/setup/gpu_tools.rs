// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NVIDIA's assembler for PTX, from the Python package that ships it.

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{process, workspace};

const PACKAGE: &str = "nvidia-cuda-nvcc-cu12==12.9.*";

/// Puts ptxas where the tests look for it unless there is one already, that of a CUDA toolkit on the path included.
///
/// # Errors
/// Python's pip is missing or can't fetch the package.
pub fn provide() -> Result<()> {
    let paths = env::var_os("PATH").unwrap_or_default();
    if is_on(env::split_paths(&paths)) {
        return Ok(());
    }
    install()
}

/// Tells whether ptxas is in one of these folders.
fn is_on(mut folders: impl Iterator<Item = impl AsRef<Path>>) -> bool {
    folders.any(|folder| folder.as_ref().join("ptxas").is_file())
}

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
            // Where there is no network, that should be known soon.
            "--retries=1",
            "--timeout=20",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolkits_ptxas_will_do() {
        let folder = env::temp_dir().join(format!("symm-xtask-ptxas-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it can be made");
        assert!(!is_on([&folder].into_iter()));
        std::fs::write(folder.join("ptxas"), "").expect("it can be written");
        assert!(is_on([&folder].into_iter()));
        std::fs::remove_dir_all(&folder).expect("it is there");
    }
}
