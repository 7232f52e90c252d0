// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Communicators, groups of calls, and buffers in symmetric windows.

use std::{ffi::c_void, fmt, ptr, sync::Arc};

use symm_abi::{DType, ReduceOp};

use super::{
    Aborter, Nccl, NcclError,
    abort::{InCall, Usage},
    library::{RawComm, RawId},
    numbers,
};
use crate::{Device, Stream};

/// Flag of `ncclCommWindowRegister`: the ranks register at equal offsets, so that symmetric kernels may be chosen.
const COLL_SYMMETRIC: i32 = 1;

/// What the ranks of a communicator find each other by; rank 0 makes it and gives it to the others.
#[derive(Clone, Copy)]
pub struct UniqueId(RawId);

impl UniqueId {
    /// Makes a new one.
    ///
    /// # Errors
    ///
    /// [`NcclError`] if NCCL is absent or cannot listen.
    pub fn new() -> Result<Self, NcclError> {
        let nccl = Nccl::load()?;
        let mut id = RawId([0; 128]);
        // SAFETY: `id` outlives the call.
        nccl.check("ncclGetUniqueId", 0, unsafe {
            (nccl.get_unique_id)(&mut id)
        })?;
        Ok(Self(id))
    }

    /// Returns the bytes to give to the other ranks.
    pub fn to_bytes(self) -> [u8; 128] {
        self.0.0
    }

    /// Takes the bytes that rank 0 gave.
    pub fn from_bytes(bytes: [u8; 128]) -> Self {
        Self(RawId(bytes))
    }
}

/// Makes NCCL see the calls of `work` as one: a thread that drives several ranks wraps each step so.
///
/// # Errors
///
/// Those of `work`, and [`NcclError::Call`] if NCCL fails when the group ends.
pub fn group<T>(work: impl FnOnce() -> Result<T, NcclError>) -> Result<T, NcclError> {
    let nccl = Nccl::load()?;
    // SAFETY: the entry point has no preconditions.
    nccl.check("ncclGroupStart", 0, unsafe { (nccl.group_start)() })?;
    let done = work();
    // SAFETY: the group that this function began is open.
    let ended = nccl.check("ncclGroupEnd", 0, unsafe { (nccl.group_end)() });
    let value = done?;
    ended.map(|()| value)
}

/// One rank's communicator.
pub struct Communicator {
    pub(super) nccl: &'static Nccl,
    /// Behind a pointer of its own, because inside a group NCCL writes it only when the group ends.
    pub(super) raw: Box<RawComm>,
    pub(super) rank: u32,
    pub(super) world: u32,
    pub(super) device: Device,
    usage: Arc<Usage>,
}

// SAFETY: NCCL ties a communicator to no thread; it forbids only that two threads use it at once, which the missing `Sync`
// rules out.
unsafe impl Send for Communicator {}

impl Communicator {
    /// Joins as `rank` of `world`; blocks until all have joined unless it is called within [`group`].
    ///
    /// # Errors
    ///
    /// [`NcclError`] if NCCL is absent or the ranks cannot connect.
    pub fn join(device: &Device, rank: u32, world: u32, id: UniqueId) -> Result<Self, NcclError> {
        let nccl = Nccl::load()?;
        device.bind()?;
        let mut raw = Box::new(ptr::null_mut());
        // SAFETY: `raw` lives as long as the communicator, thus beyond the group's end; the device's context is current.
        let code = unsafe { (nccl.comm_init_rank)(&mut *raw, world as i32, id.0, rank as i32) };
        nccl.check("ncclCommInitRank", rank, code)?;
        Ok(Self {
            nccl,
            raw,
            rank,
            world,
            device: device.clone(),
            usage: Arc::default(),
        })
    }

    /// Checks that NCCL has an element type and a reduction of it.
    ///
    /// # Errors
    ///
    /// [`NcclError::Unsupported`] if it has not.
    pub fn supports(dtype: DType, op: ReduceOp) -> Result<(), NcclError> {
        numbers(dtype, op).map(|_| ())
    }

    /// Puts an all-reduce of `count` elements into `stream`.
    ///
    /// # Errors
    ///
    /// [`NcclError::Unsupported`] for a type or reduction that NCCL lacks, [`NcclError::Aborted`] after an abort,
    /// [`NcclError::Call`] if it fails.
    ///
    /// # Safety
    ///
    /// `input` and `output` are addresses of `count` elements on this rank's device, equal or disjoint, and stay valid
    /// until the stream has run the operation.
    pub unsafe fn all_reduce(
        &self,
        stream: &Stream,
        (dtype, op): (DType, ReduceOp),
        (input, output): (u64, u64),
        count: usize,
    ) -> Result<(), NcclError> {
        let (dtype, op, parts) = numbers(dtype, op)?;
        let _call = self.enter()?;
        self.device.bind()?;
        let (input, output) = (input as *const c_void, output as *mut c_void);
        // SAFETY: the caller vouches for the buffers; communicator and stream are alive.
        let code = unsafe {
            (self.nccl.all_reduce)(
                input,
                output,
                count * parts,
                dtype,
                op,
                *self.raw,
                stream.raw().cast(),
            )
        };
        self.nccl.check("ncclAllReduce", self.rank, code)
    }
}

