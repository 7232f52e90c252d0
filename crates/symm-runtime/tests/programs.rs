// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Hand-made programs on ranks that are threads: what they compute, and how each misbehaviour ends.

mod support;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use support::{COUNT, zoo, zoo_manifest};
use symm_runtime::{Activity, Failure, Program, Tensor, World, WorldSpec, launch};

/// Runs entries one after the other; gives each rank's last result, or the report in words and the ranks left behind.
struct Run {
    size: u32,
    timeout: Duration,
    heap_bytes: Option<u64>,
}

type Outcome = Result<Vec<Vec<f32>>, launch::LaunchError>;

impl Run {
    fn on(size: u32) -> Self {
        Self {
            size,
            timeout: Duration::from_secs(20),
            heap_bytes: None,
        }
    }

    fn entries(&self, entries: &'static [&'static str]) -> Outcome {
        self.program(zoo(self.size), entries)
    }

    fn program(&self, path: PathBuf, entries: &'static [&'static str]) -> Outcome {
        let program = Program::load(&path).unwrap();
        let spec =
            WorldSpec::new(program.manifest(), self.size, self.timeout, self.heap_bytes).unwrap();
        let world = World::create(spec).unwrap();
        let outcome = launch::threads(&world, move |rank| {
            let program = program.for_rank()?;
            let entry = program.manifest().entry("sum").unwrap().clone();
            let mut args = [Tensor::zeros(&entry.args[0])?];
            let mut results = [Tensor::zeros(&entry.results[0])?];
            let session = rank.start(&program)?;
            for name in entries {
                fill(&mut args[0], rank.number());
                session.run(name, &mut args, &mut results)?;
            }
            Ok(floats(&results[0]))
        });
        assert_eq!(world.has_failed(), outcome.is_err());
        outcome
    }

    fn failure(&self, entry: &'static [&'static str]) -> (Failure, String, Vec<u32>) {
        let program = zoo(self.size);
        let begin = Instant::now();
        let error = self.program(program, entry).unwrap_err();
        assert!(begin.elapsed() < self.timeout + launch::GRACE + Duration::from_secs(2));
        (
            error.report.failure.clone(),
            error.report.describe(&zoo_manifest(self.size)),
            error.stuck,
        )
    }
}

/// Element `i` of rank `r`'s input: small enough for exact sums.
fn element(rank: u32, i: usize) -> f32 {
    (rank as usize * 100 + i) as f32
}

fn fill(tensor: &mut Tensor, rank: u32) {
    for (i, bytes) in tensor.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&element(rank, i).to_ne_bytes());
    }
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    tensor
        .chunks_exact(4)
        .map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap()))
        .collect()
}

fn sum(size: u32) -> Vec<f32> {
    (0..COUNT)
        .map(|i| (0..size).map(|rank| element(rank, i)).sum())
        .collect()
}

#[test]
fn sums_at_every_world_size() {
    for size in 1..=8 {
        let results = Run::on(size)
            .entries(&["sum", "mixed", "sum", "sum"])
            .unwrap();
        assert_eq!(results, vec![sum(size); size as usize]);
    }
}

#[test]
fn library_and_generated_code_share_epochs() {
    let results = Run::on(3).entries(&["mixed", "mixed"]).unwrap();
    let expected: Vec<f32> = sum(3).into_iter().map(|value| 3.0 * value).collect();
    assert_eq!(results, vec![expected; 3]);
}

#[test]
fn epochs_wrap_around() {
    let entries = &["jump", "sum", "mixed", "mixed", "mixed", "sum"];
    assert_eq!(Run::on(5).entries(entries).unwrap(), vec![sum(5); 5]);
}

#[test]
fn a_group_may_hold_some_ranks_in_any_order() {
    let results = Run::on(3).entries(&["pair", "sum", "pair"]).unwrap();
    let pair = sum(2);
    let doubled: Vec<f32> = pair.iter().map(|value| 2.0 * value).collect();
    let own: Vec<f32> = (0..COUNT).map(|i| element(2, i)).collect();
    assert_eq!(results, [doubled, pair, own]);
}

#[test]
fn thread_ranks_have_globals_of_their_own() {
    let results = Run::on(4).entries(&["count", "count", "count"]).unwrap();
    assert_eq!(results, vec![vec![3.0; COUNT]; 4]);
}

