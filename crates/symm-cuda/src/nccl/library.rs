// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The entry points of NCCL that Symm calls.

use std::{
    env,
    ffi::{CStr, OsString, c_char, c_int, c_void},
    sync::OnceLock,
};

use libloading::Library;

use super::{NcclError, OLDEST};

/// NCCL's communicator.
pub(super) type RawComm = *mut c_void;
/// The 128 bytes by which ranks find each other, passed by value.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawId(pub [u8; 128]);

type Init = unsafe extern "C" fn(*mut RawComm, c_int, RawId, c_int) -> c_int;
type AllReduce = unsafe extern "C" fn(
    *const c_void,
    *mut c_void,
    usize,
    c_int,
    c_int,
    RawComm,
    *mut c_void,
) -> c_int;
type AllGather =
    unsafe extern "C" fn(*const c_void, *mut c_void, usize, c_int, RawComm, *mut c_void) -> c_int;
type Send = unsafe extern "C" fn(*const c_void, usize, c_int, c_int, RawComm, *mut c_void) -> c_int;
type Recv = unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, RawComm, *mut c_void) -> c_int;
type WindowRegister =
    unsafe extern "C" fn(RawComm, *mut c_void, usize, *mut *mut c_void, c_int) -> c_int;

/// The library and its entry points; loaded once, never unloaded, because its threads and device code outlive any owner.
pub struct Nccl {
    version: c_int,
    pub(super) get_unique_id: unsafe extern "C" fn(*mut RawId) -> c_int,
    pub(super) comm_init_rank: Init,
    pub(super) comm_destroy: unsafe extern "C" fn(RawComm) -> c_int,
    pub(super) comm_abort: unsafe extern "C" fn(RawComm) -> c_int,
    pub(super) all_reduce: AllReduce,
    /// Its two numbers are the element type and the reduction, as for the all-reduce.
    pub(super) reduce_scatter: AllReduce,
    pub(super) all_gather: AllGather,
    /// Its two numbers are the element type and the root.
    pub(super) broadcast: AllReduce,
    pub(super) send: Send,
    pub(super) recv: Recv,
    pub(super) group_start: unsafe extern "C" fn() -> c_int,
    pub(super) group_end: unsafe extern "C" fn() -> c_int,
    pub(super) error_string: unsafe extern "C" fn(c_int) -> *const c_char,
    /// Since NCCL 2.19.
    pub(super) mem_alloc: Option<unsafe extern "C" fn(*mut *mut c_void, usize) -> c_int>,
    pub(super) mem_free: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    /// Since NCCL 2.27.
    pub(super) window_register: Option<WindowRegister>,
    pub(super) window_deregister: Option<unsafe extern "C" fn(RawComm, *mut c_void) -> c_int>,
}

impl Nccl {
    /// Returns the library, loading it on the first call.
    ///
    /// # Errors
    ///
    /// [`NcclError::Absent`] if it is not there, [`NcclError::TooOld`] if it is before 2.19.1, every time.
    pub fn load() -> Result<&'static Self, NcclError> {
        static LOADED: OnceLock<Result<Nccl, String>> = OnceLock::new();
        let loaded = LOADED.get_or_init(|| {
            open().and_then(|library| Self::bind(library).map_err(|e| e.to_string()))
        });
        match loaded {
            Ok(nccl) if nccl.version < OLDEST => Err(NcclError::TooOld {
                version: nccl.version_text(),
            }),
            Ok(nccl) => Ok(nccl),
            Err(reason) => Err(NcclError::Absent {
                reason: reason.clone(),
            }),
        }
    }

    /// Returns the version as NCCL counts: 10000·major + 100·minor + patch.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Returns the version for people: 2.28.3.
    pub fn version_text(&self) -> String {
        let v = self.version;
        format!("{}.{}.{}", v / 10_000, v % 10_000 / 100, v % 100)
    }

    /// Turns the code of `call` on `rank` into a result.
    pub(super) fn check(
        &self,
        call: &'static str,
        rank: u32,
        code: c_int,
    ) -> Result<(), NcclError> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: NCCL returns a string that lives as long as the library, for any code.
        let text = unsafe { CStr::from_ptr((self.error_string)(code)) };
        Err(NcclError::Call {
            call,
            rank,
            text: text.to_string_lossy().into_owned(),
        })
    }

    /// Describes an entry point that this version lacks.
    pub(super) fn old(&self, symbol: &'static str) -> NcclError {
        NcclError::Old {
            symbol,
            version: self.version_text(),
        }
    }

    fn bind(library: Library) -> Result<Self, libloading::Error> {
        let library: &'static Library = Box::leak(Box::new(library));
        // SAFETY: each symbol is taken at the type that nccl.h declares for it, unchanged since it was introduced.
        unsafe {
            let get_version =
                library.get::<unsafe extern "C" fn(*mut c_int) -> c_int>(b"ncclGetVersion")?;
            let mut version = 0;
            get_version(&mut version);
            Ok(Self {
                version,
                get_unique_id: *library.get(b"ncclGetUniqueId")?,
                comm_init_rank: *library.get(b"ncclCommInitRank")?,
                comm_destroy: *library.get(b"ncclCommDestroy")?,
                comm_abort: *library.get(b"ncclCommAbort")?,
                all_reduce: *library.get(b"ncclAllReduce")?,
                reduce_scatter: *library.get(b"ncclReduceScatter")?,
                all_gather: *library.get(b"ncclAllGather")?,
                broadcast: *library.get(b"ncclBroadcast")?,
                send: *library.get(b"ncclSend")?,
                recv: *library.get(b"ncclRecv")?,
                group_start: *library.get(b"ncclGroupStart")?,
                group_end: *library.get(b"ncclGroupEnd")?,
                error_string: *library.get(b"ncclGetErrorString")?,
                mem_alloc: library.get(b"ncclMemAlloc").ok().map(|s| *s),
                mem_free: library.get(b"ncclMemFree").ok().map(|s| *s),
                window_register: library.get(b"ncclCommWindowRegister").ok().map(|s| *s),
                window_deregister: library.get(b"ncclCommWindowDeregister").ok().map(|s| *s),
            })
        }
    }
}

fn open() -> Result<Library, String> {
    let chosen = env::var_os("SYMM_NCCL_LIBRARY").map(|path| vec![path]);
    let names =
        chosen.unwrap_or_else(|| ["libnccl.so.2", "libnccl.so"].map(OsString::from).to_vec());
    let mut reason = String::new();
    for name in names {
        // SAFETY: loading NCCL runs its initialisers, which have no preconditions.
        match unsafe { Library::new(&name) } {
            Ok(library) => return Ok(library),
            Err(error) => reason = error.to_string(),
        }
    }
    Err(reason)
}
