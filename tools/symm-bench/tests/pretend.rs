// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-bench` on a pretend driver, on which kernels do nothing: it must not be content with that.

#[path = "../../../crates/symm-runtime/tests/fake_driver/mod.rs"]
mod fake;

use fake::Ended;
use serde_json::Value;
use std::{fs, process::Command, time::Duration};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, Bundle, KernelImage, KernelSpec},
};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(60);

/// Returns a folder with a bundle of kernels by name: one-shot pushes that sum `i32`, for 2 and 3 ranks.
fn folder() -> TempDir {
    let image = |world_size| {
        let spec = KernelSpec {
            algorithm: Algorithm::OneShotPush,
            dtype: DType::I32,
            reduce_op: ReduceOp::Sum,
            world_size,
            unroll: 1,
            chip: "sm_90".into(),
        };
        KernelImage {
            entry: spec.name(),
            ptx_version: 80,
            ptx: format!(".version 8.0\n.visible .entry {}()\n", spec.name()),
            spec,
        }
    };
    let folder = tempfile::tempdir().unwrap();
    Bundle::write(&folder.path().join("bundle"), &[2, 3].map(image)).unwrap();
    folder
}

/// Runs `symm-bench` with options that blanks separate; files are in the folder.
fn bench(folder: &TempDir, options: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_symm-bench"));
    command
        .current_dir(folder.path())
        .args("--bundle bundle -n 1 -w 0 -G 1 --algorithms one_shot_push -d int32".split(' '))
        .args(options.split(' '))
        .env("FAKE_GPUS", "3")
        .env("SYMM_SOCKET_DIR", folder.path().join("sockets"));
    fake::end(fake::prepare(&mut command, &[]), BOUND)
}

fn json(folder: &TempDir) -> Value {
    let text = fs::read_to_string(folder.path().join("out.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_result_that_no_kernel_wrote_is_wrong() {
    let folder = folder();
    for options in ["", " -u 1", " -u 0,3", " -c 3", " --isolation=process"] {
        let ended = bench(&folder, &format!("-g 2 -b 64 -e 64 -J out.json{options}"));
        assert!(!ended.succeeded, "{}", ended.said);
        let half = &json(&folder)["results"][0]["out_of_place"];
        // Of 16 elements on 2 ranks, each, in every check.
        let checks = if options == " -c 3" { 4 } else { 2 };
        assert_eq!(half["nwrong"], 32 * checks, "{options}: {}", ended.said);
    }
    let unchecked = bench(&folder, "-g 2 -b 64 -e 64 -c 0");
    assert!(unchecked.succeeded, "{}", unchecked.said);
}

#[test]
fn every_process_tells_where_it_runs() {
    let folder = folder();
    let ended = bench(&folder, "-g 3 --isolation=process -b 64 -e 64 -J out.json");
    let told = |rank| format!("#  Rank  {rank} Pid ");
    assert!(
        (0..3).all(|rank| ended.said.contains(&told(rank))),
        "{}",
        ended.said
    );
    let document = json(&folder);
    let devices = document["config"]["devices"].as_array().unwrap();
    let of = |key: &str| {
        devices
            .iter()
            .map(|device| device[key].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("device"), [0, 1, 2]);
    let mut pids = of("pid")
        .iter()
        .map(|pid| pid.as_u64().unwrap())
        .collect::<Vec<_>>();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3, "{}", ended.said);
}

#[test]
fn nothing_measured_is_a_failure() {
    let folder = folder();
    for (options, words) in [
        ("-g 2 -b 1 -e 3", "nothing was measured"),
        (
            "-g 2 -o max",
            "the bundle has no symm_one_shot_push_i32_max_w2_u1_sm_90",
        ),
        ("-g 2 -o max --soak 10", "the bundle has no"),
        ("-g 2 -b 1 -e 3 --soak 10", "nothing was soaked"),
        (
            "-g 2 -b 64 -e 64 --tune table.json",
            "no launch shape was measured",
        ),
    ] {
        let ended = bench(&folder, options);
        assert!(
            !ended.succeeded && ended.said.contains(words),
            "{options}: {}",
            ended.said
        );
    }
    assert!(!folder.path().join("table.json").exists());
}

#[test]
fn a_soak_whose_comparison_sees_nothing_is_a_failure() {
    let ended = bench(&folder(), "-g 2 -b 64 -e 64 --soak 10");
    let seen = "expected the comparison to find 64 wrong bytes where all are, got 0";
    assert!(
        !ended.succeeded && ended.said.contains(seen),
        "{}",
        ended.said
    );
}
