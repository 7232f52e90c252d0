// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Failures of one rank while another one's GPU waits for it: both leave, though freeing memory waits for every GPU.

use crate::{
    enqueue,
    failed::{failure, run},
    on_gpus,
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};
use symm_runtime::{Activity, Failure, cuda::Session};

/// Much longer than ranks may take to leave.
const TIMEOUT: Duration = Duration::from_secs(30);

#[test]
fn a_rank_that_brings_another_buffer_ends_the_kernel_that_waits_for_it() {
    on_gpus(&[("FAKE_WAIT", "*:one_shot_pull")], || {
        let failed = failure(("zoo", 2), TIMEOUT, run("other_buffer"));
        let is_mismatch = matches!(failed.failure, Failure::Mismatch { .. });
        assert!(is_mismatch, "{}", failed.text);
        failed.says(&["bring different buffers"]).left();
    });
}

#[test]
fn a_result_that_begins_within_the_operand_is_refused() {
    on_gpus(&[], || {
        for program in ["zoo", "nccl"] {
            let failed = failure((program, 2), TIMEOUT, run("overlapping"));
            failed
                .says(&[
                    " made an invalid call: the result overlaps the operand",
                    "give the result a buffer of its own",
                ])
                .left();
        }
    });
}

#[test]
fn a_launch_that_fails_ends_what_nccl_waits_for_before_memory_is_freed() {
    on_gpus(&[("FAKE_FAIL", "1:affine:0")], || {
        let failed = failure(("nccl", 2), TIMEOUT, run("computed"));
        failed
            .says(&["rank 1: affine (gpu_zoo.mlir:3:7): cuLaunchKernelEx failed on device 1"])
            .left();
    });
}

#[test]
fn a_graph_that_cannot_be_launched_is_told_of_before_memory_is_freed() {
    on_gpus(&[("FAKE_FAIL", "1:graph:0")], || {
        let work = |session: &Session| {
            let mut call = session.call("all_reduce")?;
            call.capture()?;
            call.run()?;
            Ok(())
        };
        let failed = failure(("nccl", 2), TIMEOUT, work);
        failed
            .says(&["rank 1: cuGraphLaunch failed on device 1"])
            .left();
    });
}

#[test]
fn a_kernel_that_gives_up_is_told_of_by_its_rank() {
    on_gpus(&[("FAKE_WAIT", "0:one_shot_push")], || {
        let failed = failure(("zoo", 2), Duration::from_secs(1), run("one_shot_push"));
        let activity = Activity::Waiting {
            op: 0,
            phase: 0,
            peer: 1,
            epoch: 1,
        };
        let expected = Failure::TimedOut {
            rank: 0,
            missing: vec![1],
            millis: 1000,
            activity,
        };
        assert_eq!(failed.failure, expected, "{}", failed.text);
        failed.left();
    });
}

#[test]
fn putting_work_into_a_stream_does_not_wait_for_an_explanation() {
    static MILLIS: AtomicU64 = AtomicU64::new(u64::MAX);
    on_gpus(&[("FAKE_WAIT", "0:one_shot_push:left")], || {
        let work = |session: &Session| {
            let _first = enqueue(session, "one_shot_push")?;
            session.stream().synchronize()?;
            let begin = Instant::now();
            let _second = enqueue(session, "one_shot_push");
            if session.number() == 0 {
                MILLIS.store(begin.elapsed().as_millis() as u64, Ordering::Relaxed);
                session.poll()?;
            }
            Ok(session.meet()?)
        };
        let failed = failure(("zoo", 2), TIMEOUT, work);
        failed
            .says(&[
                "left op 0, waiting for rank 1, because rank 1 had given up without saying why",
            ])
            .left();
        let millis = MILLIS.load(Ordering::Relaxed);
        assert!(millis < 1000, "it took {millis} ms");
    });
}
