// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Laws of the protocols, looked up in the PTX that LLVM wrote.
use symm_abi::gpu::KernelSpec;

/// A law that PTX breaks.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Violation;
/// lint
pub fn lint(_spec: &KernelSpec, _ptx: &str) -> Vec<Violation> {
    Vec::new()
}
