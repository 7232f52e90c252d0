// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What programs compute on GPUs, and how each misbehaviour ends.

use crate::programs::{COLUMNS, COUNT, FEW, ROWS, constant, folder, is_staged};
use std::time::{Duration, Instant};
use symm_abi::gpu::MAX_WORLD_SIZE;
use symm_cuda::{Capture, memory::DeviceMemory};
use symm_runtime::{
    Activity, Binding, Failure, Program, Tensor, World, WorldSpec,
    cuda::{Config, Session, Span, gpus},
    launch::{self, LaunchError, WorkError},
};

const TIMEOUT: Duration = Duration::from_secs(3);

/// Numbers of ranks that there are programs for.
fn sizes() -> impl Iterator<Item = u32> {
    (2..=MAX_WORLD_SIZE).filter(|&size| is_staged(size))
}

/// Element `i` of rank `r`'s input: small enough for exact sums.
fn element(rank: u32, i: usize) -> f32 {
    (rank as usize * 100 + i % 97) as f32
}

fn sums(size: u32) -> Vec<f32> {
    (0..COUNT)
        .map(|i| (0..size).map(|rank| element(rank, i)).sum())
        .collect()
}

fn tensor(session: &Session, entry: &str, fill: impl Fn(usize) -> f32) -> Tensor {
    let entry = session.program().manifest().entry(entry).unwrap();
    let mut tensor = Tensor::zeros(&entry.args[0]).unwrap();
    for (i, bytes) in tensor.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&fill(i).to_ne_bytes());
    }
    tensor
}

fn floats(tensor: &Tensor) -> Vec<f32> {
    let words = tensor.chunks_exact(4);
    words
        .map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap()))
        .collect()
}

/// One run of a session: its input is the rank's.
fn run_once(session: &Session, entry: &str, graph: bool) -> Result<Vec<f32>, WorkError> {
    let number = session.number();
    let mut call = session.call(entry)?;
    if graph {
        call.capture()?;
    }
    call.write(&[tensor(session, entry, |i| element(number, i))])?;
    call.run()?;
    let mut results = [tensor(session, entry, |_| f32::NAN)];
    call.read(&mut results)?;
    Ok(floats(&results[0]))
}

fn config(trace: bool) -> Config {
    Config {
        heap_bytes: None,
        arena_bytes: None,
        secret: std::array::from_fn(|i| (std::process::id() >> (i % 4 * 8)) as u8),
        fallback: false,
        // Where there is a GPU for each rank, each has its own.
        share_gpus: true,
        trace,
    }
}

type Outcome<T> = Result<Vec<T>, LaunchError>;

/// Does `work` on every rank of a program, as threads.
fn on_ranks<T: Send + 'static>(
    program: &str,
    size: u32,
    config: Config,
    work: impl Fn(&Session) -> Result<T, WorkError> + Send + Sync + 'static,
) -> (Program, Outcome<T>) {
    let path = folder().unwrap().join(format!("{program}{size}.so"));
    let program = Program::load(&path).unwrap();
    let spec = WorldSpec::new(program.manifest(), size, TIMEOUT, None).unwrap();
    let world = World::create(spec.without_heaps()).unwrap();
    let shared = program.clone();
    let outcome = launch::threads(&world, move |rank| {
        let number = rank.number();
        work(&Session::start(rank, &shared.for_rank()?, &config, number)?)
    });
    (program, outcome)
}

fn check(program: &str, size: u32, entry: &'static str, expected: impl Fn(u32) -> Vec<f32>) {
    for graph in [false, true] {
        let run = move |session: &Session| run_once(session, entry, graph);
        let (loaded, outcome) = on_ranks(program, size, config(false), run);
        let results = outcome.unwrap_or_else(|error| {
            panic!("{entry}: {}", error.report.describe(loaded.manifest()))
        });
        for (rank, result) in (0..).zip(&results) {
            let expected = expected(rank);
            let wrong = (0..expected.len()).find(|&i| result[i] != expected[i]);
            if let Some(i) = wrong {
                panic!(
                    "{entry} on rank {rank} of {size}, graph {graph}: element {i} is {}, expected {}",
                    result[i], expected[i]
                );
            }
        }
    }
}

