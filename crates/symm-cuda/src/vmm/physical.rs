// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Physical device memory, exportable to other processes.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use cudarc::driver::sys;

use super::{granularity, properties, round_up};
use crate::{driver::Device, error::Result};

/// Physical memory of one device, without an address until it is mapped.
///
/// The driver counts references: the memory goes when the last handle and the last mapping of any process are gone.
#[derive(Debug)]
pub struct PhysicalAllocation {
    handle: sys::CUmemGenericAllocationHandle,
    bytes: usize,
    device: Device,
}

impl PhysicalAllocation {
    /// Allocates at least `bytes` bytes on `device`, rounded up to the device's granularity, exportable as a file descriptor.
    ///
    /// The content is undefined.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if memory is short or the driver cannot export memory.
    pub fn new(device: &Device, bytes: usize) -> Result<Self> {
        let bytes = round_up(bytes, granularity(device)?);
        let mut handle = 0;
        // SAFETY: the pointers are to live locals; `bytes` is a multiple of the granularity of these properties.
        let code = unsafe { sys::cuMemCreate(&mut handle, bytes, &properties(device), 0) };
        device.check("cuMemCreate", code)?;
        Ok(Self {
            handle,
            bytes,
            device: device.clone(),
        })
    }

    /// Takes hold of memory that another process, or this one, exported; `bytes` is its size there.
    ///
    /// `device` is where it will be used; the memory itself may belong to a peer. The descriptor is closed.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the descriptor is no exported memory or its device is hidden from this process.
    pub fn import(device: &Device, fd: OwnedFd, bytes: usize) -> Result<Self> {
        device.bind()?;
        let mut handle = 0;
        let kind = sys::CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        // SAFETY: the driver takes the descriptor by value in the pointer's place and duplicates what it needs.
        let code = unsafe {
            sys::cuMemImportFromShareableHandle(
                &mut handle,
                fd.as_raw_fd() as usize as *mut _,
                kind,
            )
        };
        device.check("cuMemImportFromShareableHandle", code)?;
        Ok(Self {
            handle,
            bytes,
            device: device.clone(),
        })
    }

    /// Exports the memory as a file descriptor that another process may [`import`](Self::import).
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn export(&self) -> Result<OwnedFd> {
        self.device.bind()?;
        let mut fd: i32 = -1;
        let kind = sys::CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        // SAFETY: for this kind of handle the driver writes one `int` through the pointer.
        let code = unsafe {
            sys::cuMemExportToShareableHandle((&raw mut fd).cast(), self.handle, kind, 0)
        };
        self.device.check("cuMemExportToShareableHandle", code)?;
        // SAFETY: on success the driver hands over a fresh descriptor that nobody else owns.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Returns the size in bytes, a multiple of the device's granularity.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the device the handle was made on or imported for.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the driver's handle, owned by this object.
    pub(super) fn handle(&self) -> sys::CUmemGenericAllocationHandle {
        self.handle
    }
}

impl Drop for PhysicalAllocation {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and released once; mappings hold references of their own.
        let code = unsafe { sys::cuMemRelease(self.handle) };
        if let Err(error) = self.device.check("cuMemRelease", code) {
            tracing::warn!(%error, "physical memory was not released");
        }
    }
}
