// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs in which nothing goes wrong.

use crate::{Ranks, on_gpus};
use symm_runtime::{cuda::Session, launch::WorkError};

/// Runs entries one after the other, launched or from a graph.
fn run_all(session: &Session, entries: &[&str], graph: bool) -> Result<(), WorkError> {
    for entry in entries {
        let mut call = session.call(entry)?;
        if graph {
            call.capture()?;
        }
        for _ in 0..3 {
            call.run()?;
        }
    }
    Ok(())
}

#[test]
fn programs_run_on_pretend_gpus() {
    on_gpus(&[], || {
        let generated = &[
            "one_shot_push",
            "two_shot_pull",
            "chain",
            "leak",
            "constant",
        ];
        let library = &["all_reduce", "all_gather", "all_to_all", "broadcast"];
        let cases: [(&str, u32, &'static [&str]); 5] = [
            ("zoo", 2, generated),
            ("zoo", 3, generated),
            ("nccl", 2, library),
            ("nccl", 3, library),
            // Rank 2 is not in the second group.
            ("pair", 3, &["all_reduce", "pair"]),
        ];
        for (program, size, entries) in cases {
            for graph in [false, true] {
                let mut ranks = Ranks::of(program, size);
                ranks.config.arena_bytes = Some(1 << 30);
                let (_, outcome) = ranks.run(move |session| run_all(session, entries, graph));
                outcome.unwrap();
            }
        }
    });
}

#[test]
fn times_of_ops_follow_each_other() {
    on_gpus(&[], || {
        let mut ranks = Ranks::of("zoo", 2);
        ranks.config.trace = true;
        let work = |session: &Session| {
            run_all(session, &["chain"; 20], false)?;
            Ok(session.spans())
        };
        for spans in ranks.run(work).1.unwrap() {
            assert_eq!(spans.len(), 20 * 3 * 4);
            for pair in spans.windows(2) {
                let end = pair[0].begin_ns + pair[0].duration_ns;
                assert!(end <= pair[1].begin_ns, "{pair:?}");
            }
        }
    });
}
