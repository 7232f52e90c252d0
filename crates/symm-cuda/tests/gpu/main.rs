// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What needs a GPU: memory, mappings, kernels, graphs, heaps of threads and of processes, bounded waits.

mod harness;
mod heaps;
mod kernels;
mod single;

use std::process::ExitCode;

use harness::Test;

const ANY: (i32, i32) = (8, 0);
const HOPPER: (i32, i32) = (9, 0);

const TESTS: &[Test] = &[
    Test {
        name: "a_device_says_what_it_is",
        gpus: 1,
        capability: ANY,
        run: single::a_device_says_what_it_is,
    },
    Test {
        name: "plain_memory_holds_what_was_written",
        gpus: 1,
        capability: ANY,
        run: single::plain_memory_holds_what_was_written,
    },
    Test {
        name: "mapped_memory_survives_export_and_any_order_of_drops",
        gpus: 1,
        capability: ANY,
        run: single::mapped_memory_survives_export_and_any_order_of_drops,
    },
    Test {
        name: "mappings_that_overlap_are_refused",
        gpus: 1,
        capability: ANY,
        run: single::mappings_that_overlap_are_refused,
    },
    Test {
        name: "a_bad_image_is_an_error_with_the_assemblers_words",
        gpus: 1,
        capability: ANY,
        run: single::a_bad_image_is_an_error_with_the_assemblers_words,
    },
    Test {
        name: "a_kernel_tells_its_registers",
        gpus: 1,
        capability: ANY,
        run: single::a_kernel_tells_its_registers,
    },
    Test {
        name: "a_graph_replays_its_work_in_order",
        gpus: 1,
        capability: ANY,
        run: single::a_graph_replays_its_work_in_order,
    },
    Test {
        name: "dependent_launches_keep_their_order",
        gpus: 1,
        capability: HOPPER,
        run: single::dependent_launches_keep_their_order,
    },
    Test {
        name: "clusters_have_the_size_asked_for",
        gpus: 1,
        capability: HOPPER,
        run: single::clusters_have_the_size_asked_for,
    },
    Test {
        name: "one_thread_captures_several_streams",
        gpus: 1,
        capability: ANY,
        run: single::one_thread_captures_several_streams,
    },
    Test {
        name: "a_wait_that_runs_out_is_recorded_and_the_context_lives",
        gpus: 1,
        capability: ANY,
        run: single::a_wait_that_runs_out_is_recorded_and_the_context_lives,
    },
    Test {
        name: "a_mark_says_what_a_stream_is_at",
        gpus: 1,
        capability: ANY,
        run: single::a_mark_says_what_a_stream_is_at,
    },
    Test {
        name: "the_host_reaches_a_kernel_that_waits_on_a_peer",
        gpus: 2,
        capability: ANY,
        run: heaps::the_host_reaches_a_kernel_that_waits_on_a_peer,
    },
    Test {
        name: "two_ranks_may_share_a_gpu",
        gpus: 1,
        capability: ANY,
        run: heaps::two_ranks_may_share_a_gpu,
    },
    Test {
        name: "every_pair_of_gpus_has_peer_access",
        gpus: 2,
        capability: ANY,
        run: heaps::every_pair_of_gpus_has_peer_access,
    },
    Test {
        name: "threads_reach_every_arena",
        gpus: 2,
        capability: ANY,
        run: heaps::threads_reach_every_arena,
    },
    Test {
        name: "processes_reach_every_arena",
        gpus: 1,
        capability: ANY,
        run: heaps::processes_reach_every_arena,
    },
    Test {
        name: "processes_with_other_plans_are_refused",
        gpus: 1,
        capability: ANY,
        run: heaps::processes_with_other_plans_are_refused,
    },
    Test {
        name: "a_killed_process_runs_a_wait_out",
        gpus: 1,
        capability: ANY,
        run: heaps::a_killed_process_runs_a_wait_out,
    },
];

fn main() -> ExitCode {
    harness::main(TESTS, heaps::role_of_a_process)
}
