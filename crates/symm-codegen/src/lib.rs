// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! From lowered modules to objects and artifacts.

mod builtins;
pub mod compile;
mod cuda;
pub mod error;
pub mod gpu;
mod libm;
mod link;
pub mod lower;
mod manifest;
mod native;
pub mod target;