pub fn every_algorithm_sums() {
    for size in sizes() {
        for entry in [
            "one_shot_push",
            "two_shot_push",
            "one_shot_pull",
            "two_shot_pull",
            "leak",
        ] {
            check("zoo", size, entry, |_| sums(size));
        }
    }
}

pub fn kernels_and_collectives_follow_each_other() {
    for size in sizes() {
        let n = size as f32;
        let expected: Vec<f32> = sums(size)
            .iter()
            .map(|sum| n * ((2.0 * sum + n) * 2.0 + 1.0))
            .collect();
        check("zoo", size, "chain", |_| expected.clone());
    }
}

pub fn large_and_small_ones_share_a_channel() {
    for size in sizes() {
        let n = size as f32;
        let expected = sums(size).into_iter().enumerate();
        let times = |i| if i < FEW { n * n * n } else { n };
        let expected: Vec<f32> = expected.map(|(i, sum)| sum * times(i)).collect();
        check("zoo", size, "shared", |_| expected.clone());
    }
}

pub fn constants_lie_on_the_device() {
    check("zoo", 2, "constant", |_| (0..COUNT).map(constant).collect());
}

pub fn graphs_replay_ten_thousand_times() {
    let work = |session: &Session| {
        let mut call = session.call("chain")?;
        call.capture()?;
        let inputs = [tensor(session, "chain", |i| element(session.number(), i))];
        call.write(&inputs)?;
        for _ in 0..10_000 {
            call.run()?;
        }
        let mut results = [tensor(session, "chain", |_| f32::NAN)];
        call.read(&mut results)?;
        Ok(floats(&results[0]))
    };
    let (_, outcome) = on_ranks("zoo", 2, config(false), work);
    let expected: Vec<f32> = sums(2)
        .iter()
        .map(|sum| 2.0 * ((2.0 * sum + 2.0) * 2.0 + 1.0))
        .collect();
    assert_eq!(outcome.unwrap(), vec![expected; 2]);
}

pub fn traces_have_every_op() {
    let work = |session: &Session| {
        run_once(session, "chain", false)?;
        Ok(session.spans())
    };
    let (_, outcome) = on_ranks("zoo", 2, config(true), work);
    for spans in outcome.unwrap() {
        let categories: Vec<&str> = spans
            .iter()
            .map(|span: &Span| span.category.as_str())
            .collect();
        assert_eq!(
            categories,
            ["kernel", "one_shot_push", "kernel", "two_shot_push"]
        );
        assert!(spans.iter().all(|span| span.duration_ns > 0));
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].begin_ns + pair[0].duration_ns <= pair[1].begin_ns)
        );
        assert_eq!(spans[0].name, "affine (gpu_zoo.mlir:3:7)");
    }
}

fn failure(program: &str, size: u32, entry: &'static str) -> (Failure, String) {
    failure_after(program, size, &[], entry)
}

/// How the last of some entries ends, which fails.
fn failure_after(
    program: &str,
    size: u32,
    before: &'static [&'static str],
    entry: &'static str,
) -> (Failure, String) {
    let begin = Instant::now();
    let work = move |session: &Session| {
        for other in before {
            run_once(session, other, false)?;
        }
        run_once(session, entry, false)
    };
    let (program, outcome) = on_ranks(program, size, config(false), work);
    let error = outcome.unwrap_err();
    assert!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(error.stuck, [0; 0], "{entry}");
    let text = error.report.describe(program.manifest());
    (error.report.failure, text)
}

pub fn a_missing_rank_is_named_in_time() {
    for size in sizes() {
        let (failure, text) = failure("zoo", size, "stall");
        // Member 1 of a group that lists its ranks backwards.
        let missing = size - 2;
        let Failure::TimedOut {
            missing: found,
            activity,
            ..
        } = failure
        else {
            panic!("{text}");
        };
        assert_eq!(found, [missing], "{text}");
        assert!(
            matches!(
                activity,
                Activity::Waiting {
                    op: 0,
                    phase: 0,
                    ..
                }
            ),
            "{text}"
        );
        assert!(
            text.contains("'symm_mem.one_shot_all_reduce' (gpu_zoo.mlir:10:3) on @tp"),
            "{text}"
        );
        assert!(
            text.contains(&format!("rank {missing} did not arrive within 3s")),
            "{text}"
        );
        assert!(text.contains("phase 0 (gather)"), "{text}");
        assert!(text.contains("can't be used any more"), "{text}");
    }
}

