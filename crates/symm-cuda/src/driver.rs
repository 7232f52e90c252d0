// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Finding the driver without panicking, and opening devices.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, OnceLock},
};

use cudarc::driver::{CudaContext, DriverError, result, sys};

use crate::error::{Error, Result};

/// The oldest driver that has every entry point this crate calls: CUDA 12.4, for `cuFuncLoad`.
pub const OLDEST_DRIVER: i32 = 12040;

/// Returns the driver's CUDA version (1000·major + 10·minor), loading and initialising it on the first call.
///
/// cudarc panics when the library or a symbol is missing, so everything in this crate comes through here first.
///
/// # Errors
///
/// [`Error::NoDriver`] without `libcuda`, [`Error::OldDriver`] when entry points would be missing,
/// [`Error::NoDevice`] when no GPU is visible, [`Error::Call`] when initialisation fails otherwise.
pub fn version() -> Result<i32> {
    static PROBED: OnceLock<std::result::Result<i32, Probe>> = OnceLock::new();
    match PROBED.get_or_init(probe) {
        Ok(version) => Ok(*version),
        Err(Probe::Absent) => Err(Error::NoDriver),
        Err(Probe::Old(found)) => Err(Error::OldDriver {
            needed: OLDEST_DRIVER,
            found: *found,
        }),
        Err(Probe::Failed(_, sys::CUresult::CUDA_ERROR_NO_DEVICE)) => Err(Error::NoDevice),
        Err(Probe::Failed(call, code)) => Err(Error::call(call, -1, *code)),
    }
}

/// Why the driver cannot be used; kept so that every later call answers the same.
enum Probe {
    Absent,
    Old(i32),
    Failed(&'static str, sys::CUresult),
}

fn probe() -> std::result::Result<i32, Probe> {
    // SAFETY: loading libcuda runs its initialisers, which have no preconditions.
    if !unsafe { sys::is_culib_present() } {
        return Err(Probe::Absent);
    }
    let mut version = 0;
    // SAFETY: `version` outlives the call; the entry point exists in every libcuda and needs no initialisation.
    let code = unsafe { sys::cuDriverGetVersion(&mut version) };
    code.result()
        .map_err(|e| Probe::Failed("cuDriverGetVersion", e.0))?;
    if version < OLDEST_DRIVER {
        return Err(Probe::Old(version));
    }
    result::init().map_err(|e| Probe::Failed("cuInit", e.0))?;
    Ok(version)
}

/// A GPU that this process can see; nothing is set up on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Gpu {
    ordinal: usize,
    raw: sys::CUdevice,
}

impl Gpu {
    /// Returns how many GPUs this process can see.
    ///
    /// # Errors
    ///
    /// Those of [`version`].
    pub fn count() -> Result<usize> {
        version()?;
        let count = result::device::get_count();
        let count = count.map_err(|e| Error::call("cuDeviceGetCount", -1, e.0))?;
        Ok(count.max(0) as usize)
    }

    /// Returns the GPU with this ordinal.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDevice`] if the ordinal is too large, and those of [`version`].
    pub fn get(ordinal: usize) -> Result<Self> {
        let present = Self::count()?;
        if ordinal >= present {
            let asked = ordinal;
            return Err(Error::NoSuchDevice { asked, present });
        }
        let raw = result::device::get(ordinal as i32);
        let raw = raw.map_err(|e| Error::call("cuDeviceGet", ordinal as i32, e.0))?;
        Ok(Self { ordinal, raw })
    }

    /// Returns every GPU that this process can see, in order.
    ///
    /// # Errors
    ///
    /// Those of [`version`].
    pub fn all() -> Result<Vec<Self>> {
        (0..Self::count()?).map(Self::get).collect()
    }

