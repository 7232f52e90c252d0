// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions that generated code calls, for the rank that runs on the calling thread.

use crate::{
    collective,
    failure::Failure,
    float_environment::FloatEnvironment,
    rank::{Failed, Member, Rank},
};
use std::{
    cell::Cell,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr::null_mut,
};
use symm_abi::{
    ABI_VERSION, AllReduceCall, CollectiveCall, EntryFn, GroupView, LaunchCall, MatmulCall,
    NOT_A_MEMBER, RuntimeTable,
};

/// The table that every loaded program receives.
pub(crate) static TABLE: RuntimeTable = RuntimeTable {
    abi_version: ABI_VERSION,
    size_bytes: size_of::<RuntimeTable>() as u32,
    group,
    alloc,
    free,
    enter,
    leave,
    wait,
    collective: run_collective,
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
    static CURRENT: Cell<*const Rank> = const { Cell::new(std::ptr::null()) };
}

/// Makes a rank the one that the calling thread acts for while `run` runs.
pub(crate) fn with_current<T>(rank: &Rank, run: impl FnOnce() -> T) -> T {
    struct Restore(*const Rank);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(rank));
    run()
}

/// What an entry is unwound with that can't go on.
struct NoMemory;

/// Runs an entry for a rank, to its end or until there is no memory for it, which is recorded.
///
/// # Safety
/// The pointers are to descriptors of the entry's arguments and results.
pub(crate) unsafe fn run_entry(rank: &Rank, function: EntryFn, pointers: *mut *mut c_void) {
    let _environment = FloatEnvironment::enter();
    // SAFETY: passed on from the caller.
    let entry = || with_current(rank, || unsafe { function(pointers) });
    if let Err(payload) = catch_unwind(AssertUnwindSafe(entry))
        && !payload.is::<NoMemory>()
    {
        resume_unwind(payload);
    }
}

/// Runs `body` for the current rank; without one, or after a panic, which is recorded, gives `otherwise`.
fn with_rank<T>(otherwise: T, body: impl FnOnce(&Rank) -> T) -> T {
    let current = CURRENT.get();
    if current.is_null() {
        return otherwise;
    }
    // SAFETY: `with_current` set the pointer from a reference that outlives the entry that called us.
    let rank = unsafe { &*current };
    catch_unwind(AssertUnwindSafe(|| body(rank))).unwrap_or_else(|_| {
        rank.bad_call("the runtime panicked: this is a defect of the runtime".into());
        otherwise
    })
}

fn status(result: Result<(), Failed>) -> u32 {
    match result {
        Ok(()) => OK,
        Err(Failed) => FAILED,
    }
}

/// Returns the membership of a healthy group; otherwise records what is wrong, if that is new.
fn healthy(rank: &Rank, group: u32, op: u32) -> Result<Member<'_>, Failed> {
    if rank.has_failed() {
        if let Some(group) = rank.group(group) {
            group.mark_failed();
        }
        return Err(Failed);
    }
    match rank.member(group) {
        Some(member) => Ok(member),
        None if rank.group(group).is_some() => Err(rank.fail(Failure::NotAMember {
            rank: rank.number(),
            group,
            op,
        })),
        None => Err(rank.bad_call(format!("there is no group {group}"))),
    }
}

unsafe extern "C" fn group(group: u32) -> *mut GroupView {
    let view = with_rank(null_mut(), |rank| {
        rank.group(group).map_or(null_mut(), |group| group.view())
    });
    if view.is_null() {
        unknown_group()
    } else {
        view
    }
}

/// Returns a view without members for callers that have no such group; leaked, since they are at fault anyway.
pub(crate) fn unknown_group() -> *mut GroupView {
    Box::leak(Box::new(GroupView {
        rank: NOT_A_MEMBER,
        size: 0,
        epoch: 0,
        failed: 1,
        bases: std::ptr::null(),
        pad_offset: 0,
        pad_stride: 0,
    }))
}

unsafe extern "C-unwind" fn alloc(group: u32, bytes: u64, align: u64) -> *mut c_void {
    let symmetric = with_rank(null_mut(), |rank| match rank.member(group) {
        Some(member) => member.alloc(bytes, align).unwrap_or(null_mut()),
        // A rank outside the group runs the same program; what it allocates there, nobody else sees.
        None => null_mut(),
    });
    if symmetric.is_null() {
        private(bytes, align)
    } else {
        symmetric.cast()
    }
}

