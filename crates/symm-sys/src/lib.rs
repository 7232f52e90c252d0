// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Raw bindings to the `comm`, `c10d` and `symm_mem` dialects and to the shims
//! over MLIR's C++ API. The headers in `dialects/` document each item; the safe
//! layer is the crate `symm-ir`.

mod bindings {
    #![allow(
        missing_docs,
        non_camel_case_types,
        non_snake_case,
        non_upper_case_globals,
        clippy::all
    )]

    use mlir_sys::*;

    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

pub use bindings::*;