impl Communicator {
    /// Returns what aborts the communicator, from any thread.
    pub fn aborter(&self) -> Aborter {
        Aborter {
            nccl: self.nccl,
            raw: *self.raw,
            rank: self.rank,
            usage: self.usage.clone(),
            _device: self.device.clone(),
        }
    }

    /// Begins a call of NCCL's.
    pub(super) fn enter(&self) -> Result<InCall<'_>, NcclError> {
        self.usage
            .enter()
            .ok_or(NcclError::Aborted { rank: self.rank })
    }
}

impl fmt::Debug for Communicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Communicator({} of {})", self.rank, self.world)
    }
}

impl Drop for Communicator {
    fn drop(&mut self) {
        if self.raw.is_null() || !self.usage.end() {
            return;
        }
        // SAFETY: the communicator is ours and destroyed once.
        let code = unsafe { (self.nccl.comm_destroy)(*self.raw) };
        if let Err(error) = self.nccl.check("ncclCommDestroy", self.rank, code) {
            tracing::warn!(%error, "a communicator was not destroyed");
        }
    }
}

/// Device memory that NCCL allocated, registered as a symmetric window once [`register`](WindowBuffer::register) was called.
///
/// To be dropped before its communicator, on every rank, with no operation running on it.
pub struct WindowBuffer {
    nccl: &'static Nccl,
    address: *mut c_void,
    bytes: usize,
    device: Device,
    window: Option<(RawComm, Box<*mut c_void>)>,
}

impl WindowBuffer {
    /// Allocates `bytes` bytes that a window can hold.
    ///
    /// # Errors
    ///
    /// [`NcclError::Old`] before NCCL 2.19, [`NcclError::Call`] if memory is short.
    pub fn new(device: &Device, bytes: usize) -> Result<Self, NcclError> {
        let nccl = Nccl::load()?;
        let alloc = nccl.mem_alloc.ok_or_else(|| nccl.old("ncclMemAlloc"))?;
        device.bind()?;
        let mut address = ptr::null_mut();
        // SAFETY: `address` outlives the call; the device's context is current.
        nccl.check("ncclMemAlloc", 0, unsafe { alloc(&mut address, bytes) })?;
        Ok(Self {
            nccl,
            address,
            bytes,
            device: device.clone(),
            window: None,
        })
    }

    /// Registers the buffer as a window; every rank does so with a buffer of the same size, one thread's ranks within [`group`].
    ///
    /// # Errors
    ///
    /// [`NcclError::Old`] before NCCL 2.27, [`NcclError::Call`] if NCCL refuses.
    pub fn register(&mut self, comm: &Communicator) -> Result<(), NcclError> {
        let register = self
            .nccl
            .window_register
            .ok_or_else(|| self.nccl.old("ncclCommWindowRegister"))?;
        self.device.bind()?;
        let mut window = Box::new(ptr::null_mut());
        // SAFETY: buffer and communicator are alive; `window` is kept, thus outlives the group's end.
        let code = unsafe {
            register(
                *comm.raw,
                self.address,
                self.bytes,
                &mut *window,
                COLL_SYMMETRIC,
            )
        };
        self.nccl.check("ncclCommWindowRegister", comm.rank, code)?;
        self.window = Some((*comm.raw, window));
        Ok(())
    }

    /// Returns the address of the first byte.
    pub fn address(&self) -> u64 {
        self.address as u64
    }

    /// Copies `from` to the beginning of the buffer and waits.
    ///
    /// # Errors
    ///
    /// [`NcclError::Cuda`] if it does not fit or the driver refuses.
    pub fn write(&self, from: &[u8]) -> Result<(), NcclError> {
        crate::memory::in_range("a copy to a window", 0, from.len(), self.bytes)?;
        Ok(crate::memory::write(&self.device, self.address(), from)?)
    }

    /// Copies the beginning of the buffer to `to` and waits.
    ///
    /// # Errors
    ///
    /// [`NcclError::Cuda`] if less is there or the driver refuses.
    pub fn read(&self, to: &mut [u8]) -> Result<(), NcclError> {
        crate::memory::in_range("a copy from a window", 0, to.len(), self.bytes)?;
        Ok(crate::memory::read(&self.device, self.address(), to)?)
    }
}

impl Drop for WindowBuffer {
    fn drop(&mut self) {
        if let Err(error) = self.device.bind() {
            tracing::warn!(%error, "a window's device is gone");
        }
        if let (Some((comm, window)), Some(deregister)) =
            (self.window.take(), self.nccl.window_deregister)
            && !window.is_null()
        {
            // SAFETY: the window is ours, and its communicator outlives it by the type's contract.
            let code = unsafe { deregister(comm, *window) };
            if let Err(error) = self.nccl.check("ncclCommWindowDeregister", 0, code) {
                tracing::warn!(%error, "a window was not deregistered");
            }
        }
        if let Some(free) = self.nccl.mem_free {
            // SAFETY: the memory is NCCL's, ours to free once.
            let code = unsafe { free(self.address) };
            if let Err(error) = self.nccl.check("ncclMemFree", 0, code) {
                tracing::warn!(%error, "a window's memory was not freed");
            }
        }
    }
}
