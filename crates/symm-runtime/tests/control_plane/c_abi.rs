// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs for GPUs through the C interface.

use crate::{fake, linked};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

const MANIFEST_DIR: &str = env!("CARGO_MANIFEST_DIR");

/// The folder of libsymm_runtime.so, which is built with the library that this test links.
fn libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// `c_gpu.c`, compiled once.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let path = linked().join("c_gpu");
        let mut compiler = Command::new("cc");
        compiler
            .args([
                "-std=gnu11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-O1",
                "-pthread",
            ])
            .arg(format!("-I{MANIFEST_DIR}/../../include"))
            .arg(format!("{MANIFEST_DIR}/tests/programs/c_gpu.c"))
            .arg("-o")
            .arg(&path)
            .arg(format!("-L{}", libraries().display()))
            .arg(format!("-L{}", fake::libraries().display()))
            .args(["-lsymm_runtime", "-lcuda"]);
        assert!(compiler.status().unwrap().success(), "{compiler:?}");
        path
    })
}

fn c_gpu(program: &str, ranks: u32, entry: &str, mode: &str, knobs: &[(&str, &str)]) {
    let mut command = Command::new(binary());
    command
        .arg(linked().join(format!("{program}{ranks}.so")))
        .args([&ranks.to_string(), entry, mode]);
    fake::prepare(&mut command, &[&libraries()]).envs(knobs.iter().copied());
    let ended = fake::end(&mut command, Duration::from_secs(30));
    assert!(ended.succeeded, "{program} {entry} {mode}: {}", ended.said);
}

#[test]
fn runs_allocate_nothing() {
    for (program, entry) in [
        ("zoo", "one_shot_push"),
        ("zoo", "two_shot_pull"),
        ("zoo", "chain"),
        ("nccl", "computed"),
        ("nccl", "all_to_all"),
    ] {
        c_gpu(program, 2, entry, "allocations", &[]);
    }
}

#[test]
fn whoever_waits_for_a_stream_is_told_who_does_not_come() {
    c_gpu("nccl", 2, "all_reduce", "alone", &[]);
    c_gpu("nccl", 3, "broadcast", "alone", &[]);
}

#[test]
fn asking_for_failures_does_not_wait_for_a_gpu() {
    let knobs = [
        ("FAKE_HANG", "0:one_shot_push"),
        ("FAKE_FAIL", "1:one_shot_push:0"),
    ];
    c_gpu("zoo", 2, "one_shot_push", "hung", &knobs);
}
