// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The C side of the contract: what generated code calls and reads while it runs.

use std::ffi::c_void;

/// Distance in bytes between two signal words of a pad: one cache line each.
pub const PAD_STRIDE: u64 = 64;

/// Value of [`GroupView::rank`] on a rank that is not in the group.
pub const NOT_A_MEMBER: u32 = u32::MAX;

/// Signature of an entry: `args` points to one memref descriptor per argument, then one per result.
///
/// A descriptor is MLIR's C interface of a ranked memref: `{ptr allocated, ptr aligned, i64 offset, i64 sizes[rank],
/// i64 strides[rank]}`, at rank 0 without the arrays. All buffers, those of the results included, belong to the runtime, are contiguous,
/// row-major, aligned to 64 bytes, with offset 0, and do not overlap each other. The entry may read and write its
/// arguments' buffers; they are not used again after the call.
///
/// An entry lets unwinding through: where a rank has no memory, [`RuntimeTable::host_alloc`] leaves the entry that way.
pub type EntryFn = unsafe extern "C-unwind" fn(args: *mut *mut c_void);

/// One rank's view of one process group; it stays at its address for the whole run of an entry.
///
/// The buffers of a symmetric heap lie at equal offsets in every member's segment, so the copy of a buffer at `p` that
/// member `q` holds is `bases[q] + (p - bases[rank])`. The signal word that member `q` writes for member `p` is the
/// `u32` at `bases[p] + pad_offset + q * pad_stride`: stored with release order by `q`, loaded with acquire order by
/// `p`, reached when `(i32)(seen - wanted) >= 0`.
#[derive(Debug)]
#[repr(C)]
pub struct GroupView {
    /// This rank's number in the group, or [`NOT_A_MEMBER`].
    pub rank: u32,
    /// Number of members.
    pub size: u32,
    /// Last epoch that this rank used in the group. `comm.next_epoch` adds 1 (wrapping) and takes the new value; the
    /// runtime's library does the same, so every member counts alike.
    pub epoch: u32,
    /// Set by the runtime, to 1, once this rank knows that the group has failed; it never goes back.
    pub failed: u32,
    /// `size` addresses: where this address space has each member's segment. Null on a rank that is not a member.
    pub bases: *const *mut u8,
    /// Offset of the signal pad in a segment.
    pub pad_offset: u64,
    /// Distance of two signal words: [`PAD_STRIDE`].
    pub pad_stride: u64,
}

/// One collective for the runtime's library; all buffers are contiguous and row-major.
///
/// `input` and `output` may overlap in any way; the runtime copies where it has to. In a program for CUDA it copies
/// nothing: there they are apart, or, in an all-reduce and a broadcast, the same.
#[derive(Debug)]
#[repr(C)]
pub struct CollectiveCall {
    /// Number of a [`CollectiveKind`](crate::CollectiveKind).
    pub kind: u32,
    /// Index of the group in the manifest.
    pub group: u32,
    /// Id of the op in the manifest.
    pub op_id: u32,
    /// Number of a [`ReduceOp`](crate::ReduceOp); 0 where the collective does not reduce.
    pub reduce_op: u32,
    /// Number of a [`DType`](crate::DType).
    pub dtype: u32,
    /// Broadcast: the source's number within the group; otherwise 0.
    pub root: u32,
    /// Elements to send; may be null if `input_count` is 0.
    pub input: *const c_void,
    /// Number of elements, not bytes, at `input`.
    pub input_count: u64,
    /// Where the result goes; may be null if `output_count` is 0.
    pub output: *mut c_void,
    /// Number of elements, not bytes, at `output`.
    pub output_count: u64,
}

/// One launch of a kernel that the compiler outlined.
#[derive(Debug)]
#[repr(C)]
pub struct LaunchCall {
    /// Index in [`Cuda::kernels`](crate::cuda::Cuda::kernels).
    pub kernel: u32,
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z.
    pub block: [u32; 3],
    /// Bytes of dynamic shared memory of a block.
    pub shared_bytes: u32,
    /// One pointer per parameter of the kernel, to its value in host memory, as `cuLaunchKernel` wants them.
    pub params: *mut *mut c_void,
}

