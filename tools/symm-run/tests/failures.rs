// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs that fail: one error that says what and where, exit code 1, in time, and no process left.

mod common;

use common::{Said, Zoo, support};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::OpenOptions,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const PROCESS: &str = "--isolation=process --arg x=ones";

/// A run under way, whose ranks are processes.
struct Running {
    host: Child,
    begin: Instant,
    /// By rank: processes are started in this order.
    ranks: Vec<Pid>,
}

impl Running {
    /// Starts the endless entry and waits until its ranks are at work.
    fn start(zoo: &Zoo, size: usize, arguments: &str) -> Self {
        let mut command =
            common::command(&zoo.program, &format!("{PROCESS} --entry long {arguments}"));
        let host = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        let children = format!("/proc/{0}/task/{0}/children", host.id());
        let mut ranks = Vec::new();
        // A rank that has mapped the program is past its start.
        while ranks.len() != size || !ranks.iter().all(|&pid| has_mapped(pid, "zoo.so")) {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "ranks did not start"
            );
            std::thread::sleep(Duration::from_millis(5));
            let text = std::fs::read_to_string(&children).unwrap();
            let pid = |text: &str| Pid::from_raw(text.parse().unwrap()).unwrap();
            ranks = text.split_whitespace().map(pid).collect();
        }
        std::thread::sleep(Duration::from_millis(100));
        Self { host, begin, ranks }
    }

    fn finish(self) -> (Said, Duration) {
        let since = Instant::now();
        let said = Said::new(&self.host.wait_with_output().unwrap(), self.begin);
        let time = since.elapsed();
        assert!(
            self.ranks.iter().all(|&pid| is_gone(pid)),
            "a rank outlived the host"
        );
        (said, time)
    }
}

fn has_mapped(pid: Pid, name: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{}/maps", pid.as_raw_nonzero()))
        .is_ok_and(|maps| maps.contains(name))
}

fn is_gone(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    status.is_ok_and(|status| status.contains(") Z "))
        || !Path::new(&format!("/proc/{}", pid.as_raw_nonzero())).exists()
}

#[test]
fn a_killed_rank_ends_the_others_by_name() {
    let zoo = Zoo::new(4);
    for victim in [0, 2] {
        let running = Running::start(&zoo, 4, "");
        kill_process(running.ranks[victim], Signal::KILL).unwrap();
        let (said, time) = running.finish();
        let error = said.error(1);
        assert!(
            error.starts_with(&format!("error: rank {victim} died: killed by SIGKILL\n")),
            "{error}"
        );
        assert!(
            error.contains("'symm_mem.one_shot_all_reduce' (zoo.mlir:10:3)"),
            "{error}"
        );
        assert!(time < Duration::from_secs(5), "{time:?}");
    }
}

#[test]
fn a_stopped_rank_runs_out_the_time() {
    let zoo = Zoo::new(3);
    let running = Running::start(&zoo, 3, "--timeout 1s");
    kill_process(running.ranks[1], Signal::STOP).unwrap();
    let (said, time) = running.finish();
    let error = said.error(1);
    let headline = "error: 'symm_mem.one_shot_all_reduce' (zoo.mlir:10:3) on @tp: rank 1 did not arrive within 1s";
    assert!(error.starts_with(headline), "{error}");
    assert!(
        error.contains("note: rank 1 had not left 2s later and was stopped"),
        "{error}"
    );
    assert!(time < Duration::from_secs(8), "{time:?}");
}

#[test]
fn ranks_do_not_outlive_a_killed_host() {
    let zoo = Zoo::new(3);
    let running = Running::start(&zoo, 3, "");
    kill_process(Pid::from_child(&running.host), Signal::KILL).unwrap();
    let ranks = running.ranks.clone();
    let begin = Instant::now();
    while !ranks.iter().all(|&pid| is_gone(pid)) {
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "a rank outlived its host"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut host = running.host;
    host.wait().unwrap();
}

#[test]
fn nothing_is_left_of_a_source_that_was_compiled() {
    let zoo = Zoo::new(2);
    let begun = zoo.path("begun");
    let binary = zoo.with_compiler(&format!("cat {}; touch {begun}", zoo.program.display()));
    let temporary = zoo.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    for isolation in ["thread", "process"] {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::KILL] {
            let mut host = std::process::Command::new(&binary)
                .env("TMPDIR", &temporary)
                .arg(zoo.path("x.mlir"))
                .args(["--entry=long", "--arg=x=ones", "--isolation", isolation])
                .spawn()
                .unwrap();
            let begin = Instant::now();
            while !Path::new(&begun).exists() {
                assert!(begin.elapsed() < Duration::from_secs(20), "not compiled");
                std::thread::sleep(Duration::from_millis(5));
            }
            std::fs::remove_file(&begun).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            kill_process(Pid::from_child(&host), signal).unwrap();
            host.wait().unwrap();
        }
        let mut crash = std::process::Command::new(&binary);
        crash.env("TMPDIR", &temporary).arg(zoo.path("x.mlir"));
        crash.args(["--entry=crash", "--arg=x=ones", "--isolation", isolation]);
        assert_ne!(common::said(&mut crash).code, Some(0));
        std::fs::remove_file(&begun).unwrap();
    }
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_crash_names_its_rank() {
    let zoo = Zoo::new(3);
    let error = zoo.run(&format!("{PROCESS} --entry crash")).error(1);
    assert!(
        error.starts_with("error: rank 1 died: killed by SIG"),
        "{error}"
    );
    let said = zoo.run("--arg x=ones --entry crash");
    assert_eq!(said.code, None, "{said:?}");
    let error = said.err;
    assert!(
        error.starts_with("error: rank 1 died: killed by SIG") && error.contains("--isolation"),
        "{error}"
    );
}

#[test]
fn a_host_without_threads_says_so() {
    let zoo = Zoo::new(2);
    let mut command = common::command(&zoo.program, &format!("{PROCESS} --entry sum"));
    // No address space has room for such a stack.
    command.env("RUST_MIN_STACK", (1u64 << 50).to_string());
    let error = common::said(&mut command).error(1);
    assert!(
        error.starts_with("error: rank 0: its process can't be started: "),
        "{error}"
    );
    assert!(!error.contains("had not left"), "{error}");
}

#[test]
fn ranks_that_crash_together_are_one_error() {
    const SIZE: u32 = 4;
    // All ranks at the same moment, as a division by zero is: each waits until every other one is about to.
    let source = "static int here;
        void symm_entry_sum(void **args) {
          (void)args;
          __atomic_add_fetch(&here, 1, __ATOMIC_SEQ_CST);
          while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < 4)
            ;
          __builtin_trap();
        }\n";
    let mut manifest = support::zoo_manifest(SIZE);
    manifest.entries.retain(|entry| entry.name == "sum");
    manifest.mutable_globals = false;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("crash.so");
    support::build(&program, &manifest, source);
    for _ in 0..20 {
        let said = common::symm_run(&program, "--arg x=ones");
        assert_eq!(said.code, None, "{said:?}");
        let lines: Vec<_> = said.err.lines().collect();
        let one =
            |rank: u32| lines[0].starts_with(&format!("error: rank {rank} died: killed by SIG"));
        assert!(lines.len() == 2 && (0..SIZE).any(one), "{}", said.err);
        assert!(
            lines[1].starts_with("  note: the other ranks "),
            "{}",
            said.err
        );
    }
}

