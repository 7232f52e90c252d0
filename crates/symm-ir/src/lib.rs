// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Typed operations, contexts, diagnostics, remarks and pass declarations for
//! the dialects `comm`, `c10d` and `symm_mem`, on top of [melior](https://docs.rs/melior).

pub mod cast;
pub mod context;
pub mod diagnostics;
pub mod dialect;
pub mod docs;
pub mod edit;
pub mod flow;
pub mod guard;
pub mod linalg;
pub mod memref;
pub mod pass;
pub mod pattern;
pub mod place;
pub mod remark;
pub mod resource;
pub mod rewriter;
pub mod source;
pub mod symbol;
pub mod text;
pub mod tool;
pub mod value;
pub mod view;
pub mod walk;

pub use melior;
pub use mlir_sys;
