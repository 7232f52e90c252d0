// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks that a launcher started, and where they meet: on a pretend driver, on which kernels do nothing.

mod common;
#[path = "../../../crates/symm-runtime/tests/fake_driver/mod.rs"]
mod fake;
#[path = "../../../crates/symm-runtime/tests/gpu/programs.rs"]
mod programs;

use common::support;
use fake::Ended;
use rustix::net::{self, AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread::{self, JoinHandle},
    time::Duration,
};
use symm_abi::Group;

const BOUND: Duration = Duration::from_secs(60);

/// Returns a program for two ranks, linked once per run.
fn zoo() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("launchers");
        programs::link_names(&folder, 2);
        folder
    });
    folder.join("zoo2.so")
}

/// Two ranks that a launcher starts, which meet in a folder of their own.
struct Job {
    folder: tempfile::TempDir,
    program: PathBuf,
    entry: &'static str,
}

impl Job {
    fn new() -> Self {
        Self::of(zoo(), "chain")
    }

    fn of(program: PathBuf, entry: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            program,
            entry,
        }
    }

    /// `symm-run` on the program, as nobody's rank, with arguments separated by blanks.
    fn command(&self, arguments: &str) -> Command {
        let mut command = common::command(&self.program, "--device=cuda --arg x=ones");
        command
            .arg(format!("--entry={}", self.entry))
            .arg("--arena-bytes=1M")
            .args(arguments.split_whitespace());
        fake::prepare(&mut command, &[]).env("SYMM_SOCKET_DIR", self.sockets());
        command
    }

    fn sockets(&self) -> PathBuf {
        self.folder.path().join("sockets")
    }

    /// Starts a rank, on the GPU of this number.
    fn rank(&self, rank: u32, gpu: u32, arguments: &str) -> JoinHandle<Ended> {
        self.rank_seeing("1,2", rank, gpu, arguments)
    }

    /// Starts a rank that sees the GPUs of these UUIDs.
    fn rank_seeing(&self, gpus: &str, rank: u32, gpu: u32, arguments: &str) -> JoinHandle<Ended> {
        let mut command = self.command(arguments);
        command
            .envs([("WORLD_SIZE", "2"), ("MASTER_PORT", "29500")])
            .envs([("RANK", rank.to_string()), ("LOCAL_RANK", gpu.to_string())])
            .envs([("FAKE_GPUS", "2"), ("FAKE_UUIDS", gpus)]);
        thread::spawn(move || fake::end(&mut command, BOUND))
    }

    /// Runs both ranks, on the GPUs of these numbers.
    fn run(&self, gpus: [u32; 2], arguments: &str) -> [Ended; 2] {
        [0, 1]
            .map(|rank| self.rank(rank, gpus[rank as usize], arguments))
            .map(|rank| rank.join().unwrap())
    }
}

#[test]
fn two_ranks_on_one_gpu_are_refused_by_name() {
    let shared = "ranks 0 and 1 are both on GPU-00000000-0000-0000-0000-0000000000";
    for ended in Job::new().run([1, 1], "") {
        assert!(!ended.succeeded, "{}", ended.said);
        assert!(
            ended.said.contains(&format!("{shared}02")),
            "{}",
            ended.said
        );
    }
    for ended in Job::new().run([1, 1], "--share-gpus") {
        assert!(ended.succeeded, "{}", ended.said);
    }
    let job = Job::new();
    let mut threads = job.command("");
    let ended = fake::end(threads.env("FAKE_UUIDS", "7,7"), BOUND);
    assert!(
        ended.said.contains(&format!("{shared}07")),
        "{}",
        ended.said
    );
}

/// The group of the program lists its ranks backwards.
#[test]
fn ranks_of_hidden_gpus_are_named_as_the_world_does() {
    let job = Job::new();
    let ranks = [
        job.rank_seeing("1,2", 0, 0, ""),
        job.rank_seeing("3,4", 1, 1, ""),
    ];
    for ended in ranks.map(|rank| rank.join().unwrap()) {
        let of = |uuid, rank, other| {
            let gpu = format!("device GPU-00000000-0000-0000-0000-00000000000{uuid}");
            format!("{gpu} of rank {rank} is not visible to rank {other}")
        };
        let said = &ended.said;
        assert!(
            said.contains(&of(1, 0, 1)) || said.contains(&of(4, 1, 0)),
            "{said}"
        );
    }
}

#[test]
fn whoever_is_short_of_memory_is_named_and_not_whoever_saw_it_leave() {
    let job = Job::new();
    for isolation in ["thread", "process"].repeat(5) {
        let mut command = job.command(&format!("--isolation={isolation}"));
        let ended = fake::end(command.env("FAKE_OOM", "1"), BOUND);
        let cause = "error: rank 1: cuMemCreate failed on device 1: CUDA_ERROR_OUT_OF_MEMORY";
        assert!(ended.said.starts_with(cause), "{isolation}: {}", ended.said);
    }
}

#[test]
fn a_strangers_connection_is_dropped_with_a_warning() {
    let job = Job::new();
    let first = job.rank(0, 0, "");
    let socket = loop {
        let files = fs::read_dir(job.sockets()).into_iter().flatten();
        let mut paths = files.map(|file| file.unwrap().path());
        match paths.find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sock")
        }) {
            Some(path) => break path,
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    let flags = SocketFlags::CLOEXEC;
    let stranger =
        net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    let address = SocketAddrUnix::new(&socket).unwrap();
    while net::connect(&stranger, &address).is_err() {
        thread::sleep(Duration::from_millis(1));
    }
    net::send(&stranger, b"GET / HTTP/1.1\r\n\r\n", SendFlags::NOSIGNAL).unwrap();
    let second = job.rank(1, 1, "").join().unwrap();
    let first = first.join().unwrap();
    assert!(
        first.succeeded && second.succeeded,
        "{}{}",
        first.said,
        second.said
    );
    let warning = "warning: dropped a stranger's connection: it does not speak the protocol";
    assert!(first.said.contains(warning), "{}", first.said);
}

#[test]
fn ranks_meet_without_a_runtime_folder() {
    let job = Job::new();
    for runtime in ["/run/user/no-such-user", ""] {
        let mut command = job.command("");
        command
            .current_dir(job.folder.path())
            .env("SYMM_SOCKET_DIR", "")
            .env("XDG_RUNTIME_DIR", runtime);
        let ended = fake::end(&mut command, BOUND);
        assert!(ended.succeeded, "{}", ended.said);
        let left: Vec<_> = fs::read_dir(job.folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn many_groups_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = support::gpu_manifest(2);
    let group = |index| Group {
        name: format!("g{index}"),
        size: 2,
        ranks: vec![0, 1],
        symm_mem: false,
        heap_bytes: None,
    };
    manifest.groups = (0..40).map(group).collect();
    manifest.ops.clear();
    let program = folder.path().join("many.so");
    support::build(&program, &manifest, support::EMPTY);
    for ended in Job::of(program, "sum").run([0, 1], "") {
        assert!(ended.succeeded, "{}", ended.said);
    }
}
