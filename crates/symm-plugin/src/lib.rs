// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The plugin for stock `mlir-opt`: Symm's dialects through
//! `--load-dialect-plugin`, its passes through `--load-pass-plugin` and
//! `--pass-pipeline`.

use std::ffi::{CStr, c_char};
use symm_ir::mlir_sys::MlirDialectRegistry;
use symm_transforms::{PASSES, PIPELINES};

const API_VERSION: u32 = 1;
const NAME: &CStr = c"symm";
const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no NUL inside"),
    };

/// What MLIR asks of a plugin: the layout of `mlir::PassPluginLibraryInfo` and
/// `mlir::DialectPluginLibraryInfo`, which differ in the callback only.
#[repr(C)]
pub struct PluginInfo<Callback> {
    api_version: u32,
    name: *const c_char,
    version: *const c_char,
    register: Callback,
}

impl<Callback> PluginInfo<Callback> {
    const fn new(register: Callback) -> Self {
        Self {
            api_version: API_VERSION,
            name: NAME.as_ptr(),
            version: VERSION.as_ptr(),
            register,
        }
    }
}

/// Tells MLIR how to register the passes.
#[unsafe(no_mangle)]
pub extern "C" fn mlirGetPassPluginInfo() -> PluginInfo<extern "C" fn()> {
    extern "C" fn register() {
        symm_ir::tool::register(PASSES, PIPELINES);
    }
    PluginInfo::new(register)
}

/// Tells MLIR how to register the dialects.
#[unsafe(no_mangle)]
pub extern "C" fn mlirGetDialectPluginInfo() -> PluginInfo<unsafe extern "C" fn(MlirDialectRegistry)>
{
    // A `DialectRegistry *` and the struct of one pointer that the C API wraps it
    // in are passed alike.
    PluginInfo::new(symm_ir::dialect::register)
}
