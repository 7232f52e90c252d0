// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Waits that never end by themselves: each has a bound, and the error says who was waited for.

use crate::{
    Ranks, enqueue,
    failed::{failure, run},
    on_gpus,
};
use std::time::Duration;
use symm_cuda::Capture;
use symm_runtime::{Activity, Failure, cuda::Session};

/// Longer than the others may take to be at the same place on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(1);

#[test]
fn a_member_that_skips_a_collective_is_named_and_not_who_waits_for_it() {
    on_gpus(&[], || {
        for (size, entry) in [(2, "stall"), (3, "stall_later")] {
            let failed = failure(("nccl", size), TIMEOUT, run(entry));
            // Member 1 of a group that lists its ranks backwards.
            let missing = size - 2;
            failed.is_late(0, &[missing]).says(&[
                &format!("'c10d.all_reduce' (gpu_zoo.mlir:10:3) on @tp: rank {missing} did not arrive within 1s"),
                "waiting for its GPU, in 'c10d.all_reduce' (gpu_zoo.mlir:10:3) by NCCL",
                &format!("rank {missing} was waiting for the others at the start or end of a run"),
            ]);
            failed.left();
        }
    });
}

#[test]
fn a_gpu_that_never_comes_to_a_collective_is_named() {
    let hangs = [("FAKE_HANG", "1:affine")];
    on_gpus(&hangs, || {
        let failed = failure(("nccl", 2), TIMEOUT, run("computed"));
        failed
            .is_late(0, &[1])
            .says(&["rank 1 was waiting for its GPU\n"]);
        assert!(failed.time < Duration::from_secs(15), "{:?}", failed.time);
    });
}

#[test]
fn a_graph_that_one_rank_replays_alone_has_a_bound() {
    on_gpus(&[], || {
        let work = |session: &Session| {
            let stream = session.stream();
            let capture = Capture::begin(stream)?;
            let _buffer = enqueue(session, "all_reduce")?;
            let mut graph = capture.finish()?;
            // Many times together: a collective that comes again and again does not last.
            for _ in 0..200 {
                graph.launch(stream)?;
                std::thread::sleep(TIMEOUT / 100);
            }
            session.finish(stream)?;
            if session.number() == 0 {
                graph.launch(stream)?;
            }
            session.finish(stream)?;
            session.meet()?;
            Ok(())
        };
        let failed = failure(("nccl", 2), TIMEOUT, work);
        failed.is_late(0, &[1]).left();
        assert!(failed.time > 2 * TIMEOUT, "{:?}", failed.time);
    });
}

#[test]
fn a_failure_ends_what_nccl_waits_for_at_once() {
    on_gpus(&[("FAKE_FAIL", "1:affine:0")], || {
        let work = |session: &Session| {
            let _buffer = enqueue(session, "computed")?;
            // As whoever has only the stream waits.
            session.stream().synchronize()?;
            session.poll()?;
            Ok(())
        };
        let failed = failure(("nccl", 2), Duration::from_secs(60), work);
        failed.says(&["cuLaunchKernelEx failed"]).left();
    });
}

#[test]
fn the_first_collective_of_a_run_waits_for_nobody() {
    on_gpus(&[], || {
        for entry in ["all_reduce", "all_gather", "all_to_all", "broadcast"] {
            let mut ranks = Ranks::of("nccl", 2);
            ranks.timeout = Duration::from_secs(60);
            let work = move |session: &Session| {
                if session.number() == 0 {
                    let _buffer = enqueue(session, entry)?;
                    session.meet()?;
                    session.finish(session.stream())?;
                } else {
                    // Only when the other one has put its collective into the stream.
                    session.meet()?;
                    let _buffer = enqueue(session, entry)?;
                    session.finish(session.stream())?;
                }
                Ok(session.meet()?)
            };
            ranks.run(work).1.unwrap();
        }
    });
}

#[test]
fn a_group_that_nccl_does_not_connect_has_a_bound() {
    let stalls = [("FAKE_NCCL_STALL", "1")];
    on_gpus(&stalls, || {
        // Connecting has ten times as long as a wait.
        let failed = failure(("nccl", 2), TIMEOUT / 5, run("all_reduce"));
        let activity = Activity::Connecting { group: 0 };
        let is_late = match &failed.failure {
            Failure::TimedOut {
                missing,
                activity: found,
                ..
            } => missing.is_empty() && *found == activity,
            _ => false,
        };
        assert!(is_late, "{}", failed.text);
        failed.says(&[
            "NCCL did not connect the members of @tp within 2s",
            "NCCL_SOCKET_IFNAME",
        ]);
        failed.left();
    });
}

/// Checks that an error of NCCL's while ranks start is what is told, in time: nobody waits for others to destroy anything.
fn a_start_fails_at_once(program: (&'static str, u32), entry: &'static str) {
    let failed = failure(program, TIMEOUT, run(entry));
    assert!(
        matches!(failed.failure, Failure::RankError { .. }),
        "{}",
        failed.text
    );
    failed.says(&["pretended failure of NCCL"]).left();
    assert!(failed.time < Duration::from_secs(8), "{:?}", failed.time);
}

#[test]
fn a_group_that_was_connected_does_not_hold_up_the_failure_of_another() {
    // The groups of all three ranks and of two of them are connected one after the other.
    let fails = [("FAKE_NCCL_FAIL", "ncclCommInitRank:1:2")];
    on_gpus(&fails, || a_start_fails_at_once(("pair", 3), "pair"));
}

#[test]
fn a_collective_that_fails_at_the_start_is_told_while_the_others_are_in_it() {
    let fails = [("FAKE_NCCL_FAIL", "ncclAllReduce:1:2")];
    on_gpus(&fails, || a_start_fails_at_once(("nccl", 2), "all_reduce"));
}

#[test]
fn ranks_outside_of_a_group_wait_while_it_is_connected() {
    let slow = [("FAKE_NCCL_INIT", "1500")];
    on_gpus(&slow, || {
        let mut ranks = Ranks::of("pair", 3);
        ranks.timeout = TIMEOUT;
        // Rank 2 has nothing to do while the pair is connected.
        let (program, outcome) = ranks.run(run("pair"));
        outcome.unwrap_or_else(|error| panic!("{}", error.report.describe(program.manifest())));
    });
}
