// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Matrix products by cuBLASLt, loaded when a program first needs it.
//!
//! A [`Plan`] is made once per product that a program has: descriptors, algorithm and all. Running it allocates nothing and
//! waits for nothing. cudarc panics when the library is missing, so everything here comes through [`Blas::new`] first.

mod descriptors;
mod plan;

pub use plan::{Plan, Stored, operands};

use std::{env, sync::OnceLock};

use cudarc::cublaslt::{result, sys};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use crate::{Device, memory::DeviceMemory};

/// Bytes of workspace that algorithms may use; what cuBLAS itself reserves on sm_90.
pub const WORKSPACE_BYTES: usize = 32 << 20;

/// Why cuBLASLt cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlasError {
    /// The library is not on this machine.
    #[error(
        "cuBLASLt could not be loaded; install CUDA's libcublasLt.so.12 or set SYMM_CUBLASLT_LIBRARY to it"
    )]
    Absent,
    /// A call failed.
    #[error("{call} failed: {status:?}")]
    Call {
        /// What was called.
        call: &'static str,
        /// cuBLAS's code.
        status: sys::cublasStatus_t,
    },
    /// The driver refused something around the call.
    #[error(transparent)]
    Cuda(#[from] crate::Error),
}

/// Names the call that a result is of.
fn named<T>(call: &'static str, done: Result<T, result::CublasError>) -> Result<T, BlasError> {
    done.map_err(|error| BlasError::Call {
        call,
        status: error.0,
    })
}

/// Finds the library, once.
fn load() -> Result<(), BlasError> {
    static PRESENT: OnceLock<bool> = OnceLock::new();
    let present = PRESENT.get_or_init(|| {
        if let Some(path) = env::var_os("SYMM_CUBLASLT_LIBRARY") {
            // SAFETY: loading cuBLASLt runs its initialisers, which have no preconditions.
            match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_GLOBAL) } {
                // cudarc finds by its name what is loaded already; it must stay so.
                Ok(library) => std::mem::forget(library),
                Err(error) => tracing::warn!(%error, "SYMM_CUBLASLT_LIBRARY"),
            }
        }
        // SAFETY: as above.
        unsafe { sys::is_culib_present() }
    });
    if *present {
        Ok(())
    } else {
        Err(BlasError::Absent)
    }
}

/// cuBLASLt on one device, with the workspace that all plans of one stream share.
#[derive(Debug)]
pub struct Blas {
    handle: sys::cublasLtHandle_t,
    workspace: DeviceMemory,
    device: Device,
}

// SAFETY: cuBLASLt's handle may be used from any thread.
unsafe impl Send for Blas {}

impl Blas {
    /// Opens the library on a device.
    ///
    /// # Errors
    ///
    /// [`BlasError::Absent`] without the library, [`BlasError::Call`] or [`BlasError::Cuda`] if memory is short.
    pub fn new(device: &Device) -> Result<Self, BlasError> {
        load()?;
        device.bind()?;
        let workspace = DeviceMemory::zeroed(device, WORKSPACE_BYTES)?;
        let handle = named("cublasLtCreate", result::create_handle())?;
        Ok(Self {
            handle,
            workspace,
            device: device.clone(),
        })
    }
}

impl Drop for Blas {
    fn drop(&mut self) {
        let _ = self.device.bind();
        // SAFETY: the handle is ours and destroyed once.
        if let Err(error) = unsafe { result::destroy_handle(self.handle) } {
            tracing::warn!(%error, "a cuBLASLt handle was not destroyed");
        }
    }
}
