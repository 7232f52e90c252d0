// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The C interface, as a C program sees it: `include/symm.h` and libsymm_runtime.so.

#[path = "fake_driver/mod.rs"]
mod fake;
#[path = "gpu/programs.rs"]
mod programs;
mod support;

use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, OnceLock},
    thread,
    time::Duration,
};
use support::zoo;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The folder of libsymm_runtime.so, which is built with the library that this test links.
fn libraries() -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.parent().unwrap().to_owned();
    assert!(
        folder.join("libsymm_runtime.so").is_file(),
        "{}",
        folder.display()
    );
    folder
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    output
}

/// One of the C programs in `tests/programs`, compiled once.
fn binary(name: &'static str) -> PathBuf {
    static BUILT: OnceLock<Mutex<HashMap<&str, PathBuf>>> = OnceLock::new();
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap();
    let path = built.entry(name).or_insert_with(|| {
        let path = folder.join(name);
        compile(name, &path);
        path
    });
    path.clone()
}

fn compile(name: &str, path: &Path) {
    let mut compiler = Command::new("cc");
    compiler.args([
        "-std=c99",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O1",
        "-pthread",
    ]);
    let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    compiler
        .arg(format!("-I{ROOT}/include"))
        .arg(format!("{programs}/{name}.c"))
        .arg("-o")
        .arg(path)
        .arg(format!("-L{}", libraries().display()))
        .args(["-lsymm_runtime", "-ldl"]);
    run(&mut compiler);
}

fn c_program(arguments: &[&str]) -> String {
    String::from_utf8(run(&mut c_command(arguments)).stdout).unwrap()
}

fn c_command(arguments: &[&str]) -> Command {
    let mut command = command("c_abi");
    command.args(arguments);
    command
}

fn command(name: &'static str) -> Command {
    let mut command = Command::new(binary(name));
    command.env("LD_LIBRARY_PATH", libraries());
    command
}

#[test]
fn threads_of_a_c_program_are_ranks() {
    for size in [1, 2, 4] {
        let program = zoo(size);
        let size = size.to_string();
        let said = c_program(&[program.to_str().unwrap(), &size, "sum"]);
        assert!(said.contains(&format!("{size} ranks agree")), "{said}");
    }
}

#[test]
fn a_rank_that_does_not_come_is_named_to_all() {
    c_program(&[zoo(3).to_str().unwrap(), "3", "sum", "1"]);
}

#[test]
fn a_rank_without_memory_comes_back_to_its_caller() {
    let zoo = zoo(2);
    let mut command = c_command(&[zoo.to_str().unwrap(), "2", "gluttonous"]);
    command.env(
        "C_ABI_FAILS",
        "is out of memory: a private buffer needs 1152921504606846976 bytes",
    );
    let ended = fake::end(&mut command, Duration::from_secs(30));
    assert!(ended.succeeded, "{}", ended.said);
}

/// What a run in which a rank does not come says of it: on standard output what its listener got, and on standard error.
fn messages(variables: &[(&str, &str)]) -> (String, String) {
    let program = zoo(2);
    let mut command = c_command(&[program.to_str().unwrap(), "2", "sum", "1"]);
    command.env_remove("SYMM_LOG");
    let output = run(command.envs(variables.iter().copied()));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn messages_go_to_the_host_or_to_standard_error() {
    const RECORDED: &str = "recorded failure=TimedOut";
    let (_, error) = messages(&[]);
    assert_eq!(error, "", "the run has no warnings");
    let (_, error) = messages(&[("SYMM_LOG", "debug")]);
    assert!(
        error.contains(&format!("symm: debug: {RECORDED}")),
        "{error}"
    );
    let (out, error) = messages(&[("SYMM_LOG", "debug"), ("C_ABI_LISTENS", "1")]);
    assert!(
        out.contains(&format!("message of level 4: {RECORDED}")),
        "{out}"
    );
    assert_eq!(error, "");
}

/// Returns a program for two GPUs, linked once per run.
fn gpu_zoo() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c_abi");
        programs::link_names(&folder, 2);
        folder
    });
    folder.join("zoo2.so")
}