    /// Returns the ordinal in this process.
    pub fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// Returns the name, such as `NVIDIA H100 80GB HBM3`.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn name(&self) -> Result<String> {
        result::device::get_name(self.raw).map_err(|e| self.failed("cuDeviceGetName", e))
    }

    /// Returns the UUID, which names the same GPU in every process of the host.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn uuid(&self) -> Result<Uuid> {
        let uuid = result::device::get_uuid(self.raw);
        let uuid = uuid.map_err(|e| self.failed("cuDeviceGetUuid", e))?;
        Ok(Uuid(uuid.bytes.map(|b| b as u8)))
    }

    /// Returns the compute capability, (9, 0) for sm_90.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn compute_capability(&self) -> Result<(i32, i32)> {
        use sys::CUdevice_attribute::{
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR as MAJOR,
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR as MINOR,
        };
        Ok((self.attribute(MAJOR)?, self.attribute(MINOR)?))
    }

    /// Returns an attribute.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver does not know it.
    pub fn attribute(&self, attribute: sys::CUdevice_attribute) -> Result<i32> {
        // SAFETY: the handle came from the driver.
        let value = unsafe { result::device::get_attribute(self.raw, attribute) };
        value.map_err(|e| self.failed("cuDeviceGetAttribute", e))
    }

    /// Returns the driver's handle.
    pub(crate) fn raw(&self) -> sys::CUdevice {
        self.raw
    }

    /// Turns the code of `call` into a result that names this device.
    pub(crate) fn check(&self, call: &'static str, code: sys::CUresult) -> Result<()> {
        code.result().map_err(|e| self.failed(call, e))
    }

    /// Describes a failure of `call` on this device.
    pub(crate) fn failed(&self, call: &'static str, error: DriverError) -> Error {
        Error::call(call, self.ordinal as i32, error.0)
    }
}

impl fmt::Debug for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gpu({})", self.ordinal)
    }
}

/// A GPU with its primary context, which PyTorch, NCCL and the CUDA runtime share.
///
/// Cloning is cheap; the context lives until the last clone and the last object made from it are gone.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    gpu: Gpu,
    context: Arc<CudaContext>,
}

impl Device {
    /// Opens the GPU with this ordinal and retains its primary context.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchDevice`] if the ordinal is too large, and those of [`version`].
    pub fn open(ordinal: usize) -> Result<Self> {
        let gpu = Gpu::get(ordinal)?;
        let context = CudaContext::new(ordinal);
        let context = context.map_err(|e| gpu.failed("cuDevicePrimaryCtxRetain", e))?;
        // SAFETY: buffers of this crate are ordered by the caller's streams, not by cudarc's per-slice events.
        unsafe { context.disable_event_tracking() };
        Ok(Self { gpu, context })
    }

    /// Opens every visible GPU, in order.
    ///
    /// # Errors
    ///
    /// Those of [`Device::open`].
    pub fn all() -> Result<Vec<Self>> {
        (0..Gpu::count()?).map(Self::open).collect()
    }

    /// Returns the free and the total device memory in bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn memory(&self) -> Result<(usize, usize)> {
        let info = self.context.mem_get_info();
        info.map_err(|e| self.failed("cuMemGetInfo", e))
    }

    /// Waits until all work of the device's context is done.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] with the error of whichever kernel failed.
    pub fn synchronize(&self) -> Result<()> {
        let done = self.context.synchronize();
        done.map_err(|e| self.failed("cuCtxSynchronize", e))
    }

    /// Returns cudarc's context, for callers that go on with cudarc itself.
    pub fn context(&self) -> &Arc<CudaContext> {
        &self.context
    }

    /// Makes the device's context current on this thread.
    pub(crate) fn bind(&self) -> Result<()> {
        let bound = self.context.bind_to_thread();
        bound.map_err(|e| self.failed("cuCtxSetCurrent", e))
    }
}

impl Deref for Device {
    type Target = Gpu;

    fn deref(&self) -> &Gpu {
        &self.gpu
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({})", self.ordinal())
    }
}

/// The UUID of a GPU, the same in every process of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uuid(pub [u8; 16]);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GPU-")?;
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_print_as_nvidia_smi_does() {
        let uuid = Uuid(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\xff");
        assert_eq!(uuid.to_string(), "GPU-00010203-0405-0607-0809-0a0b0c0d0eff");
    }

    #[test]
    fn an_absent_driver_is_an_error_and_stays_one() {
        for _ in 0..2 {
            match Device::open(0) {
                Ok(device) => assert_eq!(device.ordinal(), 0),
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        matches!(
                            error,
                            Error::NoDriver
                                | Error::NoDevice
                                | Error::OldDriver { .. }
                                | Error::Call { .. }
                        ),
                        "{text}"
                    );
                    assert!(!text.ends_with('.'));
                }
            }
        }
    }
}
