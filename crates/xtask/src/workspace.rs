// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where things are: the repository, the build's output, LLVM.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest_dir
        .ancestors()
        .nth(2)
        .expect("this crate lies in crates/xtask")
        .to_owned()
}

/// Returns the folder that cargo builds into.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Returns the folder of the programs that `cargo build` makes.
pub fn bin_dir() -> PathBuf {
    target_dir().join("debug")
}

/// Returns where LLVM 22 is installed; `.cargo/config.toml` sets the variable.
pub fn llvm_prefix() -> PathBuf {
    env::var_os("MLIR_SYS_220_PREFIX")
        .unwrap_or_else(|| "/usr/lib/llvm-22".into())
        .into()
}

/// Returns the path of one of LLVM's programs.
pub fn llvm_tool(name: &str) -> PathBuf {
    llvm_prefix().join("bin").join(name)
}
