// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From an object file to a shared object, with the system's C compiler.

use crate::error::{Error, Result};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

/// Links an object file and returns the shared object's bytes. Equal objects give
/// equal bytes.
///
/// # Errors
///
/// Fails where there is no C compiler, or where it does.
pub fn shared_object(object: &[u8]) -> Result<Vec<u8>> {
    let folder = TemporaryFolder::new()?;
    let (input, output) = (folder.0.join("program.o"), folder.0.join("program.so"));
    fs::write(&input, object).map_err(|reason| file_error(&input, reason))?;
    let compiler = env::var("CC")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or("cc".into());
    link(&compiler, &input, &output)?;
    fs::read(&output).map_err(|reason| file_error(&output, reason))
}

fn link(compiler: &str, input: &Path, output: &Path) -> Result<()> {
    let result = Command::new(compiler)
        .args(["-shared", "-nostartfiles", "-o"])
        .arg(output)
        .arg(input)
        .args([
            "-Wl,--build-id=none",
            "-Wl,--no-undefined",
            "-Wl,-z,noexecstack",
            "-lm",
        ])
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| Error::Compiler(compiler.to_owned(), error))?;
    if result.status.success() {
        Ok(())
    } else {
        Err(Error::Link(
            String::from_utf8_lossy(&result.stderr).trim().to_owned(),
        ))
    }
}

fn file_error(path: &Path, reason: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        reason,
    }
}

/// A folder that goes away with its value.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("symm-{}-{count}", process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(reason) => return Err(file_error(&path, reason)),
            }
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_compiler_is_an_error_with_the_cure() {
        let error = link("/nonexistent/cc", Path::new("a"), Path::new("b"))
            .expect_err("there is no such compiler")
            .to_string();
        assert!(
            error.contains("/nonexistent/cc") && error.contains("apt-get"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_object_does_not_link() {
        assert!(matches!(shared_object(b"garbage"), Err(Error::Link(_))));
    }
}