/// One matrix product; every matrix is aligned to [`MATRIX_ALIGN`](crate::cuda::MATRIX_ALIGN).
#[derive(Debug)]
#[repr(C)]
pub struct MatmulCall {
    /// Index in [`Cuda::matmuls`](crate::cuda::Cuda::matmuls).
    pub matmul: u32,
    /// Zero.
    pub reserved: u32,
    /// First element of `A`.
    pub a: *const c_void,
    /// First element of `B`.
    pub b: *const c_void,
    /// First element of `C`, which overlaps neither.
    pub c: *mut c_void,
}

/// One all-reduce by a generated kernel.
#[derive(Debug)]
#[repr(C)]
pub struct AllReduceCall {
    /// Index in [`Cuda::all_reduces`](crate::cuda::Cuda::all_reduces).
    pub all_reduce: u32,
    /// Zero.
    pub reserved: u32,
    /// The operand; from [`RuntimeTable::alloc`] if the algorithm's operand is symmetric.
    pub input: *const c_void,
    /// The result; from [`RuntimeTable::alloc`] if the algorithm's result is symmetric. The operand itself, where the
    /// algorithm works in place, or memory apart from it.
    pub output: *mut c_void,
    /// Elements, counted as the kernel counts them, at most [`AllReduce::max_count`](crate::cuda::AllReduce::max_count).
    pub count: u64,
}