#[test]
fn a_full_disk_is_no_success() {
    let zoo = Zoo::new(2);
    let mut command = common::command(&zoo.program, "--arg x=ones --entry sum");
    command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let error = common::said(&mut command).error(1);
    assert!(
        error.starts_with("error: cannot write to the standard output: No space left"),
        "{error}"
    );
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let zoo = Zoo::new(2);
    let mut command = common::command(&zoo.program, "-v --arg x=ones --entry sum");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer);
    common::said(&mut command).ok();
}

#[test]
fn misbehaviour_is_told_alike_on_threads_and_processes() {
    let zoo = Zoo::new(3);
    let cases = [
        ("diverge", "rank 1 is "),
        ("other", "bring different buffers (offsets "),
        ("shorter", "'c10d.all_reduce' (zoo.mlir:12:3) on @tp: rank"),
        ("skip", "rank 1, which has finished the program"),
        (
            "outsider",
            "rank 2 is not in @pair, whose members are [1, 0]",
        ),
        ("bitwise", "band does not exist for f32"),
        ("hang --timeout 1s", "rank 1 did not arrive within 1s"),
        (
            "gluttonous",
            "out of memory: a private buffer needs 1152921504606846976 bytes",
        ),
        (
            "greedy --heap-bytes 3M",
            "symmetric heap of @tp is exhausted on rank",
        ),
    ];
    for (entry, message) in cases {
        for isolation in ["thread", "process"] {
            let said = zoo.run(&format!(
                "--isolation={isolation} --arg x=ones --entry {entry}"
            ));
            assert!(
                said.time < Duration::from_secs(6),
                "{entry}: {:?}",
                said.time
            );
            let error = said.error(1);
            assert!(error.contains(message), "{entry} on {isolation}: {error}");
        }
    }
}

#[test]
fn messages_of_the_runtime_are_heard() {
    let zoo = Zoo::new(2);
    for isolation in ["thread", "process"] {
        let arguments = format!("--isolation={isolation} --arg x=ones --entry bitwise");
        let mut command = common::command(&zoo.program, &arguments);
        let said = common::said(command.env("SYMM_LOG", "debug"));
        assert_eq!(said.code, Some(1), "{said:?}");
        let message = "debug: recorded failure=";
        assert!(said.err.contains(message), "{isolation}: {}", said.err);
    }
}

#[test]
fn different_programs_do_not_run() {
    let zoo = Zoo::new(2);
    let source = include_str!("../../../crates/symm-runtime/tests/programs/zoo.c");
    let mut manifest = support::zoo_manifest(2);
    manifest.plan_hash = "a".repeat(64);
    support::build(Path::new(&zoo.path("rank1.so")), &manifest, source);
    std::fs::copy(&zoo.program, zoo.path("rank0.so")).unwrap();
    let pattern = zoo.path("rank%r.so");
    for isolation in ["thread", "process"] {
        let arguments = format!("--isolation={isolation} --entry sum --arg x=ones");
        let error = common::symm_run(Path::new(&pattern), &arguments).error(1);
        assert!(
            error.starts_with("error: ranks have different programs: rank "),
            "{error}"
        );
        assert!(error.contains("aaaaaaaaaaaa"), "{error}");
    }
    std::fs::write(zoo.path("rank1.so"), "nonsense").unwrap();
    for isolation in ["thread", "process"] {
        let arguments = format!("--isolation={isolation} --entry sum --arg x=ones");
        let error = common::symm_run(Path::new(&pattern), &arguments).error(1);
        assert!(
            error.contains("rank 1: ") && error.contains("rank1.so: file is not an ELF"),
            "{error}"
        );
    }
}
