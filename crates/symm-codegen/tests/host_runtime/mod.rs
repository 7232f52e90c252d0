// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A runtime of one rank whose memory is the host's: kernels, products and all-reduces are done
//! where they are called, and each call is recorded.

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    cell::RefCell,
    collections::HashMap,
    ffi::c_void,
    fs, ptr, slice,
};
use symm_abi::{
    ABI_VERSION, AllReduceCall, CollectiveCall, EntryFn, GroupView, LaunchCall, Manifest,
    MatmulCall, RUNTIME_SYMBOL, RuntimeTable, artifact,
};

/// What a run did.
#[derive(Debug, Default)]
pub struct Run {
    /// The elements of the result.
    pub result: Vec<f32>,
    /// The calls that put work into the stream, and those for constants, in order.
    pub calls: Vec<&'static str>,
    /// Allocations that were never freed.
    pub leaked: usize,
    /// Whether the operand of an all-reduce was symmetric memory.
    pub reduced_symmetric: bool,
}

#[derive(Default)]
struct State {
    run: Run,
    manifest: Option<Manifest>,
    constants: Vec<Vec<f32>>,
    /// Size of each live allocation, and whether it is symmetric.
    live: HashMap<usize, (usize, bool)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs the only entry of an artifact, with one argument and a result of `results` elements.
pub fn run(bytes: &[u8], argument: &[f32], results: usize) -> Run {
    let manifest = artifact::open(bytes).expect("the artifact is sound");
    let entry = manifest.entries[0].symbol.clone();
    let sections = manifest.cuda.iter().flat_map(|cuda| &cuda.constants);
    let constants = sections.map(|constant| {
        let section = artifact::section(bytes, &constant.section).expect("the section is there");
        let words = section[..constant.bytes as usize].chunks_exact(4);
        words
            .map(|word| f32::from_le_bytes(word.try_into().expect("four bytes")))
            .collect()
    });
    let constants = constants.collect();
    STATE.set(State {
        manifest: Some(manifest),
        constants,
        ..State::default()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.so");
    fs::write(&path, bytes).expect("it can be written");
    let mut input = argument.to_vec();
    let mut output = vec![0.0; results];
    // SAFETY: the program was compiled from a source of these tests; its entry gets the descriptors
    // that its manifest asks for.
    unsafe {
        let library = Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL).expect("it loads");
        let slot = library.get::<*mut *const RuntimeTable>(RUNTIME_SYMBOL.as_bytes());
        **slot.expect("it has a slot") = &TABLE;
        let entry = library
            .get::<EntryFn>(entry.as_bytes())
            .expect("it has the entry");
        let mut descriptors = [
            descriptor(input.as_mut_ptr(), [4, 8]),
            descriptor(output.as_mut_ptr(), [4, 2]),
        ];
        let mut arguments = descriptors
            .each_mut()
            .map(|one| ptr::from_mut(one).cast::<c_void>());
        entry(arguments.as_mut_ptr());
    }
    let mut state = STATE.take();
    state.run.result = output;
    state.run.leaked = state.live.len();
    state.run
}

/// A memref descriptor of rank 2.
fn descriptor(address: *mut f32, [rows, columns]: [i64; 2]) -> [i64; 7] {
    [address as i64, address as i64, 0, rows, columns, columns, 1]
}

static TABLE: RuntimeTable = RuntimeTable {
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

fn with<T>(call: &'static str, body: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(|state| {
        state.run.calls.push(call);
        body(state)
    })
}

fn allocate(bytes: u64, symmetric: bool) -> *mut c_void {
    let layout = Layout::from_size_align(bytes.max(1) as usize, 256).expect("a size");
    // SAFETY: the size is not zero.
    let address = unsafe { alloc_zeroed(layout) };
    STATE.with_borrow_mut(|state| {
        state
            .live
            .insert(address as usize, (layout.size(), symmetric))
    });
    address.cast()
}

fn release(address: *mut c_void, symmetric: bool) {
    let freed = STATE.with_borrow_mut(|state| state.live.remove(&(address as usize)));
    let (bytes, was_symmetric) = freed.expect("what is freed is live");
    assert_eq!(
        was_symmetric, symmetric,
        "memory goes back where it came from"
    );
    let layout = Layout::from_size_align(bytes, 256).expect("a size");
    // SAFETY: the memory was allocated with this layout and is not used again.
    unsafe { dealloc(address.cast(), layout) }
}

unsafe extern "C" fn group(_: u32) -> *mut GroupView {
    unreachable!("the program does not ask for its group")
}
unsafe extern "C" fn alloc(_: u32, bytes: u64, _: u64) -> *mut c_void {
    allocate(bytes, true)
}
unsafe extern "C" fn free(_: u32, address: *mut c_void) {
    release(address, true);
}
unsafe extern "C" fn host_alloc(bytes: u64, _: u64) -> *mut c_void {
    allocate(bytes, false)
}
unsafe extern "C" fn host_free(address: *mut c_void) {
    release(address, false);
}
unsafe extern "C" fn enter(_: u32, _: u32, _: u64, _: u64) -> u32 {
    unreachable!("programs for GPUs do not enter collectives")
}
unsafe extern "C" fn leave(_: u32, _: u32) {
    unreachable!("programs for GPUs do not leave collectives")
}
unsafe extern "C" fn wait(_: u32, _: u32, _: u32, _: u32) -> u32 {
    unreachable!("programs for GPUs do not wait")
}
unsafe extern "C" fn collective(_: *const CollectiveCall) -> u32 {
    unreachable!("the program has no collective for NCCL")
}

/// Does what the only kernel of the program does: `2 x + 1`, of 32 elements.
unsafe extern "C" fn launch(call: *const LaunchCall) -> u32 {
    // SAFETY: the caller gives a call with two descriptors of rank 2 as parameters.
    unsafe {
        let call = &*call;
        assert_eq!(
            (call.kernel, call.grid, call.shared_bytes),
            (0, [1, 1, 1], 0)
        );
        assert_eq!(call.block, [128, 1, 1]);
        let parameter = |index: usize| **call.params.add(index).cast::<*const u64>();
        let [from, to] = [0, 7].map(|first| {
            let fields = [2, 3, 4, 5, 6].map(|field| parameter(first + field));
            assert_eq!(fields, [0, 4, 8, 8, 1], "offset, sizes, strides");
            parameter(first + 1) as *mut f32
        });
        for index in 0..32 {
            *to.add(index) = *from.add(index) * 2.0 + 1.0;
        }
    }
    with("launch", |_| 0)
}

unsafe extern "C" fn matmul(call: *const MatmulCall) -> u32 {
    // SAFETY: the caller gives a call whose matrices are those of the manifest.
    with("matmul", |state| unsafe {
        let call = &*call;
        let cuda = state
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.cuda.as_ref());
        let of = &cuda.expect("a program for GPUs").matmuls[call.matmul as usize];
        assert!(!of.transpose_a && !of.transpose_b && !of.accumulate && of.batch == 1);
        let [a, b] = [call.a, call.b].map(<*const c_void>::cast::<f32>);
        for (m, n) in (0..of.m).flat_map(|m| (0..of.n).map(move |n| (m, n))) {
            let product =
                |k: u64| *a.add((m * of.lda + k) as usize) * *b.add((k * of.ldb + n) as usize);
            *call.c.cast::<f32>().add((m * of.ldc + n) as usize) = (0..of.k).map(product).sum();
        }
        0
    })
}