/// Runs a C program as each of two ranks that a launcher started, on pretend GPUs.
fn joined(
    programs: [&Path; 2],
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> [fake::Ended; 2] {
    let sockets = tempfile::tempdir().unwrap();
    let rank = |rank: u32| {
        let mut command = command("c_abi");
        fake::prepare(command.arg(programs[rank as usize]), &[&libraries()])
            .arg("join")
            .args(arguments)
            .envs(variables.iter().copied())
            .env("C_ABI_PRETENDS", "1")
            .env("SYMM_SOCKET_DIR", sockets.path().join("symm"))
            .envs([("WORLD_SIZE", "2"), ("MASTER_PORT", "29500")])
            .env("RANK", rank.to_string());
        thread::spawn(move || fake::end(&mut command, Duration::from_secs(60)))
    };
    [0, 1].map(rank).map(|rank| rank.join().unwrap())
}

#[test]
fn processes_of_a_launcher_are_ranks() {
    let zoo = gpu_zoo();
    for ended in joined([&zoo; 2], &["chain"], &[]) {
        assert!(ended.succeeded, "{}", ended.said);
        assert!(ended.said.contains("2 ranks agree"), "{}", ended.said);
    }
    let waits = [("FAKE_WAIT", "0:one_shot_push")];
    for ended in joined([&zoo; 2], &["one_shot_push", "1"], &waits) {
        assert!(ended.succeeded, "{}", ended.said);
    }
}

#[test]
fn processes_with_different_programs_do_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.so");
    let mut manifest = support::gpu_manifest(2);
    manifest.entries[0].name = "chain".into();
    support::build(&other, &manifest, support::EMPTY);
    let [first, second] = joined([&gpu_zoo(), &other], &["chain"], &[]);
    assert!(
        !first.succeeded && first.time < Duration::from_secs(10),
        "{}",
        first.said
    );
    assert!(
        first.said.contains("ranks have different programs"),
        "{}",
        first.said
    );
    assert!(!second.succeeded, "{}", second.said);
    assert!(
        second.said.contains("other.so: has plan 0000"),
        "{}",
        second.said
    );
}

#[test]
fn ranks_start_once_and_with_the_worlds_program() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.so");
    let mut manifest = support::zoo_manifest(2);
    manifest.plan_hash = "a".repeat(64);
    support::build(&other, &manifest, include_str!("programs/zoo.c"));
    let said = run(command("c_misuse").arg(zoo(2)).arg(&other)).stdout;
    assert_eq!(said, b"all misuse was refused\n");
}

#[test]
fn the_header_is_also_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("header.cpp");
    let text = "#include \"symm.h\"\nint main() { return symm_last_error()[0]; }\n";
    fs::write(&source, text).unwrap();
    let mut compiler = Command::new("c++");
    compiler.args([
        "-std=c++11",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
    ]);
    compiler.arg(folder.path().join("header")).arg(&source);
    compiler
        .arg(format!("-I{ROOT}/include"))
        .arg(format!("-L{}", libraries().display()));
    run(compiler.arg("-lsymm_runtime"));
}

/// Every function that the header declares is exported, and nothing else of that prefix.
#[test]
fn header_and_library_agree() {
    let header = fs::read_to_string(format!("{ROOT}/include/symm.h")).unwrap();
    let mut declared: Vec<&str> = header
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '(')
        .filter_map(|word| Some(word.split_once('(')?.0))
        .filter(|name| name.starts_with("symm_"))
        .collect();
    declared.sort_unstable();
    declared.dedup();
    let library = libraries().join("libsymm_runtime.so");
    let listed = run(Command::new("nm")
        .arg("-D")
        .arg("--defined-only")
        .arg(library))
    .stdout;
    let listed = String::from_utf8(listed).unwrap();
    let mut exported: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .filter(|name| name.starts_with("symm_"))
        .collect();
    exported.sort_unstable();
    assert_eq!(declared, exported);
}
