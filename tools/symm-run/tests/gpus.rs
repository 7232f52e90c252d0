// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs on GPUs, as far as the host goes: on a pretend driver, on which kernels do nothing.

mod common;
#[path = "../../../crates/symm-runtime/tests/fake_driver/mod.rs"]
mod fake;
#[path = "../../../crates/symm-runtime/tests/gpu/programs.rs"]
mod programs;

use common::support;
use fake::Ended;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
    time::Duration,
};

const BOUND: Duration = Duration::from_secs(60);

/// Returns a program for two ranks, linked once per run, with kernels that have only names.
fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gpus");
        programs::link_names(&folder, 2);
        folder
    });
    folder.join(format!("{name}2.so"))
}

/// `symm-run` on a program, with arguments separated by blanks.
fn symm_run(name: &str, arguments: &str) -> Command {
    let mut command = common::command(&program(name), "--device=cuda --arg x=ones");
    command.args(arguments.split_whitespace());
    fake::prepare(&mut command, &[]);
    command
}

fn run(name: &str, arguments: &str) -> Ended {
    fake::end(&mut symm_run(name, arguments), BOUND)
}

#[test]
fn ranks_are_threads_or_processes() {
    for isolation in ["thread", "process"] {
        for graph in ["", "--graph"] {
            let options = format!("--isolation={isolation} {graph} --repeat=3 --arena-bytes=1M");
            for (name, entry) in [("zoo", "chain"), ("nccl", "all_to_all")] {
                let ended = run(name, &format!("--entry {entry} {options}"));
                assert!(ended.succeeded, "{options}: {}", ended.said);
                assert!(ended.said.contains("of 3 runs"), "{}", ended.said);
            }
        }
    }
}

#[test]
fn a_gpu_that_never_comes_to_a_collective_of_nccl_ends_the_run() {
    for isolation in ["thread", "process"] {
        let options = format!("--isolation={isolation} --timeout=1s --arena-bytes=1M");
        let mut command = symm_run("nccl", &format!("--entry computed {options}"));
        let ended = fake::end(command.env("FAKE_HANG", "1:affine"), BOUND);
        assert!(!ended.succeeded, "{}", ended.said);
        let said =
            "error: 'c10d.all_reduce' (gpu_zoo.mlir:10:3) on @tp: rank 1 did not arrive within 1s";
        assert!(ended.said.starts_with(said), "{}", ended.said);
        assert!(ended.time < Duration::from_secs(15), "{:?}", ended.time);
    }
}

/// Blocks that all-reduces were launched with on each GPU, on GPUs of so many multiprocessors.
fn launched(multiprocessors: &str) -> [Vec<u32>; 2] {
    let mut command = symm_run("zoo", "--entry shared --arena-bytes=1M");
    command.env("FAKE_TRACE", "1");
    let ended = fake::end(command.env("FAKE_MULTIPROCESSORS", multiprocessors), BOUND);
    assert!(ended.succeeded, "{}", ended.said);
    [0, 1].map(|gpu| {
        let launch = format!("_sm_90 on {gpu}: ");
        let lines = ended
            .said
            .lines()
            .filter_map(|line| line.split_once(&launch));
        let blocks = lines.map(|(_, blocks)| blocks.strip_suffix(" blocks").unwrap());
        blocks.map(|blocks| blocks.parse().unwrap()).collect()
    })
}

#[test]
fn no_gpu_gets_more_blocks_than_fit_on_the_smallest_of_the_group() {
    let [first, second] = launched("132,132");
    let blocks = first[0];
    assert!(blocks > 12, "{blocks}");
    assert_eq!([first, second], [vec![blocks; 4], vec![blocks; 4]]);
    for few in ["132,3", "3,132"] {
        assert_eq!(launched(few), [vec![12; 4], vec![12; 4]]);
    }
    let mut command = symm_run("zoo", "--entry shared --arena-bytes=1M");
    let ended = fake::end(command.env("FAKE_MULTIPROCESSORS", "132,0"), BOUND);
    assert!(!ended.succeeded, "{}", ended.said);
    let words = "fits on the GPU of some rank: compile for the oldest GPU of the group";
    assert!(ended.said.contains(words), "{}", ended.said);
}

#[test]
fn ranks_of_a_launcher_join() {
    let token = format!("{}", std::process::id());
    let rank = |rank: u32| {
        let mut command = symm_run("zoo", "--entry chain --arena-bytes=1M");
        command
            .envs([("WORLD_SIZE", "2"), ("SYMM_JOB_TOKEN", &token)])
            .envs([("RANK", rank.to_string()), ("LOCAL_RANK", rank.to_string())]);
        thread::spawn(move || fake::end(&mut command, BOUND))
    };
    for ended in [rank(0), rank(1)].map(|rank| rank.join().unwrap()) {
        assert!(ended.succeeded, "{}", ended.said);
    }
}

#[test]
fn traces_have_every_op_on_every_rank() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json");
    let options = "--entry chain --repeat=2 --arena-bytes=1M --trace";
    let ended = run("zoo", &format!("{options} {}", path.display()));
    assert!(ended.succeeded, "{}", ended.said);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let spans = json["traceEvents"].as_array().unwrap().iter();
    let spans: Vec<_> = spans.filter(|event| event["ph"] == "X").collect();
    assert_eq!(spans.len(), 2 * 2 * 4);
}

#[test]
fn a_trace_that_can_not_be_written_is_refused_before_anything_runs() {
    let mut command = symm_run(
        "zoo",
        "--entry chain --arena-bytes=1M --trace /nowhere/t.json",
    );
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("error: /nowhere/t.json: No such file"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn no_size_and_no_time_is_too_large_to_be_refused_or_taken() {
    for (options, words) in [
        ("--timeout=1.8e19s --arena-bytes=1M", ""),
        ("--timeout=9.3e18s --arena-bytes=1M --isolation=process", ""),
        (
            "--arena-bytes=18446744073709551615",
            "an arena of 18446744073709551615 bytes fits no GPU",
        ),
        (
            "--arena-bytes=9223372036854775807",
            "an arena of 9223372036854775807 bytes fits no GPU",
        ),
        ("--arena-bytes=100000G", "out of memory"),
        (
            "--heap-bytes=18446744073709551615",
            "expected a symmetric heap within",
        ),
    ] {
        let ended = run("nccl", &format!("--entry all_reduce {options}"));
        assert_eq!(ended.succeeded, words.is_empty(), "{}", ended.said);
        assert!(!ended.said.contains("panicked"), "{}", ended.said);
        assert!(ended.said.contains(words), "{}", ended.said);
    }
}
