// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The folder of the sockets: this user's alone.

use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{error::ExchangeError, token::JobToken};

/// Returns where the ranks of `token`'s job meet: a socket in `SYMM_SOCKET_DIR`, else in `XDG_RUNTIME_DIR/symm`, else in
/// `/tmp/symm-<uid>`.
pub(super) fn socket_path(token: &JobToken) -> PathBuf {
    place(|name| env::var_os(name)).join(format!("{}.sock", token.file_name()))
}

/// Chooses the folder by these environment variables; an empty one is none.
fn place(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let given = |name| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    // Launchers hand down the login node's folder, which the node of the ranks need not have.
    let runtime = || given("XDG_RUNTIME_DIR").filter(|folder| is_ours(folder));
    given("SYMM_SOCKET_DIR")
        .or_else(|| runtime().map(|folder| folder.join("symm")))
        .unwrap_or_else(|| {
            let uid = rustix::process::geteuid().as_raw();
            // Not TMPDIR, which may differ between ranks and need not be sticky.
            PathBuf::from(format!("/tmp/symm-{uid}"))
        })
}

/// Tells whether this is the absolute path of a folder of this user.
fn is_ours(folder: &Path) -> bool {
    let ours =
        |found: fs::Metadata| found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
    folder.is_absolute() && fs::metadata(folder).is_ok_and(ours)
}

/// Makes the folder with mode 0700 if it is missing, then checks that it is a real folder of this user that nobody else can enter.
///
/// Under `/tmp`, which is sticky, nobody else can swap a folder that passed the check.
pub(super) fn prepare(folder: &Path) -> Result<(), ExchangeError> {
    let io_error = |call| {
        move |source: io::Error| ExchangeError::Place {
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
    fn the_folder_is_the_first_that_there_is() {
        let ours = scratch("runtime");
        fs::create_dir(&ours).unwrap();
        let place = |chosen: &str, runtime: &str| {
            place(|name| match name {
                "SYMM_SOCKET_DIR" => Some(chosen.into()),
                "XDG_RUNTIME_DIR" => Some(runtime.into()),
                other => panic!("{other}"),
            })
        };
        let runtime = ours.to_str().unwrap();
        assert_eq!(place("/chosen", runtime), Path::new("/chosen"));
        assert_eq!(place("", runtime), ours.join("symm"));
        let fallback = format!("/tmp/symm-{}", rustix::process::geteuid().as_raw());
        for missing in ["", "/run/user/no-such-user", "relative", "/dev/null"] {
            assert_eq!(place("", missing), Path::new(&fallback), "{missing}");
        }
        fs::remove_dir(&ours).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_names_the_way_out() {
        let error = prepare(&scratch("nowhere").join("symm"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("mkdir failed on ") && error.contains("SYMM_SOCKET_DIR"),
            "{error}"
        );
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
