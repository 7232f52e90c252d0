// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The dialects `comm`, `c10d` and `symm_mem`.

use mlir_sys::MlirDialectRegistry;

/// Adds Symm's dialects to a registry.
///
/// # Safety
///
/// The registry must be valid.
pub unsafe extern "C" fn register(_registry: MlirDialectRegistry) {}
