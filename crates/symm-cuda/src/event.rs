// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Events: points in a stream that can be awaited and timed.

use cudarc::driver::{CudaEvent, result, sys};

use crate::{driver::Device, error::Result, stream::Stream};

/// A point in a stream, with a time stamp.
#[derive(Debug)]
pub struct Event {
    inner: CudaEvent,
    device: Device,
}

impl Event {
    /// Makes an event that records time stamps.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn new(device: &Device) -> Result<Self> {
        let flags = sys::CUevent_flags::CU_EVENT_DEFAULT;
        let inner = device
            .context()
            .new_event(Some(flags))
            .map_err(|e| device.failed("cuEventCreate", e))?;
        Ok(Self {
            inner,
            device: device.clone(),
        })
    }

    /// Places the event behind the work queued so far in `stream`.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the stream belongs to another device.
    pub fn record(&self, stream: &Stream) -> Result<()> {
        self.device.bind()?;
        // SAFETY: event and stream are alive.
        unsafe { result::event::record(self.inner.cu_event(), stream.raw()) }
            .map_err(|e| self.device.failed("cuEventRecord", e))
    }

    /// Makes later work of `stream`, on any device, wait for the event.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn block(&self, stream: &Stream) -> Result<()> {
        let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
        stream.device().bind()?;
        // SAFETY: event and stream are alive.
        unsafe { result::stream::wait_event(stream.raw(), self.inner.cu_event(), flags) }
            .map_err(|e| self.device.failed("cuStreamWaitEvent", e))
    }

    /// Waits on the host until the event has happened.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) with the error of whichever kernel failed before it.
    pub fn synchronize(&self) -> Result<()> {
        self.inner
            .synchronize()
            .map_err(|e| self.device.failed("cuEventSynchronize", e))
    }

    /// Returns whether the event has happened, without waiting; true if it was never recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) with the error of whichever kernel failed before it.
    pub fn is_done(&self) -> Result<bool> {
        self.inner
            .try_is_complete()
            .map_err(|e| self.device.failed("cuEventQuery", e))
    }

    /// Waits for both events and returns the time from `self` to `end` in microseconds.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if an event was not recorded or belongs to another device.
    pub fn elapsed_us(&self, end: &Event) -> Result<f64> {
        let ms = self
            .inner
            .elapsed_ms(&end.inner)
            .map_err(|e| self.device.failed("cuEventElapsedTime", e))?;
        Ok(f64::from(ms) * 1e3)
    }
}
