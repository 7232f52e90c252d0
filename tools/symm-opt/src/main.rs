// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `mlir-opt` with Symm's dialects and passes.

use std::process::ExitCode;
use symm_transforms::{PASSES, PIPELINES};

fn main() -> ExitCode {
    symm_ir::tool::opt(PASSES, PIPELINES)
}