/// Functions that the runtime offers to generated code, through the pointer [`RUNTIME_SYMBOL`](crate::RUNTIME_SYMBOL).
///
/// All of them act for the rank whose entry runs on the calling thread, and only [`alloc`](Self::alloc) and
/// [`host_alloc`](Self::host_alloc) ever unwind. Once anything has
/// failed, [`enter`](Self::enter), [`wait`](Self::wait) and [`collective`](Self::collective) return nonzero for ever: generated code then
/// skips the op and runs on, so that it ends soon, and the host reports the one error that came first.
///
/// In a program for CUDA every address of a buffer is one of the rank's device, which the host code never dereferences;
/// [`launch`](Self::launch), [`matmul`](Self::matmul), [`copy`](Self::copy), [`all_reduce`](Self::all_reduce) and
/// [`collective`](Self::collective) put work into the rank's stream and return at once. Memory that is freed may be handed
/// out again at once too: the stream keeps the order. [`enter`](Self::enter), [`leave`](Self::leave) and [`wait`](Self::wait) are
/// for the CPU alone.
///
/// Later versions add functions at the end; `size_bytes` tells which there are.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct RuntimeTable {
    /// [`ABI_VERSION`](crate::ABI_VERSION) of the runtime.
    pub abi_version: u32,
    /// Size of this table.
    pub size_bytes: u32,
    /// Returns this rank's view of a group, by index in the manifest; the same pointer every time.
    pub group: unsafe extern "C" fn(group: u32) -> *mut GroupView,
    /// Allocates from the symmetric heap of a group, at equal offsets on every member if all of them allocate and free
    /// in the same order. `align` is a power of two up to 4096. Never null: when the heap is exhausted the failure is
    /// recorded and private memory is returned, good for everything but peers; without any, as
    /// [`host_alloc`](Self::host_alloc).
    pub alloc: unsafe extern "C-unwind" fn(group: u32, bytes: u64, align: u64) -> *mut c_void,
    /// Frees what [`alloc`](Self::alloc) returned for the same group; null is allowed.
    pub free: unsafe extern "C" fn(group: u32, pointer: *mut c_void),
    /// Announces that this rank begins a collective of generated code over `bytes` bytes of its own data. `buffer` is the
    /// address of the symmetric buffer of the program that peers access, which lies at the same offset on every member;
    /// 0: there is none. Nonzero: the group has failed, or members are at different ops; skip the op and its
    /// [`leave`](Self::leave).
    pub enter: unsafe extern "C" fn(group: u32, op_id: u32, bytes: u64, buffer: u64) -> u32,
    /// Announces the end of the collective that [`enter`](Self::enter) began, after its last wait succeeded; after a wait that failed, the call
    /// may be left out.
    pub leave: unsafe extern "C" fn(group: u32, op_id: u32),
    /// Waits, within the time-out, until the signal word of `peer` (number in the group) for this rank reaches `epoch`,
    /// with acquire order; called after a short inline spin. `phase` indexes [`Op::phases`](crate::Op::phases) for reports. 0: it did;
    /// nonzero: it never will, and the op has to be left.
    pub wait: unsafe extern "C" fn(group: u32, peer: u32, epoch: u32, phase: u32) -> u32,
    /// Runs one collective of the runtime's library, `enter` and `leave` included. Nonzero: failed, output undefined.
    pub collective: unsafe extern "C" fn(call: *const CollectiveCall) -> u32,
    /// Allocates ordinary memory of this rank, aligned to `align` (a power of two). Never null; 0 bytes are allowed. Where
    /// the system has none, the failure is recorded and the entry is unwound: no code of it runs any more, so it needs
    /// unwind tables, and nothing to clean up.
    pub host_alloc: unsafe extern "C-unwind" fn(bytes: u64, align: u64) -> *mut c_void,
    /// Frees what [`host_alloc`](Self::host_alloc) returned; null is allowed.
    pub host_free: unsafe extern "C" fn(pointer: *mut c_void),
    /// CUDA: puts a kernel into the stream. Nonzero: failed.
    pub launch: unsafe extern "C" fn(call: *const LaunchCall) -> u32,
    /// CUDA: puts a matrix product into the stream. Nonzero: failed.
    pub matmul: unsafe extern "C" fn(call: *const MatmulCall) -> u32,
    /// CUDA: puts a copy between two buffers that don't overlap into the stream. Nonzero: failed.
    pub copy: unsafe extern "C" fn(to: *mut c_void, from: *const c_void, bytes: u64) -> u32,
    /// CUDA: returns the address of a constant, by index in [`Cuda::constants`](crate::cuda::Cuda::constants); the same every
    /// time, aligned to 256 bytes. Null if there is none.
    pub constant: unsafe extern "C" fn(constant: u32) -> *const c_void,
    /// CUDA: puts an all-reduce by a generated kernel into the stream. Nonzero: failed.
    pub all_reduce: unsafe extern "C" fn(call: *const AllReduceCall) -> u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    #[test]
    fn layouts_are_those_generated_code_assumes() {
        assert_eq!(offset_of!(GroupView, bases), 16);
        assert_eq!(offset_of!(GroupView, pad_stride), 32);
        assert_eq!(size_of::<GroupView>(), 40);
        assert_eq!(offset_of!(CollectiveCall, input), 24);
        assert_eq!(offset_of!(CollectiveCall, output_count), 48);
        assert_eq!(size_of::<CollectiveCall>(), 56);
        assert_eq!(offset_of!(RuntimeTable, group), 8);
        assert_eq!(offset_of!(RuntimeTable, alloc), 16);
        assert_eq!(offset_of!(RuntimeTable, free), 24);
        assert_eq!(offset_of!(RuntimeTable, enter), 32);
        assert_eq!(offset_of!(RuntimeTable, leave), 40);
        assert_eq!(offset_of!(RuntimeTable, wait), 48);
        assert_eq!(offset_of!(RuntimeTable, collective), 56);
        assert_eq!(offset_of!(RuntimeTable, host_alloc), 64);
        assert_eq!(offset_of!(RuntimeTable, host_free), 72);
        assert_eq!(offset_of!(RuntimeTable, launch), 80);
        assert_eq!(offset_of!(RuntimeTable, matmul), 88);
        assert_eq!(offset_of!(RuntimeTable, copy), 96);
        assert_eq!(offset_of!(RuntimeTable, constant), 104);
        assert_eq!(offset_of!(RuntimeTable, all_reduce), 112);
        assert_eq!(size_of::<RuntimeTable>(), 120);
        assert_eq!(offset_of!(LaunchCall, grid), 4);
        assert_eq!(offset_of!(LaunchCall, block), 16);
        assert_eq!(offset_of!(LaunchCall, shared_bytes), 28);
        assert_eq!(offset_of!(LaunchCall, params), 32);
        assert_eq!(size_of::<LaunchCall>(), 40);
        assert_eq!(offset_of!(MatmulCall, a), 8);
        assert_eq!(offset_of!(MatmulCall, c), 24);
        assert_eq!(size_of::<MatmulCall>(), 32);
        assert_eq!(offset_of!(AllReduceCall, input), 8);
        assert_eq!(offset_of!(AllReduceCall, count), 24);
        assert_eq!(size_of::<AllReduceCall>(), 32);
    }
}
