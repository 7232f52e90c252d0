// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A runtime of one rank whose memory is the host's: kernels, products and all-reduces are done
//! where they are called, and each call is recorded.

mod kernels;

pub use kernels::Kernels;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::{
    alloc::{self, Layout},
    cell::RefCell,
    collections::HashMap,
    ffi::c_void,
    fs, ptr,
    rc::Rc,
    slice,
};
use symm_abi::{
    ABI_VERSION, AllReduceCall, CollectiveCall, EntryFn, GroupView, LaunchCall, Manifest,
    MatmulCall, RUNTIME_SYMBOL, RuntimeTable, artifact,
};

/// What a run did.
#[derive(Debug, Default)]
pub struct Run<E = f32> {
    /// The elements, or bytes, of each result.
    pub results: Vec<Vec<E>>,
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
    kernels: Option<Rc<Kernels>>,
    /// In whole words, for alignment.
    constants: Vec<Vec<u128>>,
    /// Size of each live allocation, and whether it is symmetric.
    live: HashMap<usize, (usize, bool)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs the only entry of an artifact, all of whose values are f32.
pub fn run(bytes: &[u8], kernels: Option<Kernels>, arguments: &[Vec<f32>]) -> Run {
    let manifest = artifact::open(bytes).expect("the artifact is sound");
    let to_bytes =
        |values: &Vec<f32>| -> Vec<u8> { values.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let arguments: Vec<_> = arguments.iter().map(to_bytes).collect();
    let kernels = kernels.map(Rc::new);
    let run = run_entry(bytes, &manifest.entries[0].name, kernels, &arguments);
    let to_floats = |bytes: Vec<u8>| {
        let (words, _) = bytes.as_chunks();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    };
    Run {
        results: run.results.into_iter().map(to_floats).collect(),
        calls: run.calls,
        leaked: run.leaked,
        reduced_symmetric: run.reduced_symmetric,
    }
}

/// Runs an entry of an artifact.
pub fn run_entry(
    bytes: &[u8],
    name: &str,
    kernels: Option<Rc<Kernels>>,
    arguments: &[Vec<u8>],
) -> Run<u8> {
    let manifest = artifact::open(bytes).expect("the artifact is sound");
    let entry = manifest.entry(name).expect("it has the entry").clone();
    let sections = manifest.cuda.iter().flat_map(|cuda| &cuda.constants);
    let constants = sections.map(|constant| {
        let section = artifact::section(bytes, &constant.section).expect("the section is there");
        words(&section[..constant.bytes as usize])
    });
    let constants = constants.collect();
    STATE.set(State {
        manifest: Some(manifest),
        kernels,
        constants,
        ..State::default()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.so");
    fs::write(&path, bytes).expect("it can be written");
    let sizes: Vec<usize> = entry
        .results
        .iter()
        .map(|result| result.bytes().expect("a size"))
        .collect();
    // What was never written is NaN.
    let results = sizes.iter().map(|size| words(&vec![0xff; *size]));
    let arguments = arguments.iter().map(|argument| words(argument));
    let mut buffers: Vec<Vec<u128>> = arguments.chain(results).collect();
    let values = entry.args.iter().chain(&entry.results);
    let mut descriptors: Vec<Vec<i64>> = buffers
        .iter_mut()
        .zip(values)
        .map(|(buffer, value)| descriptor(buffer.as_mut_ptr(), &value.shape))
        .collect();
    let mut pointers: Vec<*mut c_void> = descriptors
        .iter_mut()
        .map(|one| one.as_mut_ptr().cast())
        .collect();
    // SAFETY: the program was compiled from a source of these tests; its entry gets the descriptors
    // that its manifest asks for.
    unsafe {
        let library = Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL).expect("it loads");
        let slot = library.get::<*mut *const RuntimeTable>(RUNTIME_SYMBOL.as_bytes());
        **slot.expect("it has a slot") = &TABLE;
        let entry = library
            .get::<EntryFn>(entry.symbol.as_bytes())
            .expect("it has the entry");
        entry(pointers.as_mut_ptr());
    }
    let state = STATE.take();
    let results = buffers[entry.args.len()..].iter().zip(sizes);
    Run {
        results: results
            .map(|(words, size)| {
                words
                    .iter()
                    .flat_map(|word| word.to_ne_bytes())
                    .take(size)
                    .collect()
            })
            .collect(),
        calls: state.run.calls,
        leaked: state.live.len(),
        reduced_symmetric: state.run.reduced_symmetric,
    }
}

/// Returns bytes in whole words, for alignment.
fn words(bytes: &[u8]) -> Vec<u128> {
    let word = |bytes: &[u8]| {
        let mut word = [0; 16];
        word[..bytes.len()].copy_from_slice(bytes);
        u128::from_ne_bytes(word)
    };
    bytes.chunks(16).map(word).collect()
}

fn elements(shape: &[u64]) -> usize {
    shape.iter().product::<u64>() as usize
}

/// A memref descriptor: addresses, offset, sizes, strides.
fn descriptor(address: *mut u128, shape: &[u64]) -> Vec<i64> {
    let sizes = shape.iter().map(|extent| *extent as i64);
    let strides = (0..shape.len()).map(|at| elements(&shape[at + 1..]) as i64);
    [address as i64, address as i64, 0]
        .into_iter()
        .chain(sizes)
        .chain(strides)
        .collect()
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
    // What was never written is NaN.
    // SAFETY: the size is not zero, and all of it is ours.
    let address = unsafe {
        let address = alloc::alloc(layout);
        address.write_bytes(0xff, layout.size());
        address
    };
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
    unsafe { alloc::dealloc(address.cast(), layout) }
}

unsafe extern "C" fn group(_: u32) -> *mut GroupView {
    unreachable!("the program does not ask for its group")
}
unsafe extern "C-unwind" fn alloc(_: u32, bytes: u64, _: u64) -> *mut c_void {
    allocate(bytes, true)
}
unsafe extern "C" fn free(_: u32, address: *mut c_void) {
    release(address, true);
}
unsafe extern "C-unwind" fn host_alloc(bytes: u64, _: u64) -> *mut c_void {
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

unsafe extern "C" fn launch(call: *const LaunchCall) -> u32 {
    // SAFETY: the caller gives a call of a kernel of the manifest, with its parameters.
    let call = unsafe { &*call };
    let (entry, kernels) = with("launch", |state| {
        let cuda = state
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.cuda.as_ref());
        let kernel = &cuda.expect("a program for GPUs").kernels[call.kernel as usize];
        let kernels = state.kernels.clone();
        (
            kernel.entry.clone(),
            kernels.expect("a program with kernels"),
        )
    });
    let ([grid, 1, 1], [threads, 1, 1], 0) = (call.grid, call.block, call.shared_bytes) else {
        panic!("kernels have one dimension, and shared memory of their own");
    };
    // SAFETY: as above.
    unsafe { kernels.launch(&entry, grid, threads, call.params.cast()) };
    0
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
        let [a, b] = [call.a, call.b].map(<*const c_void>::cast::<f32>);
        let rows = (0..of.batch).flat_map(|batch| (0..of.m).map(move |m| (batch, m)));
        for (batch, m, n) in rows.flat_map(|(batch, m)| (0..of.n).map(move |n| (batch, m, n))) {
            let stored = |row, column, is_transposed, lead| match is_transposed {
                true => column * lead + row,
                false => row * lead + column,
            };
            let product = |k: u64| {
                let at_a = batch * of.stride_a + stored(m, k, of.transpose_a, of.lda);
                let at_b = batch * of.stride_b + stored(k, n, of.transpose_b, of.ldb);
                *a.add(at_a as usize) * *b.add(at_b as usize)
            };
            let at_c = batch * of.stride_c + m * of.ldc + n;
            let c = call.c.cast::<f32>().add(at_c as usize);
            let there = if of.accumulate { *c } else { 0.0 };
            *c = there + (0..of.k).map(product).sum::<f32>();
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

/// Sums over ranks that have the same.
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
        let cuda = state
            .manifest
            .as_ref()
            .and_then(|manifest| manifest.cuda.as_ref());
        let all_reduces = &cuda.expect("a program for GPUs").all_reduces;
        let ranks = all_reduces[call.all_reduce as usize].spec.world_size;
        assert_eq!(call.reserved, 0);
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
            *sum = value * ranks as f32;
        }
        0
    })
}