unsafe extern "C" fn copy(to: *mut c_void, from: *const c_void, bytes: u64) -> u32 {
    // SAFETY: the caller says that there are as many bytes, apart from each other.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast::<u8>(), bytes as usize) };
    with("copy", |_| 0)
}

unsafe extern "C" fn constant(number: u32) -> *const c_void {
    with("constant", |state| {
        state.constants[number as usize].as_ptr().cast()
    })
}

/// Sums over two ranks that have the same.
unsafe extern "C" fn all_reduce(call: *const AllReduceCall) -> u32 {
    with("all_reduce", |state| {
        // SAFETY: the caller gives a call with as many elements in both buffers.
        let (call, input, output) = unsafe {
            let call = &*call;
            let count = call.count as usize;
            let input = slice::from_raw_parts(call.input.cast::<f32>(), count).to_vec();
            (
                call,
                input,
                slice::from_raw_parts_mut(call.output.cast::<f32>(), count),
            )
        };
        assert_eq!((call.all_reduce, call.reserved), (0, 0));
        let at = call.input as usize;
        let holds = |(start, (bytes, _)): &(&usize, &(usize, bool))| {
            (**start..**start + bytes).contains(&at)
        };
        state.run.reduced_symmetric = state
            .live
            .iter()
            .find(holds)
            .is_some_and(|(_, (_, symmetric))| *symmetric);
        for (sum, value) in output.iter_mut().zip(input) {
            *sum = value + value;
        }
        0
    })
}
