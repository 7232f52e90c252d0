// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Output files, which are there whole or not at all.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process,
};

/// Writes a file under another name and then gives it its own.
pub fn write(path: &Path, bytes: &[u8], executable: bool) -> Result<(), String> {
    if path.as_os_str() == "-" {
        return io::stdout()
            .write_all(bytes)
            .map_err(|reason| format!("cannot write to the standard output: {reason}"));
    }
    let fail = |reason: io::Error| format!("cannot write '{}': {reason}", path.display());
    let Some(name) = path.file_name() else {
        return Err(format!(
            "expected a file as output, got '{}'",
            path.display()
        ));
    };
    // A device, a pipe or the like takes what it is given.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, bytes).map_err(fail);
    }
    let mut hidden = std::ffi::OsString::from(format!(".{}-", process::id()));
    hidden.push(name);
    let partial = path.with_file_name(hidden);
    let result = fs::write(&partial, bytes)
        .and_then(|()| match executable {
            true => fs::set_permissions(&partial, Permissions::from_mode(0o755)),
            false => Ok(()),
        })
        .and_then(|()| fs::rename(&partial, path));
    result.map_err(|reason| {
        // It may never have been there.
        let _ = fs::remove_file(&partial);
        fail(reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = write(Path::new("/nonexistent/a.so"), b"x", true).expect_err("no folder");
        assert!(error.contains("/nonexistent/a.so"), "{error}");
    }

    #[test]
    fn a_folder_is_no_output() {
        assert!(write(Path::new("/"), b"x", true).is_err());
        assert!(write(&std::env::temp_dir(), b"x", true).is_err());
    }
}