#[test]
fn left_allocations_are_freed_between_runs() {
    // "mixed" never frees; the heap has room for one buffer.
    let run = Run {
        heap_bytes: Some(4096),
        ..Run::on(2)
    };
    let many = &["mixed"; 50];
    assert!(run.entries(many).is_ok());
}

#[test]
fn diverging_ranks_are_told_apart() {
    let (failure, text, _) = Run::on(3).failure(&["sum", "diverge"]);
    assert!(matches!(failure, Failure::Mismatch { .. }), "{failure:?}");
    assert!(
        text.contains("'symm_mem.one_shot_all_reduce' (zoo.mlir:1"),
        "{text}"
    );
    assert!(text.contains("rank 1 is "), "{text}");
    assert!(text.contains("can't be used any more"), "{text}");
}

#[test]
fn different_sizes_are_no_wrong_sum() {
    let (failure, text, _) = Run::on(2).failure(&["shorter"]);
    assert!(matches!(failure, Failure::Mismatch { .. }));
    assert!(
        text.contains("'c10d.all_reduce' (zoo.mlir:12:3) on @tp"),
        "{text}"
    );
    assert!(text.contains("has 96") && text.contains("has 92"), "{text}");
}

#[test]
fn different_allocations_are_found() {
    let (failure, text, _) = Run::on(2).failure(&["more"]);
    assert!(matches!(failure, Failure::Mismatch { .. }));
    assert!(
        text.contains("have made different symmetric allocations"),
        "{text}"
    );
}

#[test]
fn a_rank_that_leaves_a_collective_out_is_found() {
    let (failure, text, stuck) = Run::on(3).failure(&["skip"]);
    assert!(
        matches!(failure, Failure::PeerFinished { peer: 1, op: 0, .. }),
        "{failure:?}"
    );
    assert!(
        text.contains("rank 1, which has finished the program"),
        "{text}"
    );
    assert!(stuck.is_empty());
}

#[test]
fn a_late_rank_is_waited_for() {
    let run = Run {
        timeout: Duration::from_secs(10),
        ..Run::on(3)
    };
    assert_eq!(run.entries(&["late"]).unwrap(), vec![sum(3); 3]);
}

#[test]
fn a_wait_that_runs_out_names_who_is_missing() {
    let run = Run {
        timeout: Duration::from_millis(1500),
        ..Run::on(3)
    };
    let (failure, text, stuck) = run.failure(&["late"]);
    let Failure::TimedOut {
        missing,
        activity: Activity::Waiting { op: 2, .. },
        ..
    } = failure
    else {
        panic!("{failure:?}")
    };
    assert_eq!(missing, [1]);
    assert_eq!(stuck, [1]);
    let headline = "'c10d.all_reduce' (zoo.mlir:12:3) on @tp: rank 1 did not arrive within 1.5s";
    assert!(text.starts_with(headline), "{text}");
    let doing = "rank 1 was computing, after 'symm_mem.one_shot_all_reduce' (zoo.mlir:10:3)";
    assert!(text.contains(doing), "{text}");
    assert!(
        text.contains(
            "waiting for rank 1 in 'c10d.all_reduce' (zoo.mlir:12:3), phase 0 (entry barrier)"
        ),
        "{text}"
    );
}

#[test]
fn a_rank_that_hangs_does_not_hold_the_host() {
    let run = Run {
        timeout: Duration::from_millis(500),
        ..Run::on(2)
    };
    let (failure, text, stuck) = run.failure(&["hang"]);
    assert!(matches!(failure, Failure::TimedOut { .. }));
    assert!(
        text.contains("rank 1 was computing, before its first collective"),
        "{text}"
    );
    assert_eq!(stuck, [1]);
}

#[test]
fn an_exhausted_heap_says_what_it_needs() {
    let run = Run {
        heap_bytes: Some(5 << 20),
        ..Run::on(2)
    };
    let (failure, text, stuck) = run.failure(&["greedy"]);
    let Failure::HeapExhausted {
        bytes, capacity, ..
    } = failure
    else {
        panic!("{failure:?}")
    };
    assert_eq!((bytes, capacity), (1 << 20, 5 << 20));
    assert!(
        text.contains("@tp is exhausted") && text.contains("raise --heap-bytes"),
        "{text}"
    );
    assert!(stuck.is_empty());
}

