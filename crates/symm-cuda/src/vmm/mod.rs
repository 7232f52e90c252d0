// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Virtual memory management: physical memory, address ranges and the mappings between them, each freed when dropped.
//!
//! A mapping keeps both its memory and its address range alive, so objects may be dropped in any order:
//!
//! ```no_run
//! # fn main() -> symm_cuda::Result<()> {
//! use std::sync::Arc;
//! use symm_cuda::{Device, vmm::{PhysicalAllocation, VirtualReservation}};
//!
//! let (a, b) = (Device::open(0)?, Device::open(1)?);
//! let memory = Arc::new(PhysicalAllocation::new(&a, 1 << 20)?);
//! let range = Arc::new(VirtualReservation::new(&a, memory.bytes())?);
//! let mapping = range.map(0, &memory)?;
//! mapping.allow(&[&a, &b])?; // both GPUs may read and write it
//!
//! // Another process imports the descriptor and maps the same memory.
//! let fd = memory.export()?;
//! # drop(fd); Ok(())
//! # }
//! ```

mod physical;
mod reservation;

pub use physical::PhysicalAllocation;
pub use reservation::{Mapping, VirtualReservation};

use cudarc::driver::sys;

use crate::{driver::Device, error::Result};

/// Returns the granularity in bytes of physical memory on `device`: sizes and offsets of mappings are multiples of it.
///
/// # Errors
///
/// [`Error::Call`](crate::Error::Call) if the driver has no virtual memory management.
pub fn granularity(device: &Device) -> Result<usize> {
    device.bind()?;
    let mut bytes = 0;
    let option = sys::CUmemAllocationGranularity_flags::CU_MEM_ALLOC_GRANULARITY_RECOMMENDED;
    // SAFETY: both pointers are to live locals.
    let code =
        unsafe { sys::cuMemGetAllocationGranularity(&mut bytes, &properties(device), option) };
    device.check("cuMemGetAllocationGranularity", code)?;
    Ok(bytes)
}

/// Describes pinned memory of `device` that can be exported as a POSIX file descriptor.
fn properties(device: &Device) -> sys::CUmemAllocationProp {
    sys::CUmemAllocationProp {
        type_: sys::CUmemAllocationType::CU_MEM_ALLOCATION_TYPE_PINNED,
        requestedHandleTypes:
            sys::CUmemAllocationHandleType::CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR,
        location: location(device),
        win32HandleMetaData: std::ptr::null_mut(),
        allocFlags: sys::CUmemAllocationProp_st__bindgen_ty_1 {
            compressionType: 0,
            gpuDirectRDMACapable: 0,
            usage: 0,
            reserved: [0; 4],
        },
    }
}

/// Names `device` as the driver's memory calls do.
fn location(device: &Device) -> sys::CUmemLocation {
    sys::CUmemLocation {
        type_: sys::CUmemLocationType::CU_MEM_LOCATION_TYPE_DEVICE,
        id: device.ordinal() as i32,
    }
}

/// Rounds `bytes` up to a multiple of `granularity`, at least one.
pub(crate) fn round_up(bytes: usize, granularity: usize) -> usize {
    bytes.max(1).div_ceil(granularity) * granularity
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn sizes_round_up_to_whole_granules() {
        assert_eq!(round_up(0, 2 << 20), 2 << 20);
        assert_eq!(round_up(1, 2 << 20), 2 << 20);
        assert_eq!(round_up(2 << 20, 2 << 20), 2 << 20);
        assert_eq!(round_up((2 << 20) + 1, 2 << 20), 4 << 20);
    }
}
