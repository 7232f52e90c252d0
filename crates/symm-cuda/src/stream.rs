// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Streams: queues of work on one device.

use std::sync::Arc;

use cudarc::driver::{CudaStream, result, sys};

use crate::{driver::Device, error::Result};

/// A queue of work on one device; cloning names the same queue.
#[derive(Clone, Debug)]
pub struct Stream {
    raw: sys::CUstream,
    /// Absent where the stream is somebody else's.
    _owned: Option<Arc<CudaStream>>,
    device: Device,
}

// SAFETY: the driver ties a stream to no thread and guards it by itself.
unsafe impl Send for Stream {}
// SAFETY: as above.
unsafe impl Sync for Stream {}

impl Stream {
    /// Makes a stream that does not wait for the legacy default stream.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn new(device: &Device) -> Result<Self> {
        let owned = device
            .context()
            .new_stream()
            .map_err(|e| device.failed("cuStreamCreate", e))?;
        Ok(Self {
            raw: owned.cu_stream(),
            _owned: Some(owned),
            device: device.clone(),
        })
    }

    /// Borrows a stream that another library owns; dropping the result leaves it alone. Allocates nothing.
    ///
    /// # Safety
    ///
    /// `raw` is a stream of `device`'s primary context and outlives every clone of the result.
    pub unsafe fn borrow(device: &Device, raw: sys::CUstream) -> Self {
        Self {
            raw,
            _owned: None,
            device: device.clone(),
        }
    }

    /// Waits until the work queued so far is done.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) with the error of whichever kernel failed.
    pub fn synchronize(&self) -> Result<()> {
        self.device.bind()?;
        // SAFETY: the stream is alive.
        unsafe { result::stream::synchronize(self.raw) }
            .map_err(|e| self.device.failed("cuStreamSynchronize", e))
    }

    /// Returns whether the work queued so far is done, without waiting.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) with the error of whichever kernel failed.
    pub fn is_done(&self) -> Result<bool> {
        self.device.bind()?;
        // SAFETY: the stream is alive.
        let code = unsafe { sys::cuStreamQuery(self.raw) };
        if code == sys::CUresult::CUDA_ERROR_NOT_READY {
            return Ok(false);
        }
        self.device.check("cuStreamQuery", code).map(|()| true)
    }

    /// Returns whether what is put into the stream becomes part of a graph instead of being run.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses, as it does for the legacy stream while another one is
    /// captured.
    pub fn is_capturing(&self) -> Result<bool> {
        self.device.bind()?;
        let mut status = sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE;
        // SAFETY: the stream is alive, and `status` outlives the call.
        let code = unsafe { sys::cuStreamIsCapturing(self.raw, &mut status) };
        self.device.check("cuStreamIsCapturing", code)?;
        Ok(status != sys::CUstreamCaptureStatus::CU_STREAM_CAPTURE_STATUS_NONE)
    }

    /// Puts a copy of `bytes` bytes between two places of the stream's device into the stream.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    ///
    /// # Safety
    ///
    /// Both ranges are memory of the device, do not overlap, and stay valid until the stream has run the copy.
    pub unsafe fn copy(
        &self,
        to: sys::CUdeviceptr,
        from: sys::CUdeviceptr,
        bytes: usize,
    ) -> Result<()> {
        self.device.bind()?;
        // SAFETY: the caller vouches for the ranges; the stream is alive.
        unsafe { result::memcpy_dtod_async(to, from, bytes, self.raw) }
            .map_err(|e| self.device.failed("cuMemcpyDtoDAsync", e))
    }

    /// Returns the device of the stream.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Returns the driver's handle, for other libraries; it stays owned by this object.
    pub fn raw(&self) -> sys::CUstream {
        self.raw
    }
}
