// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Passes over the dialects `comm`, `c10d` and `symm_mem`: one pass per folder,
//! one pattern per file.

pub mod lower_comm;

use symm_ir::pass::{PassDef, PipelineDef};

/// Every pass of this crate, sorted by argument.
pub static PASSES: &[&PassDef] = &[&lower_comm::LOWER_COMM];

/// Every pipeline of this crate, sorted by argument.
pub static PIPELINES: &[&PipelineDef] = &[];
