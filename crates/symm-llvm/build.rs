// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Refuses to build anything against an LLVM that will not do.

#[path = "src/lib.rs"]
#[allow(dead_code)]
mod symm_llvm;

fn main() {
    symm_llvm::watch_environment();
    println!("cargo::rerun-if-changed=src");
    symm_llvm::find_or_exit();
}
