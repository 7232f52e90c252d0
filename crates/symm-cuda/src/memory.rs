// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Plain device memory, pinned host memory, and copies between them.

use std::{
    ptr::NonNull,
    sync::atomic::{AtomicU32, AtomicU64},
};

use cudarc::driver::{result, sys};

use crate::{
    driver::Device,
    error::{Error, Result},
    stream::Stream,
};

/// Ordinary memory of one device, which no peer addresses.
#[derive(Debug)]
pub struct DeviceMemory {
    address: sys::CUdeviceptr,
    bytes: usize,
    device: Device,
}

impl DeviceMemory {
    /// Allocates `bytes` bytes filled with zeros.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if memory is short.
    pub fn zeroed(device: &Device, bytes: usize) -> Result<Self> {
        device.bind()?;
        // SAFETY: a context is current; the driver refuses zero bytes, so at least one is asked for.
        let address = unsafe { result::malloc_sync(bytes.max(1)) }
            .map_err(|e| device.failed("cuMemAlloc", e))?;
        let memory = Self {
            address,
            bytes,
            device: device.clone(),
        };
        fill(device, address, 0, bytes)?;
        Ok(memory)
    }

    /// Returns the address of the first byte.
    pub fn address(&self) -> sys::CUdeviceptr {
        self.address
    }

    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies `from` to `offset` bytes into the memory and waits for the copy.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if it does not fit, [`Error::Call`] if the driver refuses.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result<()> {
        in_range("a copy to the device", offset, from.len(), self.bytes)?;
        write(&self.device, self.address + offset as u64, from)
    }

    /// Copies from `offset` bytes into the memory to `to` and waits for the copy.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if less is there, [`Error::Call`] if the driver refuses.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> Result<()> {
        in_range("a copy from the device", offset, to.len(), self.bytes)?;
        read(&self.device, self.address + offset as u64, to)
    }
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        let freed = self.device.bind().and_then(|()| {
            // SAFETY: the memory is ours and freed once; the driver waits for work of the context that uses it.
            unsafe { result::free_sync(self.address) }
                .map_err(|e| self.device.failed("cuMemFree", e))
        });
        if let Err(error) = freed {
            tracing::warn!(%error, "device memory was not freed");
        }
    }
}

/// Pinned host memory that every device of the process can address.
///
/// The owner keeps it until the work that uses it is done.
#[derive(Debug)]
pub struct HostMapped {
    host: NonNull<u8>,
    mapped: sys::CUdeviceptr,
    bytes: usize,
    device: Device,
}

// SAFETY: the memory is tied to no thread, and it is reached through atomics only.
unsafe impl Send for HostMapped {}
// SAFETY: as above.
unsafe impl Sync for HostMapped {}

impl HostMapped {
    /// Allocates `bytes` bytes of pinned memory, zeroed and aligned to a page.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if memory is short or may not be locked.
    pub fn new(device: &Device, bytes: usize) -> Result<Self> {
        device.bind()?;
        let flags = sys::CU_MEMHOSTALLOC_PORTABLE | sys::CU_MEMHOSTALLOC_DEVICEMAP;
        // SAFETY: a context is current.
        let host = unsafe { result::malloc_host(bytes.max(8), flags) }
            .map_err(|e| device.failed("cuMemHostAlloc", e))?;
        // SAFETY: the driver has just handed out that many bytes, which nobody else knows yet.
        unsafe { host.cast::<u8>().write_bytes(0, bytes.max(8)) };
        let mut mapped = 0;
        // SAFETY: `host` was allocated with `DEVICEMAP`; `mapped` outlives the call.
        let code = unsafe { sys::cuMemHostGetDevicePointer_v2(&mut mapped, host, 0) };
        let host = NonNull::new(host.cast()).expect("the driver returns an address on success");
        let page = Self {
            host,
            mapped,
            bytes,
            device: device.clone(),
        };
        device.check("cuMemHostGetDevicePointer", code)?;
        Ok(page)
    }

    /// Returns the address that kernels use for `len` bytes at `offset`.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if they lie outside.
    pub fn device_address(&self, offset: usize, len: usize) -> Result<sys::CUdeviceptr> {
        in_range("a word of pinned memory", offset, len, self.bytes)?;
        Ok(self.mapped + offset as u64)
    }

