// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernel images and the functions in them.

use std::{
    ffi::{CString, c_void},
    sync::Arc,
};

use cudarc::driver::sys::{self, CUfunction_attribute};

use crate::{
    driver::Device,
    error::{Error, Result},
};

/// How much of the assembler's log is kept, in bytes.
const LOG_BYTES: usize = 8192;

/// A kernel image loaded into one device's context; unloaded with the last function made from it.
#[derive(Debug)]
pub struct Module {
    raw: sys::CUmodule,
    device: Device,
}

// SAFETY: the driver ties a module to no thread and guards it by itself.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

impl Module {
    /// Assembles and loads PTX text.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] with the assembler's log, [`Error::InnerNul`] if the text holds a NUL byte.
    pub fn from_ptx(device: &Device, ptx: &str) -> Result<Arc<Self>> {
        let text = c_string("PTX", ptx)?;
        // SAFETY: PTX is NUL-terminated text.
        unsafe { Self::load(device, text.as_ptr().cast()) }
    }

    /// Loads a cubin or a fat binary.
    ///
    /// # Errors
    ///
    /// [`Error::Image`] if it is neither or was built for another chip.
    pub fn from_cubin(device: &Device, image: &[u8]) -> Result<Arc<Self>> {
        // The driver reads sizes out of the header, so what is clearly no image must not reach it.
        let known =
            image.starts_with(b"\x7fELF") || image.starts_with(&0xBA55_ED50_u32.to_le_bytes());
        if !known || image.len() < 64 {
            return Err(Error::Image {
                device: device.ordinal() as i32,
                name: "no kernel image".into(),
                log: "expected an ELF cubin or a fat binary".into(),
            });
        }
        // SAFETY: the image begins as a cubin or a fat binary does and is not shorter than its header.
        unsafe { Self::load(device, image.as_ptr().cast()) }
    }

    /// # Safety
    ///
    /// `image` points to NUL-terminated PTX or to a whole cubin or fat binary.
    unsafe fn load(device: &Device, image: *const c_void) -> Result<Arc<Self>> {
        use sys::CUjit_option::{CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
        device.bind()?;
        let mut log = vec![0u8; LOG_BYTES];
        let mut options = [CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
        // An option's value travels in the pointer itself.
        let mut values = [log.as_mut_ptr().cast::<c_void>(), LOG_BYTES as *mut c_void];
        let mut raw = std::ptr::null_mut();
        // SAFETY: the caller vouches for the image; log and option arrays outlive the call and have the sizes given.
        let code = unsafe {
            sys::cuModuleLoadDataEx(
                &mut raw,
                image,
                options.len() as u32,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        match code.result() {
            Ok(()) => Ok(Arc::new(Self {
                raw,
                device: device.clone(),
            })),
            Err(_) => Err(refused(device, code, &log)),
        }
    }

    /// Returns the kernel of this name, loaded whole onto the device.
    ///
    /// Lazy loading is not left to the first launch, because it may wait for the device, and a device whose kernels
    /// wait for a peer's would wait for ever.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the module has no such kernel.
    pub fn function(self: &Arc<Self>, name: &str) -> Result<Function> {
        let symbol = c_string("a kernel's name", name)?;
        self.device.bind()?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: module and name are alive; `raw` outlives the call.
        let code = unsafe { sys::cuModuleGetFunction(&mut raw, self.raw, symbol.as_ptr()) };
        self.device.check("cuModuleGetFunction", code)?;
        // SAFETY: `raw` is a function of the live module.
        let code = unsafe { sys::cuFuncLoad(raw) };
        self.device.check("cuFuncLoad", code)?;
        Ok(Function {
            raw,
            module: self.clone(),
        })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let unloaded = self.device.bind().and_then(|()| {
            // SAFETY: the module is ours, and every function holds an `Arc` of it, so none is left.
            let code = unsafe { sys::cuModuleUnload(self.raw) };
            self.device.check("cuModuleUnload", code)
        });
        if let Err(error) = unloaded {
            tracing::warn!(%error, "a kernel image was not unloaded");
        }
    }
}

/// A kernel.
#[derive(Clone, Debug)]
pub struct Function {
    raw: sys::CUfunction,
    module: Arc<Module>,
}

// SAFETY: the driver ties a function to no thread, and its module is `Send` and `Sync`.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

impl Function {
    /// Returns the registers that each thread takes.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn registers(&self) -> Result<usize> {
        self.attribute(CUfunction_attribute::CU_FUNC_ATTRIBUTE_NUM_REGS)
    }

    /// Returns the bytes of local memory that each thread takes; more than none means spills or an indexed array.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn local_bytes(&self) -> Result<usize> {
        self.attribute(CUfunction_attribute::CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)
    }

    /// Returns the bytes of static shared memory that each block takes.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn shared_bytes(&self) -> Result<usize> {
        self.attribute(CUfunction_attribute::CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)
    }

    /// Returns the largest block that the kernel can be launched with.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn max_threads(&self) -> Result<usize> {
        self.attribute(CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)
    }

    /// Allows launches with up to `bytes` bytes of dynamic shared memory; more than 48 KiB has to be asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the device has less.
    pub fn allow_shared(&self, bytes: usize) -> Result<()> {
        let attribute = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        self.device().bind()?;
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
        // SAFETY: the function is alive.
        let code = unsafe { sys::cuFuncSetAttribute(self.raw, attribute, bytes) };
        self.device().check("cuFuncSetAttribute", code)
    }

    /// Returns how many blocks of `threads` threads and `shared_bytes` bytes of dynamic shared memory the whole
    /// device holds at once; kernels that wait for one another must not launch more.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if the driver refuses.
    pub fn resident_blocks(&self, threads: u32, shared_bytes: usize) -> Result<usize> {
        self.device().bind()?;
        let mut per_multiprocessor = 0;
        // SAFETY: `per_multiprocessor` outlives the call and the function is alive.
        let code = unsafe {
            sys::cuOccupancyMaxActiveBlocksPerMultiprocessor(
                &mut per_multiprocessor,
                self.raw,
                threads as i32,
                shared_bytes,
            )
        };
        self.device()
            .check("cuOccupancyMaxActiveBlocksPerMultiprocessor", code)?;
        let attribute = sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
        Ok((per_multiprocessor.max(0) * self.device().attribute(attribute)?) as usize)
    }

    /// Returns the device that the kernel was loaded for.
    pub fn device(&self) -> &Device {
        &self.module.device
    }

    /// Returns the driver's handle, owned by the module.
    pub fn raw(&self) -> sys::CUfunction {
        self.raw
    }

    fn attribute(&self, attribute: CUfunction_attribute) -> Result<usize> {
        self.device().bind()?;
        let mut value = 0;
        // SAFETY: `value` outlives the call and the function is alive.
        let code = unsafe { sys::cuFuncGetAttribute(&mut value, attribute, self.raw) };
        self.device().check("cuFuncGetAttribute", code)?;
        Ok(value.max(0) as usize)
    }
}

/// Describes why the driver refused an image, with what its assembler said.
fn refused(device: &Device, code: sys::CUresult, log: &[u8]) -> Error {
    let said = String::from_utf8_lossy(log.split(|b| *b == 0).next().unwrap_or_default());
    let call = Error::call("cuModuleLoadDataEx", device.ordinal() as i32, code);
    match (call, said.trim()) {
        (call, "") => call,
        (Error::Call { device, name, .. }, log) => Error::Image {
            device,
            name,
            log: log.to_owned(),
        },
        (other, _) => other,
    }
}

fn c_string(what: &'static str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|e| Error::InnerNul {
        what,
        at: e.nul_position(),
    })
}
