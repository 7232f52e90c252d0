// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `mlir-translate` with Symm's dialects.

use std::process::ExitCode;

fn main() -> ExitCode {
    symm_ir::tool::translate()
}