    /// Puts a copy of `len` bytes at `offset` to device memory into `stream`; neither waits nor needs a multiprocessor.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if they lie outside, [`Error::Call`] if the driver refuses.
    ///
    /// # Safety
    ///
    /// `to` is memory that the stream's device may write, of at least `len` bytes. It stays mapped until the stream has
    /// run the copy, and so does this memory.
    pub unsafe fn send(
        &self,
        stream: &Stream,
        (offset, len): (usize, usize),
        to: sys::CUdeviceptr,
    ) -> Result<()> {
        in_range("a copy from pinned memory", offset, len, self.bytes)?;
        stream.device().bind()?;
        let from = self.host.as_ptr().wrapping_add(offset).cast();
        // SAFETY: the source lies inside the allocation; the caller vouches for the rest.
        let code = unsafe { sys::cuMemcpyHtoDAsync_v2(to, from, len, stream.raw()) };
        stream.device().check("cuMemcpyHtoDAsync", code)
    }

    /// Returns the 32-bit word at `offset`, shared with the device.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if it lies outside or is not aligned.
    pub fn word32(&self, offset: usize) -> Result<&AtomicU32> {
        self.word(offset, 4).map(|at| {
            // SAFETY: `word` has checked bounds and alignment; the memory lives as long as `self` and is only
            // ever reached through atomics on the host.
            unsafe { AtomicU32::from_ptr(at.as_ptr().cast()) }
        })
    }

    /// Returns all whole 32-bit words, shared with the device.
    pub fn words32(&self) -> &[AtomicU32] {
        // SAFETY: the allocation is aligned to a page, has that many words, and lives as long as `self`; the host only
        // ever reaches it through atomics.
        unsafe { std::slice::from_raw_parts(self.host.as_ptr().cast(), self.bytes / 4) }
    }

    /// Returns the 64-bit word at `offset`, shared with the device.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if it lies outside or is not aligned.
    pub fn word64(&self, offset: usize) -> Result<&AtomicU64> {
        self.word(offset, 8).map(|at| {
            // SAFETY: as for `word32`.
            unsafe { AtomicU64::from_ptr(at.as_ptr().cast()) }
        })
    }

    fn word(&self, offset: usize, len: usize) -> Result<NonNull<u8>> {
        in_range("a word of pinned memory", offset, len, self.bytes)?;
        if !offset.is_multiple_of(len) {
            return Err(Error::Range {
                what: "an aligned word",
                offset,
                len,
                size: self.bytes,
            });
        }
        // SAFETY: the offset lies inside the allocation.
        Ok(unsafe { self.host.add(offset) })
    }
}

impl Drop for HostMapped {
    fn drop(&mut self) {
        let freed = self.device.bind().and_then(|()| {
            // SAFETY: the memory is ours and freed once; by the type's contract no work uses it any more.
            unsafe { result::free_host(self.host.as_ptr().cast()) }
                .map_err(|e| self.device.failed("cuMemFreeHost", e))
        });
        if let Err(error) = freed {
            tracing::warn!(%error, "pinned memory was not freed");
        }
    }
}

/// Fills `bytes` bytes at `address` with `value` and waits.
pub(crate) fn fill(
    device: &Device,
    address: sys::CUdeviceptr,
    value: u8,
    bytes: usize,
) -> Result<()> {
    if bytes == 0 {
        return Ok(());
    }
    device.bind()?;
    // SAFETY: callers of this crate pass ranges of memory they own.
    unsafe { result::memset_d8_sync(address, value, bytes) }
        .map_err(|e| device.failed("cuMemsetD8", e))?;
    device.synchronize()
}

/// Copies `from` to device memory and waits.
pub(crate) fn write(device: &Device, address: sys::CUdeviceptr, from: &[u8]) -> Result<()> {
    if from.is_empty() {
        return Ok(());
    }
    device.bind()?;
    // SAFETY: callers of this crate pass ranges of memory they own.
    unsafe { result::memcpy_htod_sync(address, from) }
        .map_err(|e| device.failed("cuMemcpyHtoD", e))?;
    // A copy from pageable memory may return before the device has it.
    device.synchronize()
}

/// Copies device memory to `to` and waits.
pub(crate) fn read(device: &Device, address: sys::CUdeviceptr, to: &mut [u8]) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    device.bind()?;
    // SAFETY: callers of this crate pass ranges of memory they own.
    unsafe { result::memcpy_dtoh_sync(to, address) }.map_err(|e| device.failed("cuMemcpyDtoH", e))
}

/// Checks that `len` bytes at `offset` lie within `size`.
pub(crate) fn in_range(what: &'static str, offset: usize, len: usize, size: usize) -> Result<()> {
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Error::Range {
            what,
            offset,
            len,
            size,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::in_range;

    #[test]
    fn ranges_end_where_the_memory_does() {
        assert!(in_range("a copy", 4, 4, 8).is_ok());
        assert!(in_range("a copy", 8, 0, 8).is_ok());
        assert!(in_range("a copy", 5, 4, 8).is_err());
        assert!(in_range("a copy", usize::MAX, 2, 8).is_err());
    }
}
