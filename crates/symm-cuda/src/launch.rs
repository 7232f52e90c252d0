// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernel launches: shape, attributes and arguments.

use std::{ffi::c_void, mem};

use cudarc::driver::sys;
use symm_abi::gpu::KernelParams;

use crate::{
    error::{Error, Result},
    module::Function,
    stream::Stream,
};

/// The shape and the attributes of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchShape {
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z.
    pub block: [u32; 3],
    /// Bytes of dynamic shared memory of each block.
    pub shared_bytes: u32,
    /// Blocks of a cluster in x, y and z; from sm_90 on.
    pub cluster: Option<[u32; 3]>,
    /// Lets the kernel begin before its predecessor in the stream has ended (programmatic dependent launch, from
    /// sm_90 on). The kernel then executes `griddepcontrol.wait` before it touches what the predecessor wrote.
    pub programmatic: bool,
}

impl LaunchShape {
    /// Returns a one-dimensional launch of `blocks` blocks of `threads` threads without attributes.
    pub fn linear(blocks: u32, threads: u32) -> Self {
        Self {
            grid: [blocks, 1, 1],
            block: [threads, 1, 1],
            shared_bytes: 0,
            cluster: None,
            programmatic: false,
        }
    }

    /// Returns the shape with programmatic dependent launch switched on or off.
    pub fn programmatic(mut self, on: bool) -> Self {
        self.programmatic = on;
        self
    }

    /// Returns the shape in clusters of `blocks` blocks.
    pub fn cluster(mut self, blocks: u32) -> Self {
        self.cluster = Some([blocks, 1, 1]);
        self
    }
}

/// The arguments of a kernel, laid out once and launched many times without another allocation.
///
/// ```
/// let mut arguments = symm_cuda::launch::Arguments::default();
/// arguments.push_u64(0x7000_0000_0000).push_u32(4);
/// assert_eq!(arguments.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// The values, each at an offset that suits any scalar up to 16 bytes.
    words: Vec<u128>,
    /// Where each argument begins in `words`.
    starts: Vec<usize>,
    /// The pointers the driver reads, built from the two above before each launch.
    pointers: Vec<*mut c_void>,
}

// SAFETY: the pointers are to the object's own heap memory and rewritten before each use.
unsafe impl Send for Arguments {}

impl Arguments {
    /// Appends a pointer or another 64-bit value.
    pub fn push_u64(&mut self, value: u64) -> &mut Self {
        self.push_bytes(&value.to_ne_bytes())
    }

    /// Appends a 32-bit value.
    pub fn push_u32(&mut self, value: u32) -> &mut Self {
        self.push_bytes(&value.to_ne_bytes())
    }

    /// Appends a by-value aggregate, given as the words of its memory.
    pub fn push_u64s(&mut self, values: &[u64]) -> &mut Self {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_ne_bytes()).collect();
        self.push_bytes(&bytes)
    }

    /// Appends the one parameter of a generated kernel.
    pub fn push_params(&mut self, params: &KernelParams) -> &mut Self {
        // SAFETY: the struct is `repr(C)` and has no padding (its size is the sum of its fields'), so all of its
        // bytes are initialised.
        let bytes = unsafe {
            std::slice::from_raw_parts(std::ptr::from_ref(params).cast(), size_of::<KernelParams>())
        };
        self.push_bytes(bytes)
    }

    /// Replaces the 64-bit argument number `index`.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if there is no argument of that number.
    pub fn set_u64(&mut self, index: usize, value: u64) -> Result<()> {
        let size = self.starts.len();
        let start = *self.starts.get(index).ok_or(Error::Range {
            what: "an argument",
            offset: index,
            len: 1,
            size,
        })?;
        self.words[start] = u128::from_ne_bytes(padded(&value.to_ne_bytes()));
        Ok(())
    }

    /// Returns the number of arguments.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Returns whether there are no arguments.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.starts.push(self.words.len());
        let word = mem::size_of::<u128>();
        self.words.extend(
            bytes
                .chunks(word)
                .map(|chunk| u128::from_ne_bytes(padded(chunk))),
        );
        self.pointers.push(std::ptr::null_mut());
        self
    }

    /// Returns the array of pointers that the driver wants.
    fn pointers(&mut self) -> *mut *mut c_void {
        let words = self.words.as_mut_ptr();
        for (pointer, start) in self.pointers.iter_mut().zip(&self.starts) {
            *pointer = words.wrapping_add(*start).cast();
        }
        self.pointers.as_mut_ptr()
    }
}

/// Pads up to 16 bytes with zeros.
fn padded(bytes: &[u8]) -> [u8; 16] {
    let mut out = [0; 16];
    out[..bytes.len()].copy_from_slice(bytes);
    out
}

/// Puts one launch of `function` into `stream`.
///
/// Allocates nothing and waits for nothing.
///
/// # Errors
///
/// [`Error::Call`] if the shape is too large for the device or an earlier kernel has failed.
///
/// # Safety
///
/// `arguments` are as many and as large as the kernel's parameters, and every address among them stays valid for
/// what the kernel does with it until the kernel has ended.
pub unsafe fn launch(
    stream: &Stream,
    function: &Function,
    shape: &LaunchShape,
    arguments: &mut Arguments,
) -> Result<()> {
    // SAFETY: the caller's promise is the callee's.
    unsafe { launch_raw(stream, function, shape, arguments.pointers()) }
}

