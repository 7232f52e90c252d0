// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Named ranges for a profiler that listens, and nothing at all where none does.
//!
//! NVTX is a protocol and no library: a profiler names its own in `NVTX_INJECTION64_PATH`, and whoever has ranges loads
//! that and gives it a table of places for its functions. This is the part of `nvtx3/nvtxDetail` that ranges need.

use std::{
    env,
    ffi::{CString, c_char, c_int, c_uint, c_void},
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering},
    },
};

use libloading::os::unix::{Library, RTLD_LAZY};

/// Variable in which a profiler names its library.
const INJECTION: &str = "NVTX_INJECTION64_PATH";

/// Tables that a profiler can ask for.
const CALLBACKS: u32 = 1;
const VERSION_INFO: u32 = 3;

/// The module whose functions are filled in here, how many it has, and which of them are called.
const CORE_MODULE: c_uint = 1;
const CORE_FUNCTIONS: usize = 16;
const RANGE_PUSH: usize = 9;
const RANGE_POP: usize = 11;

/// What the functions of the table are: each place holds null until the profiler fills it in.
type Place = AtomicPtr<c_void>;

static PLACES: [Place; CORE_FUNCTIONS] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; CORE_FUNCTIONS];

/// Addresses of the places, as the profiler wants them; place 0 and the end are null.
#[repr(transparent)]
struct Table([*const Place; CORE_FUNCTIONS + 1]);

// SAFETY: the addresses are of statics, which are atomics.
unsafe impl Sync for Table {}

static TABLE: Table = {
    let mut table = [std::ptr::null(); CORE_FUNCTIONS + 1];
    let mut index = 1;
    while index < CORE_FUNCTIONS {
        table[index] = &raw const PLACES[index];
        index += 1;
    }
    Table(table)
};

#[repr(C)]
struct Callbacks {
    size: usize,
    get_table: unsafe extern "C" fn(c_uint, *mut *const *const Place, *mut c_uint) -> c_int,
}

#[repr(C)]
struct VersionInfo {
    size: usize,
    version: u32,
    reserved: u32,
    set_version: extern "C" fn(u32),
}

static CALLBACK_TABLE: Callbacks = Callbacks {
    size: size_of::<Callbacks>(),
    get_table,
};

static VERSION_TABLE: VersionInfo = VersionInfo {
    size: size_of::<VersionInfo>(),
    version: 3,
    reserved: 0,
    set_version,
};

extern "C" fn set_version(_: u32) {}

unsafe extern "C" fn get_table(
    module: c_uint,
    table: *mut *const *const Place,
    size: *mut c_uint,
) -> c_int {
    if module != CORE_MODULE {
        return 0;
    }
    // SAFETY: the profiler passes addresses to write to, or null.
    unsafe {
        if !size.is_null() {
            size.write(CORE_FUNCTIONS as c_uint);
        }
        if !table.is_null() {
            table.write(TABLE.0.as_ptr());
        }
    }
    1
}

extern "C" fn export_table(id: u32) -> *const c_void {
    match id {
        CALLBACKS => (&raw const CALLBACK_TABLE).cast(),
        VERSION_INFO => (&raw const VERSION_TABLE).cast(),
        _ => std::ptr::null(),
    }
}

/// Lets the profiler fill in the table, once; tells whether one listens.
fn listens() -> bool {
    static LISTENS: OnceLock<bool> = OnceLock::new();
    *LISTENS.get_or_init(|| {
        let Some(path) = env::var_os(INJECTION) else {
            return false;
        };
        type Initialize = unsafe extern "C" fn(extern "C" fn(u32) -> *const c_void) -> c_int;
        // SAFETY: the variable is a profiler's, and names its library; its initializers and the function of this name,
        // whose type is NVTX's, have no other preconditions. It stays loaded.
        let initialized = unsafe {
            Library::open(Some(&path), RTLD_LAZY).and_then(|library| {
                let library = Box::leak(Box::new(library));
                let initialize = library.get::<Initialize>(b"InitializeInjectionNvtx2")?;
                Ok(initialize(export_table))
            })
        };
        match initialized {
            Ok(status) => status != 0,
            Err(error) => {
                tracing::warn!(%error, "{INJECTION}");
                false
            }
        }
    })
}

/// A range of this thread that ends when it is dropped; ranges nest.
#[derive(Debug)]
pub struct Range(());

impl Range {
    /// Begins a range if a profiler listens; `name` is asked for only then.
    pub fn begin<N: Into<Vec<u8>>>(name: impl FnOnce() -> N) -> Option<Self> {
        if !listens() {
            return None;
        }
        let push = PLACES[RANGE_PUSH].load(Ordering::Acquire);
        if push.is_null() {
            return None;
        }
        let name = CString::new(name()).unwrap_or_default();
        // SAFETY: the profiler put a function of this type, NVTX's `nvtxRangePushA`, in this place.
        unsafe {
            let push: unsafe extern "C" fn(*const c_char) -> c_int = std::mem::transmute(push);
            push(name.as_ptr());
        }
        Some(Self(()))
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        let pop = PLACES[RANGE_POP].load(Ordering::Acquire);
        if pop.is_null() {
            return;
        }
        // SAFETY: as for `begin`, with `nvtxRangePop`.
        unsafe {
            let pop: unsafe extern "C" fn() -> c_int = std::mem::transmute(pop);
            pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, process::Command};

    const PROFILER: &str = r#"
#include <stddef.h>
#include <stdio.h>
typedef void (*function)(void);
typedef struct { size_t size; int (*get)(unsigned, function ***, unsigned *); } callbacks;
static int depth;
static int push(const char *name) { printf("push %d %s\n", depth, name); fflush(stdout); return depth++; }
static int pop(void) { printf("pop %d\n", --depth); fflush(stdout); return depth; }
int InitializeInjectionNvtx2(const void *(*get)(unsigned)) {
  const callbacks *table = get(1);
  function **core;
  unsigned size;
  if (!table || table->size < sizeof *table || !table->get(1, &core, &size) || size < 11) return 0;
  *core[9] = (function)push;
  *core[11] = (function)pop;
  return 1;
}
"#;

    /// Does nothing unless the test below runs this binary with a profiler.
    #[test]
    fn ranges_of_a_process_with_a_profiler() {
        if env::var_os(INJECTION).is_none() {
            assert!(Range::begin(|| -> Vec<u8> { panic!("nobody listens") }).is_none());
            return;
        }
        let outer = Range::begin(|| "entry 'main'");
        drop(Range::begin(|| "matmul (a.mlir:3:1)"));
        drop(outer);
    }

    #[test]
    fn a_profiler_hears_of_every_range() {
        let folder = env::temp_dir().join(format!("symm-nvtx-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (source, library) = (folder.join("profiler.c"), folder.join("profiler.so"));
        fs::write(&source, PROFILER).unwrap();
        let mut compiler = Command::new("cc");
        compiler
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source);
        assert!(compiler.status().unwrap().success());
        let mut own = Command::new(env::current_exe().unwrap());
        own.args([
            "--exact",
            "nvtx::tests::ranges_of_a_process_with_a_profiler",
            "--nocapture",
        ]);
        let output = own.env(INJECTION, &library).output().unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let heard: Vec<&str> = said
            .lines()
            .filter_map(|line| {
                let start = line.find("push ").or_else(|| line.find("pop "))?;
                Some(&line[start..])
            })
            .collect();
        let expected = [
            "push 0 entry 'main'",
            "push 1 matmul (a.mlir:3:1)",
            "pop 1",
            "pop 0",
        ];
        assert_eq!(heard, expected, "{said}");
    }
}
