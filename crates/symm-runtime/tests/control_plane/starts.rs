// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What is found out before anything runs.

use crate::{Ranks, failed::run, on_gpus};
use symm_runtime::Failure;

/// What the ranks of a program say that can't start.
fn refusal(ranks: Ranks) -> String {
    let (program, outcome) = ranks.run(run("one_shot_push"));
    let report = outcome.unwrap_err().report;
    let text = report.describe(program.manifest());
    assert!(
        matches!(report.failure, Failure::RankError { .. }),
        "{text}"
    );
    text
}

#[test]
fn nccl_does_not_stand_in_for_reductions_that_it_lacks() {
    on_gpus(&[("FAKE_NO_PEER", "1")], || {
        let ranks = |program, fallback| {
            let mut ranks = Ranks::of(program, 2);
            ranks.config.fallback = fallback;
            ranks
        };
        let text = refusal(ranks("bitwise", true));
        let words = "'symm_mem.one_shot_all_reduce' (gpu_zoo.mlir:10:3) on @tp: expected a reduction that NCCL knows, got bxor of i32";
        assert!(text.contains(words), "{text}");
        let text = refusal(ranks("zoo", false));
        assert!(text.contains("pass --fallback to use NCCL"), "{text}");
        let (_, outcome) = ranks("zoo", true).run(run("one_shot_push"));
        outcome.unwrap();
    });
}

#[test]
fn an_old_nccl_is_refused() {
    on_gpus(&[("FAKE_NCCL_VERSION", "21805")], || {
        let (program, outcome) = Ranks::of("nccl", 2).run(run("all_reduce"));
        let text = outcome.unwrap_err().report.describe(program.manifest());
        let words =
            "expected NCCL 2.19.1 or newer, got 2.18.5; update NCCL, or set SYMM_NCCL_LIBRARY";
        assert!(text.contains(words), "{text}");
        // Programs that don't need it run.
        let (_, outcome) = Ranks::of("zoo", 2).run(run("one_shot_push"));
        outcome.unwrap();
    });
}

#[test]
fn an_arena_that_fits_no_gpu_is_refused() {
    on_gpus(&[], || {
        for bytes in [u64::MAX, 1 << 60] {
            let mut ranks = Ranks::of("zoo", 2);
            ranks.config.arena_bytes = Some(bytes);
            let text = refusal(ranks);
            let expected = format!("an arena of {bytes} bytes fits no GPU: lower --arena-bytes");
            assert!(text.contains(&expected), "{text}");
        }
    });
}
