// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs on GPUs, run where GPUs are.
//!
//! `--stage BUNDLE FOLDER` links the programs, which needs a C compiler and a bundle of kernels but no GPU. Otherwise the
//! tests run, on the programs in the folder that `SYMM_GPU_PROGRAMS` names; what a machine lacks is skipped, loudly.

mod cases;
#[path = "../../../symm-cuda/tests/gpu/harness.rs"]
mod harness;
mod programs;
#[path = "../support/mod.rs"]
mod support;

use harness::Test;
use std::{env, path::Path, process::ExitCode};

const HOPPER: (i32, i32) = (9, 0);

const fn test(name: &'static str, gpus: usize, run: fn()) -> Test {
    Test {
        name,
        gpus,
        capability: HOPPER,
        run,
    }
}

const TESTS: &[Test] = &[
    test("every_algorithm_sums", 1, cases::every_algorithm_sums),
    test(
        "kernels_and_collectives_follow_each_other",
        1,
        cases::kernels_and_collectives_follow_each_other,
    ),
    test(
        "large_and_small_ones_share_a_channel",
        1,
        cases::large_and_small_ones_share_a_channel,
    ),
    test(
        "constants_lie_on_the_device",
        1,
        cases::constants_lie_on_the_device,
    ),
    test(
        "graphs_replay_ten_thousand_times",
        1,
        cases::graphs_replay_ten_thousand_times,
    ),
    test("traces_have_every_op", 1, cases::traces_have_every_op),
    test(
        "a_missing_rank_is_named_in_time",
        1,
        cases::a_missing_rank_is_named_in_time,
    ),
    test(
        "the_first_of_two_failures_is_told",
        1,
        cases::the_first_of_two_failures_is_told,
    ),
    test(
        "ranks_that_disagree_are_named",
        1,
        cases::ranks_that_disagree_are_named,
    ),
    test(
        "nccl_does_not_wait_for_ever",
        2,
        cases::nccl_does_not_wait_for_ever,
    ),
    test(
        "nccl_in_a_graph_does_not_wait_for_ever",
        2,
        cases::nccl_in_a_graph_does_not_wait_for_ever,
    ),
    test("bad_calls_are_named", 1, cases::bad_calls_are_named),
    test("matrices_are_multiplied", 1, cases::matrices_are_multiplied),
    test(
        "the_library_has_every_collective",
        2,
        cases::the_library_has_every_collective,
    ),
    test(
        "the_library_serves_groups_of_some_ranks",
        3,
        cases::the_library_serves_groups_of_some_ranks,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, bundle, out] = arguments.as_slice()
        && flag == "--stage"
    {
        programs::stage(Path::new(bundle), Path::new(out));
        return ExitCode::SUCCESS;
    }
    if programs::folder().is_none() {
        println!(
            "SKIPPED {} tests on GPUs: SYMM_GPU_PROGRAMS names no folder with the programs that --stage links",
            TESTS.len()
        );
        return ExitCode::SUCCESS;
    }
    harness::main(TESTS, || {
        panic!("these tests start no processes of their own")
    })
}
