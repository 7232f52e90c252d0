// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A world small enough to stall: two ranks on threads, heaps as vectors, and a
//! hook where a rank waits.

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::{
    alloc::{Layout, alloc, dealloc},
    cell::RefCell,
    env,
    ffi::c_void,
    fs, process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use symm_abi::{
    ABI_VERSION, AllReduceCall, CollectiveCall, EntryFn, GroupView, LaunchCall, MatmulCall,
    PAD_STRIDE, RUNTIME_SYMBOL, RuntimeTable,
};

const RANKS: usize = 2;
const PAD_BYTES: usize = RANKS * PAD_STRIDE as usize;
const HEAP_BYTES: usize = 1 << 16;

/// What fresh ordinary memory holds.
pub const FRESH: u8 = 0x5a;

/// What a rank does when it waits.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// Stalls this rank after it has seen `peer` in `phase`, so that others run on.
    pub stall: Option<(usize, u32)>,
    /// Gives up every wait at once, as a time-out does.
    pub give_up: bool,
    /// Refuses to begin a collective, as after a failure.
    pub refuse: bool,
    /// The epoch that the group begins with.
    pub first_epoch: u32,
    /// The ranks that run.
    pub ranks: usize,
}

impl Hook {
    /// Does nothing.
    pub const NONE: Self = Self {
        stall: None,
        give_up: false,
        refuse: false,
        first_epoch: 0,
        ranks: RANKS,
    };
}

struct Rank {
    number: usize,
    view: Box<GroupView>,
    _bases: Arc<Vec<usize>>,
    heap_top: usize,
    hook: Hook,
    blocks: Vec<(usize, Layout)>,
}

thread_local! {
    static CURRENT: RefCell<Option<Rank>> = const { RefCell::new(None) };
}

fn with<T>(act: impl FnOnce(&mut Rank) -> T) -> T {
    CURRENT.with_borrow_mut(|rank| act(rank.as_mut().expect("a rank runs on this thread")))
}

unsafe extern "C" fn group(_: u32) -> *mut GroupView {
    with(|rank| &raw mut *rank.view)
}

unsafe extern "C-unwind" fn symmetric(_: u32, bytes: u64, _: u64) -> *mut c_void {
    with(|rank| {
        let offset = rank.heap_top;
        rank.heap_top += (bytes as usize).next_multiple_of(64);
        assert!(
            rank.heap_top <= HEAP_BYTES,
            "the heap of the test is large enough"
        );
        (rank._bases[rank.number] + PAD_BYTES + offset) as *mut c_void
    })
}

unsafe extern "C" fn free_symmetric(_: u32, _: *mut c_void) {}

unsafe extern "C" fn enter(_: u32, _: u32, _: u64, _: u64) -> u32 {
    with(|rank| u32::from(rank.hook.refuse))
}

unsafe extern "C" fn leave(_: u32, _: u32) {}

unsafe extern "C" fn wait(_: u32, peer: u32, epoch: u32, phase: u32) -> u32 {
    let (hook, number, base) = with(|rank| (rank.hook, rank.number, rank._bases[rank.number]));
    if hook.give_up {
        return 1;
    }
    let word = base + peer as usize * PAD_STRIDE as usize;
    // SAFETY: the pad lies at the start of the segment, which outlives the run, and
    // is accessed atomically by all.
    let word = unsafe { AtomicU32::from_ptr(word as *mut u32) };
    let begin = Instant::now();
    while (word.load(Ordering::Acquire).wrapping_sub(epoch) as i32) < 0 {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "the peer never came"
        );
        thread::yield_now();
    }
    if hook.stall == Some((number, phase)) && peer as usize == RANKS - 1 {
        thread::sleep(Duration::from_millis(30));
    }
    0
}

unsafe extern "C" fn collective(_: *const CollectiveCall) -> u32 {
    1
}

// Programs for CPU call none of these.
unsafe extern "C" fn launch(_: *const LaunchCall) -> u32 {
    1
}
unsafe extern "C" fn matmul(_: *const MatmulCall) -> u32 {
    1
}
unsafe extern "C" fn copy(_: *mut c_void, _: *const c_void, _: u64) -> u32 {
    1
}
unsafe extern "C" fn constant(_: u32) -> *const c_void {
    std::ptr::null()
}
unsafe extern "C" fn all_reduce(_: *const AllReduceCall) -> u32 {
    1
}

unsafe extern "C-unwind" fn host_alloc(bytes: u64, align: u64) -> *mut c_void {
    let layout = Layout::from_size_align(bytes.max(1) as usize, align as usize)
        .expect("a valid size and alignment");
    // SAFETY: the layout has at least one byte; the block has that many.
    let block = unsafe {
        let block = alloc(layout);
        block.write_bytes(FRESH, layout.size());
        block
    };
    with(|rank| rank.blocks.push((block as usize, layout)));
    block.cast()
}