/// Puts an entry into the stream and asks how it went when the stream is through, as programs in C do.
fn run_and_ask(session: &Session, entry: &str) -> Result<(), WorkError> {
    let mut binding = Binding::new(session.program(), entry)?;
    let buffer = || DeviceMemory::zeroed(session.device(), 4 * COUNT);
    let [argument, result] = [buffer().unwrap(), buffer().unwrap()];
    binding.argument(0, argument.address())?;
    binding.result(0, result.address())?;
    // SAFETY: the buffers are of the entry's types and live until the stream is through.
    unsafe { session.enqueue(&mut binding, session.stream()) }?;
    session.stream().synchronize().unwrap();
    session.finish(session.stream())?;
    session.meet()?;
    Ok(())
}

pub fn the_first_of_two_failures_is_told() {
    let work = |session: &Session| run_and_ask(session, "stall_first");
    let (program, outcome) = on_ranks("zoo", 2, config(false), work);
    let report = outcome.unwrap_err().report;
    let text = report.describe(program.manifest());
    let Failure::TimedOut { activity, .. } = report.failure else {
        panic!("{text}");
    };
    assert!(
        matches!(activity, Activity::Waiting { op: 0, .. }),
        "{text}"
    );
}

pub fn ranks_that_disagree_are_named() {
    for (entry, words) in [
        ("other_buffer", "bring different buffers"),
        ("other_result", "want the result in different buffers"),
        ("other_op", "is at"),
    ] {
        let (failure, text) = failure("zoo", 2, entry);
        assert!(matches!(failure, Failure::Mismatch { .. }), "{text}");
        assert!(text.contains(words), "{entry}: {text}");
    }
}

/// Checks that rank 0 is missed in op 0, which NCCL does, by whoever waits for it.
fn is_missed_by_nccl(failure: &Failure, text: &str) {
    let Failure::TimedOut {
        missing, activity, ..
    } = failure
    else {
        panic!("{text}");
    };
    assert_eq!(*missing, [0], "{text}");
    assert_eq!(*activity, Activity::Library { op: 0 }, "{text}");
    let words = "'c10d.all_reduce' (gpu_zoo.mlir:10:3) on @tp: rank 0 did not arrive within 3s";
    assert!(text.starts_with(words), "{text}");
}

pub fn nccl_does_not_wait_for_ever() {
    for (before, entry) in [
        (&[][..], "stall"),
        (&["all_reduce"], "stall"),
        (&[], "stall_later"),
    ] {
        let (failure, text) = failure_after("nccl", 2, before, entry);
        is_missed_by_nccl(&failure, &text);
    }
}

pub fn nccl_in_a_graph_does_not_wait_for_ever() {
    let begin = Instant::now();
    let work = |session: &Session| {
        let (stream, bytes) = (session.stream(), COUNT * 4);
        let buffer = DeviceMemory::zeroed(session.device(), bytes)?;
        let mut binding = Binding::new(session.program(), "all_reduce")?;
        binding.argument(0, buffer.address())?;
        binding.result(0, buffer.address())?;
        let capture = Capture::begin(stream)?;
        // SAFETY: the buffer is of the entry's size, and is freed after the stream was waited for.
        unsafe { session.enqueue(&mut binding, stream) }?;
        let mut graph = capture.finish()?;
        // Together for longer than a wait may take: a collective that comes again and again does not last.
        for _ in 0..TIMEOUT.as_millis() / 10 * 2 {
            (0..20).try_for_each(|_| graph.launch(stream))?;
            session.finish(stream)?;
            std::thread::sleep(Duration::from_millis(10));
        }
        session.meet()?;
        if session.number() == 1 {
            graph.launch(stream)?;
        }
        session.finish(stream)?;
        session.meet()?;
        Ok(())
    };
    let (program, outcome) = on_ranks("nccl", 2, config(false), work);
    let error = outcome.unwrap_err();
    let text = error.report.describe(program.manifest());
    is_missed_by_nccl(&error.report.failure, &text);
    assert_eq!(error.stuck, [0; 0], "{text}");
    assert!(begin.elapsed() > 3 * TIMEOUT, "{text}");
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
}

