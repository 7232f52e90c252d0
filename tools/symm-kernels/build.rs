// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Lets the loader find LLVM's libraries.

fn main() {
    symm_llvm::emit_rpath();
}
