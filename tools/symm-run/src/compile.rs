// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs given as MLIR: compiled first, by the compiler beside this binary.

use std::{
    path::{Path, PathBuf},
    process::Command,
};
use symm_abi::Device;
use tempfile::TempDir;

/// A program that was compiled for this run only.
#[derive(Debug)]
pub struct Compiled {
    folder: TempDir,
}

impl Compiled {
    /// Compiles a file for a device; the compiler's own messages go to the standard error.
    pub fn new(source: &str, device: Device) -> Result<Self, String> {
        let compiler = compiler()?;
        if !compiler.is_file() {
            return Err(format!(
                "{source}: expected symm-compile at {}: build it, or compile the program elsewhere and give the .so",
                compiler.display()
            ));
        }
        if !Path::new(source).is_file() {
            return Err(format!("{source}: no such file"));
        }
        let folder =
            tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let compiled = Self { folder };
        let mut command = Command::new(compiler);
        let status = command
            .arg(source)
            .arg("-o")
            .arg(compiled.path())
            .arg(format!("--device={}", device.name()))
            .status();
        match status {
            Ok(status) if status.success() => Ok(compiled),
            Ok(status) => Err(format!("{source}: symm-compile failed with {status}")),
            Err(error) => Err(format!("{source}: symm-compile can't be started: {error}")),
        }
    }

    /// Returns the path of the compiled program, which lives as long as this value, as jobs have it.
    pub fn name(&self) -> Result<String, String> {
        let path = self.path().into_os_string().into_string();
        path.map_err(|_| "temporary folder: expected a path in UTF-8".into())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("program.so")
    }
}

fn compiler() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("path of symm-run: {error}"))?;
    Ok(own.with_file_name("symm-compile"))
}
