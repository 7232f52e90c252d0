// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The dialects `comm`, `c10d` and `symm_mem`: typed operations generated from
//! their ODS, and their attributes.

mod attribute;
mod collective;

pub use self::{
    attribute::{MemOrder, Protocol, ReduceOp, SYMM_MEM, symm_mem_attribute, symm_mem_group},
    collective::Collective,
};

use mlir_sys::{MlirDialectRegistry, mlirDialectHandleInsertDialect};
/// The handles of the dialects, for [`PassDef`](crate::pass::PassDef).
pub use symm_sys::{
    mlirGetDialectHandle__c10d__, mlirGetDialectHandle__comm__, mlirGetDialectHandle__symm_mem__,
};

#[allow(missing_docs)]
mod ods {
    melior::dialect! {
        name: "comm",
        files: ["symm/comm/CommOps.td"],
        include_directory_env_vars: ["SYMM_TD_DIR"],
    }
    melior::dialect! {
        name: "c10d",
        files: ["symm/c10d/C10d.td"],
        include_directory_env_vars: ["SYMM_TD_DIR"],
    }
    melior::dialect! {
        name: "symm_mem",
        files: ["symm/symm_mem/SymmMem.td"],
        include_directory_env_vars: ["SYMM_TD_DIR"],
    }
}

pub use ods::{c_10_d as c10d, comm, symm_mem};

/// Adds Symm's dialects to a registry.
///
/// # Safety
///
/// The registry must be valid.
pub unsafe extern "C" fn register(registry: MlirDialectRegistry) {
    // SAFETY: the caller promises a valid registry; a handle function has no
    // preconditions.
    unsafe {
        for handle in [
            mlirGetDialectHandle__comm__(),
            mlirGetDialectHandle__c10d__(),
            mlirGetDialectHandle__symm_mem__(),
        ] {
            mlirDialectHandleInsertDialect(handle, registry);
        }
    }
}