/// Puts one launch of `function` into `stream`, with its arguments as the driver wants them.
///
/// Allocates nothing and waits for nothing.
///
/// # Errors
///
/// As for [`launch`].
///
/// # Safety
///
/// `pointers` has one pointer per parameter of the kernel, to a value of the parameter's size; every address among
/// the values stays valid for what the kernel does with it until the kernel has ended.
pub unsafe fn launch_raw(
    stream: &Stream,
    function: &Function,
    shape: &LaunchShape,
    pointers: *mut *mut c_void,
) -> Result<()> {
    let mut attributes = [const { mem::MaybeUninit::<sys::CUlaunchAttribute>::uninit() }; 2];
    let count = write_attributes(shape, &mut attributes);
    let config = sys::CUlaunchConfig {
        gridDimX: shape.grid[0],
        gridDimY: shape.grid[1],
        gridDimZ: shape.grid[2],
        blockDimX: shape.block[0],
        blockDimY: shape.block[1],
        blockDimZ: shape.block[2],
        sharedMemBytes: shape.shared_bytes,
        hStream: stream.raw(),
        attrs: attributes.as_mut_ptr().cast(),
        numAttrs: count,
    };
    stream.device().bind()?;
    // SAFETY: the first `count` attributes are initialised; the caller vouches for the arguments.
    let code =
        unsafe { sys::cuLaunchKernelEx(&config, function.raw(), pointers, std::ptr::null_mut()) };
    stream.device().check("cuLaunchKernelEx", code)
}

/// Writes the attributes of `shape` and returns how many there are.
fn write_attributes(
    shape: &LaunchShape,
    out: &mut [mem::MaybeUninit<sys::CUlaunchAttribute>; 2],
) -> u32 {
    let mut count = 0;
    let mut add = |id, set: &dyn Fn(&mut sys::CUlaunchAttributeValue)| {
        let mut value = sys::CUlaunchAttributeValue { pad: [0; 64] };
        set(&mut value);
        out[count].write(sys::CUlaunchAttribute {
            id,
            pad: [0; 4],
            value,
        });
        count += 1;
    };
    if shape.programmatic {
        let id = sys::CUlaunchAttributeID::CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
        add(id, &|value| {
            value.programmaticStreamSerializationAllowed = 1
        });
    }
    if let Some([x, y, z]) = shape.cluster {
        let id = sys::CUlaunchAttributeID::CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
        add(id, &|value| {
            value.clusterDim = sys::CUlaunchAttributeValue_union__bindgen_ty_1 { x, y, z }
        });
    }
    count as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads argument `index` back as the driver would.
    fn read<T: Copy>(arguments: &mut Arguments, index: usize) -> T {
        let pointers = arguments.pointers();
        assert!(index < arguments.len());
        // SAFETY: `pointers` has `len` entries, each to at least 16 initialised bytes.
        unsafe { (*pointers.add(index)).cast::<T>().read() }
    }

    #[test]
    fn arguments_lie_where_the_driver_reads_them() {
        let mut arguments = Arguments::default();
        let peers = [1, 2, 3, 4, 5, 6, 7, u64::MAX];
        arguments.push_u64s(&peers).push_u32(7).push_u64(1 << 40);
        assert_eq!(read::<[u64; 8]>(&mut arguments, 0), peers);
        assert_eq!(read::<u32>(&mut arguments, 1), 7);
        assert_eq!(read::<u64>(&mut arguments, 2), 1 << 40);

        let params = KernelParams {
            timeout_ns: 5,
            op: 77,
            ..KernelParams::default()
        };
        arguments.push_params(&params);
        assert_eq!(read::<KernelParams>(&mut arguments, 3), params);

        arguments.set_u64(2, 99).unwrap();
        let mut moved = vec![arguments].pop().unwrap();
        assert_eq!(read::<u64>(&mut moved, 2), 99);
        assert_eq!(read::<[u64; 8]>(&mut moved, 0), peers);
        assert!(moved.set_u64(4, 0).is_err());
    }

    #[test]
    fn attributes_follow_the_shape() {
        let mut out = [const { mem::MaybeUninit::uninit() }; 2];
        assert_eq!(write_attributes(&LaunchShape::linear(1, 32), &mut out), 0);
        let shape = LaunchShape::linear(16, 64).programmatic(true).cluster(8);
        assert_eq!(write_attributes(&shape, &mut out), 2);
        // SAFETY: `write_attributes` has just initialised both and says which member of the union each holds.
        let [serial, cluster] = unsafe { out.map(|a| a.assume_init()) };
        assert_eq!(
            serial.id,
            sys::CUlaunchAttributeID::CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
        );
        // SAFETY: as above.
        let allowed = unsafe { serial.value.programmaticStreamSerializationAllowed };
        assert_eq!(allowed, 1);
        // SAFETY: as above.
        let dim = unsafe { cluster.value.clusterDim };
        assert_eq!((dim.x, dim.y, dim.z), (8, 1, 1));
    }
}
