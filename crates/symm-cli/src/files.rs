// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Files to be written in the end, of which it should be known in the beginning that they can be.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Checks that a file can be written, and leaves everything as it is.
///
/// # Errors
///
/// Fails as writing it would.
pub fn check_writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        // Whoever reads a pipe would see it open, and end.
        Ok(there) if !there.is_file() && !there.is_dir() => Ok(()),
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        // Also a link to nothing: it is what the link names that would be made.
        Err(_) => {
            OpenOptions::new().append(true).create(true).open(path)?;
            fs::remove_file(fs::canonicalize(path)?)
        }
    }
}

/// Returns what tells the place of a file from others, whether it is there or not; none for what is no file, as devices are.
pub fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(there) = fs::canonicalize(path) {
        return there.is_file().then_some(there);
    }
    let folder = match path.parent()? {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    Some(
        fs::canonicalize(folder)
            .ok()?
            .join(path.file_name().unwrap_or_default()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        check_writable(&path).unwrap();
        assert!(!path.exists());
        fs::write(&path, "kept").unwrap();
        check_writable(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
        check_writable(Path::new("/dev/null")).unwrap();
        assert!(check_writable(folder.path()).is_err());
        assert!(check_writable(Path::new("/nowhere/a.json")).is_err());
        assert!(check_writable(Path::new("")).is_err());
    }

    #[test]
    fn a_file_has_one_place_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| place(&folder.path().join(name));
        assert!(at("a").is_some() && at("a") == at("./a") && at("a") != at("b"));
        fs::write(folder.path().join("a"), "").unwrap();
        std::os::unix::fs::symlink("a", folder.path().join("link")).unwrap();
        assert_eq!(at("a"), at("link"));
        assert_eq!(place(Path::new("/dev/null")), None);
    }
}
