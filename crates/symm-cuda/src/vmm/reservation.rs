// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Address ranges and the mappings in them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use cudarc::driver::sys;

use super::{PhysicalAllocation, granularity, location, round_up};
use crate::{
    driver::Device,
    error::{Error, Result},
};

/// A range of device addresses with nothing behind it until memory is mapped.
#[derive(Debug)]
pub struct VirtualReservation {
    base: sys::CUdeviceptr,
    bytes: usize,
    device: Device,
    taken: Mutex<Taken>,
}

impl VirtualReservation {
    /// Reserves at least `bytes` bytes of addresses, rounded up to `device`'s granularity.
    ///
    /// The addresses are valid on every device of the process once [`Mapping::allow`] says so.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the address space is short.
    pub fn new(device: &Device, bytes: usize) -> Result<Self> {
        let bytes = round_up(bytes, granularity(device)?);
        let mut base = 0;
        // SAFETY: `base` outlives the call; no fixed address is asked for.
        let code = unsafe { sys::cuMemAddressReserve(&mut base, bytes, 0, 0, 0) };
        device.check("cuMemAddressReserve", code)?;
        Ok(Self {
            base,
            bytes,
            device: device.clone(),
            taken: Mutex::default(),
        })
    }

    /// Maps the whole of `memory` at `offset` bytes into the range.
    ///
    /// No device may touch the mapping before [`Mapping::allow`].
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if it does not fit or overlaps another mapping, [`Error::Call`] if the driver refuses.
    pub fn map(
        self: &Arc<Self>,
        offset: usize,
        memory: &Arc<PhysicalAllocation>,
    ) -> Result<Mapping> {
        let bytes = memory.bytes();
        self.taken().take(offset, bytes, self.bytes)?;
        // SAFETY: the range was reserved by us, and `take` has shown that it is free and inside the reservation.
        let code = unsafe { sys::cuMemMap(self.at(offset), bytes, 0, memory.handle(), 0) };
        if let Err(error) = self.device.check("cuMemMap", code) {
            self.taken().give(offset);
            return Err(error);
        }
        Ok(Mapping {
            offset,
            range: self.clone(),
            memory: memory.clone(),
        })
    }

    /// Returns the first address.
    pub fn base(&self) -> sys::CUdeviceptr {
        self.base
    }

    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn at(&self, offset: usize) -> sys::CUdeviceptr {
        self.base + offset as sys::CUdeviceptr
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for VirtualReservation {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and every mapping holds an `Arc` of it, so none is left.
        let code = unsafe { sys::cuMemAddressFree(self.base, self.bytes) };
        if let Err(error) = self.device.check("cuMemAddressFree", code) {
            tracing::warn!(%error, "an address range was not freed");
        }
    }
}

/// Physical memory at an address; unmapped when dropped.
///
/// Whoever launched work that uses the address waits for it before the mapping is dropped.
#[derive(Debug)]
pub struct Mapping {
    offset: usize,
    range: Arc<VirtualReservation>,
    memory: Arc<PhysicalAllocation>,
}

impl Mapping {
    /// Lets each of `devices` read and write the mapping.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if a device has no peer access to the memory's owner.
    pub fn allow(&self, devices: &[&Device]) -> Result<()> {
        let access: Vec<_> = devices
            .iter()
            .map(|device| sys::CUmemAccessDesc {
                location: location(device),
                flags: sys::CUmemAccess_flags::CU_MEM_ACCESS_FLAGS_PROT_READWRITE,
            })
            .collect();
        // SAFETY: the range is mapped by us; `access` holds as many descriptions as its length says.
        let code = unsafe {
            sys::cuMemSetAccess(self.address(), self.bytes(), access.as_ptr(), access.len())
        };
        let device = devices.first().copied().unwrap_or(&self.range.device);
        device.check("cuMemSetAccess", code)
    }

    /// Returns the address of the first byte.
    pub fn address(&self) -> sys::CUdeviceptr {
        self.range.at(self.offset)
    }

    /// Returns the size in bytes.
    pub fn bytes(&self) -> usize {
        self.memory.bytes()
    }

    /// Returns the memory behind the mapping.
    pub fn memory(&self) -> &Arc<PhysicalAllocation> {
        &self.memory
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by us and is unmapped once; no work uses it, as the type's contract says.
        let code = unsafe { sys::cuMemUnmap(self.address(), self.bytes()) };
        match self.range.device.check("cuMemUnmap", code) {
            Ok(()) => self.range.taken().give(self.offset),
            Err(error) => tracing::warn!(%error, "a mapping was not removed"),
        }
    }
}

/// Which parts of a reservation are mapped: offset → length.
#[derive(Debug, Default)]
struct Taken(BTreeMap<usize, usize>);

impl Taken {
    /// Claims `len` bytes at `offset` out of `size`.
    fn take(&mut self, offset: usize, len: usize, size: usize) -> Result<()> {
        let refused = |what| {
            Err(Error::Range {
                what,
                offset,
                len,
                size,
            })
        };
        let Some(end) = offset.checked_add(len).filter(|end| *end <= size) else {
            return refused("a mapping");
        };
        let before = self.0.range(..end).next_back();
        if before.is_some_and(|(start, length)| start + length > offset) {
            return refused("a mapping that overlaps no other");
        }
        self.0.insert(offset, len);
        Ok(())
    }

    /// Gives back what was claimed at `offset`.
    fn give(&mut self, offset: usize) {
        self.0.remove(&offset);
    }
}

#[cfg(test)]
mod tests {
    use super::Taken;

    #[test]
    fn mappings_neither_overlap_nor_stick_out() {
        let mut taken = Taken::default();
        taken.take(4, 4, 16).unwrap();
        taken.take(0, 4, 16).unwrap();
        taken.take(8, 8, 16).unwrap();
        for (offset, len) in [(0, 1), (3, 2), (7, 1), (15, 1), (0, 16)] {
            assert!(
                taken.take(offset, len, 16).is_err(),
                "{offset}+{len} overlaps"
            );
        }
        taken.give(4);
        assert!(taken.take(4, 5, 16).is_err());
        taken.take(5, 3, 16).unwrap();
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        let error = Taken::default().take(usize::MAX, 2, 16).unwrap_err();
        assert!(error.to_string().contains("within 16 bytes"), "{error}");
        assert!(Taken::default().take(16, 1, 16).is_err());
    }
}
