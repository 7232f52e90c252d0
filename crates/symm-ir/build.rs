// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Lets the loader find LLVM's libraries, and the typed operations their `.td`.

use std::env;

fn main() {
    symm_llvm::emit_rpath();
    let folder = env::var("DEP_SYMMMLIR_TD_DIR").expect("symm-sys sets it");
    println!("cargo::rustc-env=SYMM_TD_DIR={folder}");
    for dialect in ["c10d", "comm", "symm_mem"] {
        println!("cargo::rerun-if-changed={folder}/symm/{dialect}");
    }
}
