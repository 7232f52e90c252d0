// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions that the host code of a program for GPUs calls, for the rank whose entry runs on the calling thread.

use super::calls::Running;
use crate::{float_environment::FloatEnvironment, rank::Failed};
use std::{
    cell::Cell,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::null_mut,
};
use symm_abi::{
    ABI_VERSION, AllReduceCall, CollectiveCall, GroupView, LaunchCall, MatmulCall, RuntimeTable,
};

/// The table that every loaded program for GPUs receives.
pub(crate) static TABLE: RuntimeTable = RuntimeTable {
    abi_version: ABI_VERSION,
    size_bytes: size_of::<RuntimeTable>() as u32,
    group,
    alloc,
    free,
    enter,
    leave,
    wait,
    collective,
    host_alloc,
    host_free,
    launch,
    matmul,
    copy,
    constant,
    all_reduce,
};

const OK: u32 = 0;
const FAILED: u32 = 1;

thread_local! {
    static CURRENT: Cell<*const Running<'static>> = const { Cell::new(std::ptr::null()) };
}

/// Makes a rank the one that the calling thread acts for while `run` runs.
pub(super) fn with_current<T>(running: &Running<'_>, run: impl FnOnce() -> T) -> T {
    struct Restore(*const Running<'static>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _environment = FloatEnvironment::enter();
    let _restore = Restore(CURRENT.replace(std::ptr::from_ref(running).cast()));
    run()
}

/// Acts for the current rank; without one, or after a panic, which is recorded, gives `otherwise`.
fn with<T>(otherwise: T, body: impl FnOnce(&Running<'_>) -> T) -> T {
    let current = CURRENT.get();
    if current.is_null() {
        return otherwise;
    }
    // SAFETY: `with_current` set the pointer from a reference that outlives the entry that called us.
    let running = unsafe { &*current };
    catch_unwind(AssertUnwindSafe(|| body(running))).unwrap_or_else(|_| {
        running.bad_call("the runtime panicked: this is a defect of the runtime".into());
        otherwise
    })
}

fn status(body: impl FnOnce(&Running<'_>) -> Result<(), Failed>) -> u32 {
    with(FAILED, |running| match body(running) {
        Ok(()) => OK,
        Err(Failed) => FAILED,
    })
}

/// Acts on a call that generated code passes by address.
fn called<C>(call: *const C, body: impl FnOnce(&Running<'_>, &C) -> Result<(), Failed>) -> u32 {
    status(|running| {
        // SAFETY: generated code passes a valid call; it is only read, before this function returns.
        match unsafe { call.as_ref() } {
            Some(call) => body(running, call),
            None => Err(running.bad_call("call without arguments".into())),
        }
    })
}

unsafe extern "C" fn group(group: u32) -> *mut GroupView {
    let view = with(null_mut(), |running| running.view(group));
    if view.is_null() {
        crate::table::unknown_group()
    } else {
        view
    }
}

unsafe extern "C-unwind" fn alloc(group: u32, bytes: u64, align: u64) -> *mut c_void {
    with(null_mut(), |running| {
        running.alloc(group, bytes, align) as *mut c_void
    })
}

unsafe extern "C" fn free(group: u32, pointer: *mut c_void) {
    with((), |running| running.free(group, pointer as u64));
}

unsafe extern "C" fn enter(_: u32, _: u32, _: u64, _: u64) -> u32 {
    for_cpu_alone("enter")
}

unsafe extern "C" fn leave(_: u32, _: u32) {
    for_cpu_alone("leave");
}

unsafe extern "C" fn wait(_: u32, _: u32, _: u32, _: u32) -> u32 {
    for_cpu_alone("wait")
}

/// Records that a program for GPUs waits on the host, which would have to look into device memory.
fn for_cpu_alone(what: &str) -> u32 {
    status(|running| {
        Err(running.bad_call(format!(
            "called '{what}', which only programs for the CPU may"
        )))
    })
}

unsafe extern "C" fn collective(call: *const CollectiveCall) -> u32 {
    called(call, |running, call| running.collective(call))
}

unsafe extern "C-unwind" fn host_alloc(bytes: u64, align: u64) -> *mut c_void {
    with(null_mut(), |running| {
        running.device_alloc(bytes, align) as *mut c_void
    })
}

unsafe extern "C" fn host_free(pointer: *mut c_void) {
    with((), |running| running.device_free(pointer as u64));
}

unsafe extern "C" fn launch(call: *const LaunchCall) -> u32 {
    called(call, |running, call| running.launch(call))
}

unsafe extern "C" fn matmul(call: *const MatmulCall) -> u32 {
    called(call, |running, call| running.matmul(call))
}

unsafe extern "C" fn copy(to: *mut c_void, from: *const c_void, bytes: u64) -> u32 {
    status(|running| running.copy(to as u64, from as u64, bytes))
}

unsafe extern "C" fn constant(constant: u32) -> *const c_void {
    with(std::ptr::null(), |running| {
        running.constant(constant) as *const c_void
    })
}

unsafe extern "C" fn all_reduce(call: *const AllReduceCall) -> u32 {
    called(call, |running, call| running.all_reduce(call))
}
