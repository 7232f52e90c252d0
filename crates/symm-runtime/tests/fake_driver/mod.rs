// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs tests and programs on a pretend CUDA driver and a pretend NCCL, which `fake.h` describes: of programs for GPUs,
//! all that happens on the host is real, and nothing that happens on a GPU.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    env, fs,
    io::Read,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

/// Names the test that a process was started for.
const INSIDE: &str = "SYMM_TEST_INSIDE";

/// How long a test may take.
const BOUND: Duration = Duration::from_secs(60);

/// Variables by which launchers tell a process that it is a rank.
const LAUNCHERS: [&str; 8] = [
    "RANK",
    "WORLD_SIZE",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "OMPI_COMM_WORLD_SIZE",
    "PMIX_RANK",
    "SLURM_PROCID",
];

/// Returns the folder of both libraries, compiled once per test binary and run.
pub fn libraries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake_driver");
        fs::create_dir_all(&folder).unwrap();
        let driver = ["cuda.c", "streams.c", "-Wl,-soname,libcuda.so.1"];
        compile(&folder, "libcuda.so.1", &driver);
        // Its name for programs that are linked to it, and for cudarc.
        if let Err(error) = symlink("libcuda.so.1", folder.join("libcuda.so")) {
            assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists, "{error}");
        }
        let search = format!("-L{}", folder.display());
        let nccl = ["nccl.c", &search, "-l:libcuda.so.1", "-Wl,-rpath,$ORIGIN"];
        compile(&folder, "libnccl.so.2", &nccl);
        folder
    })
}

/// Compiles a library, and puts it in place at once: another test binary may be using the one that is there.
fn compile(folder: &Path, name: &str, arguments: &[&str]) {
    let made = folder.join(format!("{name}.{}", std::process::id()));
    let mut compiler = Command::new("cc");
    compiler
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(SOURCES))
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"])
        .args(["-shared", "-fPIC", "-pthread", "-o"])
        .arg(&made)
        .args(arguments);
    assert!(compiler.status().unwrap().success(), "{compiler:?}");
    fs::rename(made, folder.join(name)).unwrap();
}

/// Where the sources are, from the package of a test binary.
const SOURCES: &str = "../../crates/symm-runtime/tests/fake_driver";

/// Lets a program find the pretend libraries, and what else it needs in `folders`; no launcher has started it.
pub fn prepare<'a>(command: &'a mut Command, folders: &[&Path]) -> &'a mut Command {
    let paths = folders.iter().copied().chain([libraries()]);
    LAUNCHERS.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
        .env("LD_LIBRARY_PATH", env::join_paths(paths).unwrap())
        .env("SYMM_NCCL_LIBRARY", libraries().join("libnccl.so.2"))
}

/// Runs a test in a process of its own, on pretend GPUs that behave as `knobs` say; it has to end within a minute.
///
/// The process is this test binary, which is to run the test whose closure this is.
pub fn on_fake_gpus<T: FnOnce()>(knobs: &[(&str, &str)], test: T) {
    let name = std::any::type_name::<T>().strip_suffix("::{{closure}}");
    let (_, name) = name.and_then(|name| name.split_once("::")).unwrap();
    if env::var_os(INSIDE).is_some_and(|inside| inside == name) {
        return test();
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    prepare(&mut command, &[])
        .env(INSIDE, name)
        .envs(knobs.iter().copied());
    let ended = end(&mut command, BOUND);
    assert!(ended.succeeded, "{}", ended.said);
}

/// How a program ended that had a bound.
pub struct Ended {
    pub succeeded: bool,
    pub said: String,
    pub time: Duration,
}

/// Runs a program; it is ended, and has failed, if it takes longer than the bound.
pub fn end(command: &mut Command, bound: Duration) -> Ended {
    let begin = Instant::now();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    // The command has its copies of the pipe's end still, which would keep the reader waiting.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let listener = thread::spawn(|| listen(reader));
    let succeeded = wait(&mut child, begin + bound);
    let said = listener.join().unwrap();
    let time = begin.elapsed();
    let why = match succeeded {
        Some(_) => String::new(),
        None => format!("did not end within {bound:?}\n"),
    };
    Ended {
        succeeded: succeeded == Some(true),
        said: why + &said,
        time,
    }
}

fn listen(mut reader: impl Read) -> String {
    let mut said = Vec::new();
    reader.read_to_end(&mut said).unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

fn wait(child: &mut Child, deadline: Instant) -> Option<bool> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.success());
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}
