// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What ranks compare of their collectives: ranks may use graphs as they like, as long as their devices do the same.

use crate::{
    Ranks, enqueue,
    failed::{failure, run},
    on_gpus,
};
use std::time::Duration;
use symm_cuda::{Capture, Graph, memory::DeviceMemory};
use symm_runtime::{Failure, cuda::Session, launch::WorkError};

/// Captures an entry in a graph.
fn capture(session: &Session, entry: &str) -> Result<(Graph, DeviceMemory), WorkError> {
    let capture = Capture::begin(session.stream())?;
    let buffers = enqueue(session, entry)?;
    Ok((capture.finish()?, buffers))
}

/// Checks that two ranks may do something.
fn is_allowed(work: impl Fn(&Session) -> Result<(), WorkError> + Send + Sync + 'static) {
    let work = move |session: &Session| {
        work(session)?;
        session.finish(session.stream())?;
        Ok(session.meet()?)
    };
    let (program, outcome) = Ranks::of("nccl", 2).run(work);
    outcome.unwrap_or_else(|error| panic!("{}", error.report.describe(program.manifest())));
}

#[test]
fn ranks_capture_in_the_order_they_like() {
    on_gpus(&[], || {
        is_allowed(|session| {
            let stream = session.stream();
            let [first, second] = match session.number() {
                0 => ["all_reduce", "broadcast"],
                _ => ["broadcast", "all_reduce"],
            };
            let mut graphs = [capture(session, first)?, capture(session, second)?];
            if session.number() > 0 {
                graphs.reverse();
            }
            for (graph, _) in &mut graphs {
                graph.launch(stream)?;
            }
            Ok(session.finish(stream)?)
        });
    });
}

#[test]
fn one_rank_may_replay_what_another_one_launches() {
    on_gpus(&[], || {
        is_allowed(|session| {
            let stream = session.stream();
            let mut buffers = Vec::new();
            if session.number() == 0 {
                for _ in 0..3 {
                    buffers.push(enqueue(session, "all_reduce")?);
                }
            } else {
                let (mut graph, buffer) = capture(session, "all_reduce")?;
                buffers.push(buffer);
                for _ in 0..3 {
                    graph.launch(stream)?;
                }
            }
            buffers.push(enqueue(session, "broadcast")?);
            buffers.push(enqueue(session, "all_gather")?);
            Ok(session.finish(stream)?)
        });
    });
}

#[test]
fn one_rank_may_capture_more_often_than_another() {
    on_gpus(&[], || {
        is_allowed(|session| {
            let stream = session.stream();
            let _launched = enqueue(session, "all_gather")?;
            let mut kept = Vec::new();
            for _ in 0..=session.number() {
                kept.push(capture(session, "all_reduce")?);
            }
            kept.push(capture(session, "broadcast")?);
            for (graph, _) in kept.iter_mut().rev().take(2) {
                graph.launch(stream)?;
            }
            let _launched = enqueue(session, "all_to_all")?;
            Ok(session.finish(stream)?)
        });
    });
}

#[test]
fn ranks_that_disagree_are_told_apart_launched_and_captured() {
    on_gpus(&[("FAKE_WAIT", "*:one_shot,*:two_shot")], || {
        for (entry, words) in [
            ("other_buffer", "bring different buffers (offsets "),
            (
                "other_result",
                "want the result in different buffers (offsets ",
            ),
            ("other_op", "is at 'symm_mem."),
        ] {
            let captured = move |session: &Session| {
                session.call(entry)?.capture()?;
                Ok(())
            };
            let bound = Duration::from_secs(30);
            for failed in [
                failure(("zoo", 2), bound, run(entry)),
                failure(("zoo", 2), bound, captured),
            ] {
                let is_mismatch = matches!(failed.failure, Failure::Mismatch { .. });
                assert!(is_mismatch, "{}", failed.text);
                failed.says(&[words]).left();
            }
        }
    });
}
