// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the runtime does on the host for programs on GPUs, on machines that have none: each test is a process with a
//! pretend driver, on which kernels do nothing. What programs compute is tested in `tests/gpu`, where GPUs are.

mod c_abi;
mod failed;
mod failures;
#[path = "../fake_driver/mod.rs"]
mod fake;
mod graphs;
#[path = "../gpu/programs.rs"]
mod programs;
mod runs;
mod starts;
#[path = "../support/mod.rs"]
mod support;
mod waits;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};
use symm_cuda::memory::DeviceMemory;
use symm_runtime::{
    Binding, Program, World, WorldSpec,
    cuda::{Config, Session},
    launch::{self, LaunchError, WorkError},
};

/// Returns the folder of the programs, linked once per run, with kernels that have only names.
fn linked() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("control_plane");
        for size in [2, 3] {
            programs::link_names(&folder, size);
        }
        folder
    })
}

/// Runs a test in a process with pretend GPUs and the programs.
fn on_gpus(knobs: &[(&str, &str)], test: impl FnOnce()) {
    let staged = programs::folder().unwrap_or_else(|| linked().to_owned());
    let staged = ("SYMM_GPU_PROGRAMS", staged.to_str().unwrap());
    fake::on_fake_gpus(&[knobs, &[staged]].concat(), test);
}

/// Ranks of a program, as threads.
struct Ranks {
    program: &'static str,
    size: u32,
    timeout: Duration,
    config: Config,
}

impl Ranks {
    /// Describes ranks that have all the time they need.
    fn of(program: &'static str, size: u32) -> Self {
        Self {
            program,
            size,
            timeout: Duration::from_secs(30),
            config: Config {
                heap_bytes: None,
                arena_bytes: Some(1 << 20),
                secret: std::array::from_fn(|i| (std::process::id() >> (i % 4 * 8)) as u8),
                fallback: false,
                share_gpus: false,
                trace: false,
            },
        }
    }

    /// Does `work` on every rank.
    fn run<T: Send + 'static>(
        self,
        work: impl Fn(&Session) -> Result<T, WorkError> + Send + Sync + 'static,
    ) -> (Program, Result<Vec<T>, LaunchError>) {
        let Self { size, config, .. } = self;
        let path = format!("{}{size}.so", self.program);
        let program = Program::load(&programs::folder().unwrap().join(path)).unwrap();
        let spec = WorldSpec::new(program.manifest(), size, self.timeout, None).unwrap();
        let world = World::create(spec.without_heaps()).unwrap();
        let shared = program.clone();
        let outcome = launch::threads(&world, move |rank| {
            let number = rank.number();
            work(&Session::start(rank, &shared.for_rank()?, &config, number)?)
        });
        (program, outcome)
    }
}

/// Puts an entry into the session's stream, on a buffer that is to be kept until the stream was waited for; meets nobody.
fn enqueue(session: &Session, entry: &str) -> Result<DeviceMemory, WorkError> {
    let bytes = 4 * programs::COUNT;
    let buffer = DeviceMemory::zeroed(session.device(), 2 * bytes)?;
    let mut binding = Binding::new(session.program(), entry)?;
    binding.argument(0, buffer.address())?;
    binding.result(0, buffer.address() + bytes as u64)?;
    // SAFETY: the buffer holds argument and result; the caller keeps it.
    unsafe { session.enqueue(&mut binding, session.stream()) }?;
    Ok(buffer)
}