unsafe extern "C" fn host_free(block: *mut c_void) {
    let found = with(|rank| {
        let index = rank
            .blocks
            .iter()
            .position(|(address, _)| *address == block as usize);
        rank.blocks
            .swap_remove(index.expect("only what was allocated is freed, once"))
    });
    // SAFETY: the block was allocated with this layout and is freed once.
    unsafe { dealloc(block.cast(), found.1) }
}

/// A program in a world of its own.
pub struct Loaded {
    library: Library,
    _table: Box<RuntimeTable>,
}

impl Loaded {
    /// Loads an artifact.
    pub fn new(artifact: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("symm-laws-{}-{count}.so", process::id()));
        fs::write(&path, artifact).expect("the artifact can be written");
        // SAFETY: the artifact comes from the compiler under test.
        let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
        fs::remove_file(&path).expect("the artifact was there");
        let library = library.expect("the artifact loads");
        let table = Box::new(table());
        // SAFETY: every artifact has this symbol, a pointer to a table.
        unsafe {
            let slot = library
                .get::<*mut *const RuntimeTable>(RUNTIME_SYMBOL.as_bytes())
                .expect("every artifact has the pointer");
            slot.write(&raw const *table);
        }
        Self {
            library,
            _table: table,
        }
    }

    /// Runs the entry `main` on every rank, from its floats to its result's.
    pub fn run(&self, hook: Hook, inputs: [Vec<f32>; RANKS], results: usize) -> Vec<Vec<f32>> {
        // A stall would make other tests of this process slow, not wrong.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard: MutexGuard<'_, ()> =
            ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let mut segments: Vec<Vec<u64>> = (0..RANKS)
            .map(|_| vec![0; (PAD_BYTES + HEAP_BYTES) / 8])
            .collect();
        let bases: Arc<Vec<usize>> = Arc::new(
            segments
                .iter_mut()
                .map(|segment| segment.as_mut_ptr() as usize)
                .collect(),
        );
        for base in bases.iter() {
            for peer in 0..RANKS {
                let word = (base + peer * PAD_STRIDE as usize) as *mut u32;
                // SAFETY: the pad has that many words, and no rank runs yet.
                unsafe { word.write(hook.first_epoch) }
            }
        }
        // SAFETY: every artifact of these tests has this entry.
        let entry = unsafe {
            *self
                .library
                .get::<EntryFn>(b"symm_entry_main")
                .expect("an entry")
        };
        thread::scope(|scope| {
            let ranks: Vec<_> = inputs
                .into_iter()
                .take(hook.ranks)
                .enumerate()
                .map(|(number, input)| {
                    let bases = Arc::clone(&bases);
                    scope.spawn(move || run_rank(number, hook, bases, entry, input, results))
                })
                .collect();
            ranks
                .into_iter()
                .map(|rank| rank.join().expect("no rank panics"))
                .collect()
        })
    }
}

fn run_rank(
    number: usize,
    hook: Hook,
    bases: Arc<Vec<usize>>,
    entry: EntryFn,
    mut input: Vec<f32>,
    results: usize,
) -> Vec<f32> {
    let view = Box::new(GroupView {
        rank: number as u32,
        size: RANKS as u32,
        epoch: hook.first_epoch,
        failed: 0,
        bases: bases.as_ptr().cast(),
        pad_offset: 0,
        pad_stride: PAD_STRIDE,
    });
    let rank = Rank {
        number,
        view,
        _bases: bases,
        heap_top: 0,
        hook,
        blocks: Vec::new(),
    };
    CURRENT.set(Some(rank));
    let mut result = vec![0.0f32; results];
    let mut descriptors = [descriptor(&mut input), descriptor(&mut result)];
    let mut pointers: Vec<*mut c_void> = descriptors
        .iter_mut()
        .map(|words| words.as_mut_ptr().cast())
        .collect();
    // SAFETY: the entry takes and returns one vector of floats each.
    unsafe { entry(pointers.as_mut_ptr()) };
    let rank = CURRENT.take().expect("the rank is still there");
    assert!(
        rank.blocks.is_empty(),
        "the program frees what it allocates"
    );
    result
}

fn descriptor(data: &mut [f32]) -> [u64; 5] {
    let address = data.as_mut_ptr() as u64;
    [address, address, 0, data.len() as u64, 1]
}

fn table() -> RuntimeTable {
    RuntimeTable {
        abi_version: ABI_VERSION,
        size_bytes: size_of::<RuntimeTable>() as u32,
        group,
        alloc: symmetric,
        free: free_symmetric,
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
    }
}
