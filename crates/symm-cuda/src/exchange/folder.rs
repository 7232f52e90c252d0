// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The folder of the sockets: this user's alone.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{error::ExchangeError, token::JobToken};

/// Returns where the ranks of `token`'s job meet: a socket in `SYMM_SOCKET_DIR`, else `XDG_RUNTIME_DIR/symm`, else `/tmp/symm-<uid>`.
pub(super) fn socket_path(token: &JobToken) -> PathBuf {
    let folder = env::var_os("SYMM_SOCKET_DIR")
        .map(PathBuf::from)
        .unwrap_or_else(|| match env::var_os("XDG_RUNTIME_DIR") {
            Some(runtime) => PathBuf::from(runtime).join("symm"),
            None => env::temp_dir().join(format!("symm-{}", rustix::process::geteuid().as_raw())),
        });
    folder.join(format!("{}.sock", token.file_name()))
}

/// Makes the folder with mode 0700 if it is missing, then checks that it is a real folder of this user that nobody else can enter.
///
/// Under `/tmp`, which is sticky, nobody else can swap a folder that passed the check.
pub(super) fn prepare(folder: &Path) -> Result<(), ExchangeError> {
    let io_error = |call| {
        move |source: io::Error| ExchangeError::Io {
            call,
            path: folder.to_owned(),
            source,
        }
    };
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io_error("mkdir")(error));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(folder).map_err(io_error("lstat"))?;
    let uid = rustix::process::geteuid().as_raw();
    let complaint = if !found.is_dir() {
        Some("something that is no folder".to_owned())
    } else if found.uid() != uid {
        Some(format!("a folder of user {}", found.uid()))
    } else if found.mode() & 0o077 != 0 {
        Some(format!("mode {:04o}", found.mode() & 0o7777))
    } else {
        None
    };
    complaint.map_or(Ok(()), |found| {
        Err(ExchangeError::Folder {
            path: folder.to_owned(),
            uid,
            found,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("symm-folder-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_new_folder_is_private_and_found_again() {
        let folder = scratch("new");
        prepare(&folder).unwrap();
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        prepare(&folder).unwrap();
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn an_open_folder_is_refused() {
        let folder = scratch("open");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        let error = prepare(&folder).unwrap_err().to_string();
        assert!(error.contains("got mode 0750"), "{error}");
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn a_link_is_refused_even_to_a_good_folder() {
        let (folder, link) = (scratch("target"), scratch("link"));
        prepare(&folder).unwrap();
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(matches!(prepare(&link), Err(ExchangeError::Folder { .. })));
        fs::remove_file(&link).unwrap();
        fs::remove_dir(&folder).unwrap();
    }
}