unsafe extern "C" fn free(group: u32, pointer: *mut c_void) {
    let freed = with_rank(false, |rank| {
        pointer.is_null()
            || rank
                .member(group)
                .is_some_and(|member| member.free(pointer.cast()))
    });
    if !freed {
        // SAFETY: an address outside the heap came from `private`, which is malloc's family.
        unsafe { libc::free(pointer) }
    }
}

unsafe extern "C" fn enter(group: u32, op_id: u32, bytes: u64, buffer: u64) -> u32 {
    with_rank(FAILED, |rank| {
        let member = healthy(rank, group, op_id);
        let buffer = (buffer != 0).then_some(buffer as usize);
        status(member.and_then(|member| member.enter(op_id, bytes, buffer)))
    })
}

unsafe extern "C" fn leave(group: u32, op_id: u32) {
    with_rank((), |rank| {
        if let Some(member) = rank.member(group) {
            // A failure here is recorded, and the next call of generated code learns of it.
            let _ = member.leave(op_id);
        }
    });
}

unsafe extern "C" fn wait(group: u32, peer: u32, epoch: u32, phase: u32) -> u32 {
    with_rank(FAILED, |rank| {
        let Some(member) = rank.member(group) else {
            return FAILED;
        };
        if peer as usize >= member.size() {
            return status(Err(
                rank.bad_call(format!("waited for member {peer} of {}", member.size()))
            ));
        }
        let result = member.wait(peer as usize, epoch, phase);
        if result.is_err() {
            member.group.mark_failed();
        }
        status(result)
    })
}

unsafe extern "C" fn run_collective(call: *const CollectiveCall) -> u32 {
    with_rank(FAILED, |rank| {
        // SAFETY: generated code passes a valid call; it is only read, before this function returns.
        let Some(call) = (unsafe { call.as_ref() }) else {
            return status(Err(rank.bad_call("collective without a call".into())));
        };
        // SAFETY: as above, for the buffers that the call names.
        status(
            healthy(rank, call.group, call.op_id)
                .and_then(|member| unsafe { collective::run(&member, call) }),
        )
    })
}

unsafe extern "C-unwind" fn host_alloc(bytes: u64, align: u64) -> *mut c_void {
    private(bytes, align)
}

unsafe extern "C" fn host_free(pointer: *mut c_void) {
    // SAFETY: the pointer came from `private`, or is null.
    unsafe { libc::free(pointer) }
}

unsafe extern "C" fn launch(_: *const LaunchCall) -> u32 {
    for_cuda_alone("a kernel")
}

unsafe extern "C" fn matmul(_: *const MatmulCall) -> u32 {
    for_cuda_alone("a matrix product")
}

unsafe extern "C" fn copy(_: *mut c_void, _: *const c_void, _: u64) -> u32 {
    for_cuda_alone("a copy")
}

unsafe extern "C" fn constant(_: u32) -> *const c_void {
    for_cuda_alone("a constant");
    std::ptr::null()
}

unsafe extern "C" fn all_reduce(_: *const AllReduceCall) -> u32 {
    for_cuda_alone("an all-reduce kernel")
}

/// Records that a program for the CPU asked for something that only GPUs have.
fn for_cuda_alone(what: &str) -> u32 {
    with_rank(FAILED, |rank| {
        status(Err(
            rank.bad_call(format!("asked for {what} of a GPU, on a CPU"))
        ))
    })
}

/// Allocates private memory. Without any, the failure is recorded and the entry unwound: the code of a program uses what
/// it allocates without a look, and a size that exceeds all addresses can't be stood in for. Nothing is left half done by
/// that: generated code cleans up nothing but memory, which is lost to the process.
fn private(bytes: u64, align: u64) -> *mut c_void {
    let align = usize::try_from(align)
        .unwrap_or(0)
        .max(size_of::<*mut c_void>());
    let mut pointer = null_mut();
    let code = match (usize::try_from(bytes), align.checked_next_power_of_two()) {
        // SAFETY: the alignment is a power of two and a multiple of a pointer's size.
        (Ok(size), Some(align)) => unsafe {
            libc::posix_memalign(&mut pointer, align, size.max(1))
        },
        _ => libc::ENOMEM,
    };
    if code == 0 && !pointer.is_null() {
        return pointer;
    }
    with_rank((), |rank| {
        let rank_number = rank.number();
        rank.fail(Failure::HostMemory {
            rank: rank_number,
            bytes,
        });
    });
    resume_unwind(Box::new(NoMemory))
}