#[test]
fn exhausted_private_memory_is_an_error() {
    let (failure, _, stuck) = Run::on(2).failure(&["gluttonous"]);
    assert!(matches!(failure, Failure::HostMemory { bytes, .. } if bytes == 1 << 60));
    assert!(stuck.is_empty(), "{stuck:?} are parked");
}

#[test]
fn calls_that_can_not_be_are_errors() {
    let (failure, text, _) = Run::on(3).failure(&["outsider"]);
    assert_eq!(
        failure,
        Failure::NotAMember {
            rank: 2,
            group: 1,
            op: 3
        }
    );
    assert!(
        text.contains("rank 2 is not in @pair, whose members are [1, 0]"),
        "{text}"
    );
    let (_, text, _) = Run::on(2).failure(&["bitwise"]);
    assert!(
        text.contains("made an invalid call: band does not exist for f32"),
        "{text}"
    );
    let (_, text, _) = Run::on(2).failure(&["misfree"]);
    assert!(text.contains("freed offset 4096"), "{text}");
    let (_, text, _) = Run::on(2).failure(&["misfit"]);
    assert!(text.contains("waited for member 99 of 2"), "{text}");
}

#[test]
fn ranks_with_different_programs_do_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = zoo_manifest(3);
    manifest.plan_hash = "f".repeat(64);
    let other = folder.path().join("other.so");
    support::build(&other, &manifest, include_str!("programs/zoo.c"));
    let program = Program::load(&zoo(3)).unwrap();
    let spec = WorldSpec::new(program.manifest(), 3, Duration::from_secs(20), None).unwrap();
    let world = World::create(spec).unwrap();
    let outcome = launch::threads(&world, move |rank| {
        let own = if rank.number() == 2 {
            Program::load(&other)?
        } else {
            program.for_rank()?
        };
        rank.start(&own)?;
        Ok(())
    });
    let text = outcome.unwrap_err().report.describe(&manifest);
    assert!(
        text.starts_with("ranks have different programs: rank "),
        "{text}"
    );
    assert!(
        text.contains("ffffffffffff") && text.contains("000000000000"),
        "{text}"
    );
}

#[test]
fn a_world_runs_its_own_program_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = zoo_manifest(2);
    manifest.plan_hash = "f".repeat(64);
    manifest.groups[0].ranks.reverse();
    let path = folder.path().join("other.so");
    support::build(&path, &manifest, include_str!("programs/zoo.c"));
    let other = Program::load(&path).unwrap();
    let own = Program::load(&zoo(2)).unwrap();
    let spec = WorldSpec::new(own.manifest(), 2, Duration::from_secs(20), None).unwrap();
    let outcome = launch::threads(&World::create(spec).unwrap(), move |rank| {
        rank.start(&other)?;
        Ok(())
    });
    let text = outcome.unwrap_err().report.describe(&manifest);
    let expected =
        "other.so: has plan ffffffffffff, but the world is for the program with plan 000000000000";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn an_error_or_panic_of_one_rank_ends_all() {
    for panics in [false, true] {
        let program = Program::load(&zoo(3)).unwrap();
        let spec = WorldSpec::new(program.manifest(), 3, Duration::from_secs(20), None).unwrap();
        let outcome = launch::threads(&World::create(spec).unwrap(), move |rank| {
            if rank.number() == 1 {
                assert!(!panics, "on purpose");
                return Err("x1.npy: no such file".into());
            }
            rank.start(&program)?;
            Ok(())
        });
        let error = outcome.unwrap_err();
        // Its own error is no end that others count on.
        assert_eq!(error.report.activities[1], Activity::Loading);
        let Failure::RankError { rank: 1, message } = error.report.failure else {
            panic!()
        };
        assert_eq!(
            message,
            if panics {
                "panicked: on purpose"
            } else {
                "x1.npy: no such file"
            }
        );
        assert!(error.stuck.is_empty());
    }
}

#[test]
fn wrong_arguments_are_refused_before_anything_runs() {
    let program = Program::load(&zoo(1)).unwrap();
    let spec = WorldSpec::new(program.manifest(), 1, Duration::from_secs(20), None).unwrap();
    let rank = World::create(spec).unwrap().rank(0);
    let session = rank.start(&program).unwrap();
    let error = session
        .run("sum", &mut [], &mut [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("expected 'x' of [4, 6] f32"), "{error}");
    let error = session
        .run("nothing", &mut [], &mut [])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no entry 'nothing', expected one of: sum, pair"),
        "{error}"
    );
}