pub fn bad_calls_are_named() {
    for (entry, words) in [
        ("arena_exhausted", "raise --arena-bytes"),
        ("heap_exhausted", "raise --heap-bytes"),
        (
            "not_symmetric",
            "one_shot_pull needs buffers in symmetric memory",
        ),
        ("too_many", "expected at most 6720 elements, got 6721"),
        ("unknown_kernel", "there is no kernel 7"),
        ("overlapping", "give the result a buffer of its own"),
    ] {
        let (_, text) = failure("zoo", 2, entry);
        assert!(text.contains(words), "{entry}: {text}");
    }
}

pub fn matrices_are_multiplied() {
    let x = |rank: u32, row: usize, column: usize| element(rank, row * COLUMNS + column);
    let w = |row: usize, column: usize| constant(row * COLUMNS + column);
    check("blas", 2, "product", move |rank| {
        let cell = |row, column| (0..COLUMNS).map(|k| x(rank, row, k) * w(k, column)).sum();
        (0..COUNT).map(|i| cell(i / COLUMNS, i % COLUMNS)).collect()
    });
    check("blas", 2, "gram", move |rank| {
        let dot = |i, j| {
            (0..ROWS)
                .map(|k| x(rank, k, i) * x(rank, k, j))
                .sum::<f32>()
        };
        let cell = |i, j| w(i, j) + dot(i, j);
        (0..COLUMNS * COLUMNS)
            .map(|i| cell(i / COLUMNS, i % COLUMNS))
            .collect()
    });
    check("blas", 2, "batch", move |rank| {
        // Three matrices of 2×5, in rows of 8 elements, 16 elements apart; between them the result is as it was.
        let cell = |row, column| (0..COLUMNS).map(|k| x(rank, row, k) * w(column, k)).sum();
        let element = |i: usize| if i % 8 < 5 { cell(i / 8, i % 8) } else { 0.0 };
        (0..48).map(element).collect()
    });
}

pub fn the_library_has_every_collective() {
    let size = sizes()
        .filter(|&size| size as usize <= gpus().unwrap())
        .last()
        .unwrap_or(2);
    let part = COUNT / size as usize;
    let lowest_to_highest = move |i| (0..size).map(|rank| element(rank, i)).fold(0.0, f32::max);
    // Member m of the group is rank size - 1 - m.
    let member = move |m: usize| size - 1 - m as u32;
    check("nccl", size, "all_reduce", move |_| {
        (0..COUNT).map(lowest_to_highest).collect()
    });
    check("nccl", size, "all_gather", move |_| {
        (0..COUNT)
            .map(|i| element(member(i / part), i % part))
            .collect()
    });
    check("nccl", size, "reduce_scatter", move |rank| {
        let begin = (size - 1 - rank) as usize * part;
        sums(size)[begin..begin + part].to_vec()
    });
    check("nccl", size, "all_to_all", move |rank| {
        let begin = (size - 1 - rank) as usize * part;
        (0..COUNT)
            .map(|i| element(member(i / part), begin + i % part))
            .collect()
    });
    check("nccl", size, "broadcast", move |_| {
        (0..COUNT).map(|i| element(member(1), i)).collect()
    });
}

pub fn the_library_serves_groups_of_some_ranks() {
    let largest = |i, size| (0..size).map(|rank| element(rank, i)).fold(0.0, f32::max);
    check("pair", 3, "all_reduce", move |_| {
        (0..COUNT).map(|i| largest(i, 3)).collect()
    });
    check("pair", 3, "pair", move |rank| match rank {
        // Not in the group: its result is as it was.
        2 => vec![0.0; COUNT],
        _ => (0..COUNT).map(|i| largest(i, 2)).collect(),
    });
}
