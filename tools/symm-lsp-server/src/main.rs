// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The language server for MLIR files that use Symm's dialects.

use std::process::ExitCode;

fn main() -> ExitCode {
    symm_ir::tool::lsp_server()
}
