// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Compiles programs and runs them on CPU ranks, for tests that compare them with
//! the oracle.

mod compare;
mod compile;
mod data;
mod run;

pub use self::{
    compare::difference,
    compile::{artifact, compile},
    data::random,
    run::{Call, run, try_run},
};
