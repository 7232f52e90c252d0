// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs given as MLIR: compiled first, by the compiler beside this binary.

use rustix::fs::{MemfdFlags, memfd_create};
use std::{
    fs::File,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    process::{self, Command},
};
use symm_abi::Device;

/// A program that was compiled for this run only, in a file without a name: whatever ends this process, nothing is left.
#[derive(Debug)]
pub struct Compiled {
    file: File,
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
        let file = memfd_create("program.so", MemfdFlags::CLOEXEC).map(File::from);
        let file = file.map_err(|error| format!("no memory for a compiled program: {error}"))?;
        let output = file.try_clone().map_err(|error| error.to_string())?;
        let status = Command::new(compiler)
            .args(["-o", "-"])
            .arg(format!("--device={}", device.name()))
            .args(["--", source])
            .stdout(output)
            .status();
        match status {
            Ok(status) if status.success() => Ok(Self { file }),
            Ok(status) => Err(format!("{source}: symm-compile failed with {status}")),
            Err(error) => Err(format!("{source}: symm-compile can't be started: {error}")),
        }
    }

    /// Returns a path of the compiled program, for this process and those that it starts, as long as this value lives.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.file.as_raw_fd())
    }
}

fn compiler() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("path of symm-run: {error}"))?;
    Ok(own.with_file_name("symm-compile"))
}
