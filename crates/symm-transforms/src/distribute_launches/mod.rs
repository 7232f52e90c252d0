// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--distribute-launches`: kernels get a thread per iteration.
//!
//! ```text
//! gpu.launch 1 x 1 { scf.parallel (%i) = (lower) to (upper) step (step) { work(%i) } }
//!   → gpu.launch ceil(count / threads) x threads { if number < count { work(lower + number * step) } }
//! ```
//!
//! Only where the launch is of one thread, whose body does not ask for its place, and is one loop
//! behind ops without effect, on which the launch's sizes may then depend.

use crate::builder::{Builder, Compare, MAX_BLOCKS, erase};
use melior::ir::{BlockLike, BlockRef, OperationRef, RegionLike, Value, operation::OperationLike};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__gpu__, mlirGetDialectHandle__scf__,
};
use symm_ir::{
    diagnostics::Failure,
    edit::{move_before, set_operand},
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
    value::{self, integer, operand, replace_all_uses},
    view, walk,
};

/// The option that says how large blocks are.
pub const BLOCK_THREADS: OptionDef = OptionDef::int(
    "block-threads",
    128,
    "threads of a block of a kernel without reductions",
);

/// Spreads the loops of kernels over threads.
pub static DISTRIBUTE_LAUNCHES: PassDef = PassDef {
    argument: "distribute-launches",
    summary: "Spread the outermost parallel loop of each launch over a one-dimensional grid",
    description: "
A `gpu.launch` of one thread whose body is one `scf.parallel` becomes a grid with a thread per
iteration: all dimensions of the loop are counted through, the innermost fastest, so that
neighbouring threads touch neighbouring elements. The last block may have threads without
work. Where more blocks than a grid has may be needed, threads loop over iterations. Memory
that an iteration has for itself is allocated where its thread starts.

Launches of other sizes stay as they are, and so do those whose body uses the ids or sizes that
it is given, has memory of a block, or has ops of the dialect `gpu` in the loop.

Runs after `--convert-linalg-to-gpu` and `--convert-linalg-to-parallel-loops`.
",
    anchor: None,
    options: &[BLOCK_THREADS],
    statistics: &[StatisticDef {
        name: "distributed",
        description: "launches spread over threads",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__gpu__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

/// Most threads of a block that every chip takes.
const MAX_BLOCK_THREADS: i64 = 1024;

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    let threads = pass.options().int(BLOCK_THREADS.name);
    if !(1..=MAX_BLOCK_THREADS).contains(&threads) {
        let message = format!(
            "expected {} to be 1 to {MAX_BLOCK_THREADS}, got {threads}",
            BLOCK_THREADS.name
        );
        return Err(Failure::Message(message));
    }
    for launch in walk::collect_named(pass.operation(), "gpu.launch") {
        let Some(body) = launch.region(0)?.first_block() else {
            continue;
        };
        if is_one_thread(launch, body)
            && let Some(parallel) = only_loop(body)
        {
            distribute(launch, body, parallel, threads)?;
            pass.count("distributed", 1);
        }
    }
    Ok(())
}

/// Says whether a launch is of one thread, and its body asks neither for where it is nor for
/// memory of a block.
fn is_one_thread<'c: 'a, 'a>(launch: OperationRef<'c, 'a>, body: BlockRef<'c, 'a>) -> bool {
    let sizes: Vec<_> = launch.operands().collect();
    sizes.len() == SIZES
        && sizes.iter().all(|size| integer(*size) == Some(1))
        && body.argument_count() == 2 * SIZES
        && (0..2 * SIZES).all(|at| is_unused(body, at))
}

fn is_unused(body: BlockRef<'_, '_>, argument: usize) -> bool {
    let argument = body.argument(argument);
    argument.is_ok_and(|argument| value::uses(argument.into()).next().is_none())
}

/// Sizes of a launch: blocks of the grid and threads of a block, each in three dimensions. Where
/// the body is, it is told as many ids and, again, sizes.
const SIZES: usize = 6;

/// Returns the parallel loop that a body consists of, besides ops without effect. The loop must
/// not have ops in it that mean the threads of the launch there was.
fn only_loop<'c: 'a, 'a>(body: BlockRef<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    let mut loops = Vec::new();
    for op in walk::operations(body) {
        if walk::is(op, "scf.parallel") && op.result_count() == 0 && !has_gpu_ops(op) {
            loops.push(op);
        } else if !walk::is(op, "gpu.terminator") && !is_pure(op) {
            return None;
        }
    }
    (loops.len() == 1).then(|| loops[0])
}

fn has_gpu_ops(op: OperationRef<'_, '_>) -> bool {
    walk::collect(op).into_iter().any(|op| {
        let name = op.name();
        let name = name.as_string_ref();
        name.as_str().is_ok_and(|name| name.starts_with("gpu."))
    })
}

/// Says whether an op only computes with numbers, or views a buffer.
fn is_pure(op: OperationRef<'_, '_>) -> bool {
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    name.starts_with("arith.")
        || ["affine.apply", "memref.dim", "memref.get_global"].contains(&name)
        || view::is_of_buffer(op)
}

/// One dimension of a loop.
struct Dimension<'c, 'a> {
    lower: Value<'c, 'a>,
    step: Value<'c, 'a>,
    count: Value<'c, 'a>,
    /// The count, where the bounds tell it.
    known: Option<i64>,
}

fn distribute<'c: 'a, 'a>(
    launch: OperationRef<'c, 'a>,
    body: BlockRef<'c, 'a>,
    parallel: OperationRef<'c, 'a>,
    threads: i64,
) -> PassResult {
    // Bounds are computed by the host.
    for op in walk::operations(body)
        .take_while(|op| *op != parallel)
        .collect::<Vec<_>>()
    {
        move_before(op, launch);
    }
    let b = Builder::before(launch);
    let dimensions = dimensions(&b, parallel)?;
    let total = dimensions
        .iter()
        .map(|dimension| dimension.count)
        .reduce(|product, count| b.mul(product, count))
        .unwrap_or_else(|| b.index(1));
    let block = b.index(threads);
    // A grid has at least one block, whose threads may all be without work.
    let blocks = b.binary("arith.ceildivui", total, block);
    let mut blocks = b.binary("arith.maxui", blocks, b.index(1));
    let is_enough = has_blocks_for(&dimensions, threads);
    if !is_enough {
        blocks = b.min(blocks, b.index(MAX_BLOCKS));
    }
    set_operand(launch, 0, blocks);
    set_operand(launch, 3, block);
    let block_id = body.argument(0)?.into();
    let thread_id = body.argument(3)?.into();
    let inner = Builder::before(parallel);
    let linear = inner.add(inner.mul(block_id, block), thread_id);
    let loop_body = parallel
        .region(0)?
        .first_block()
        .ok_or("a loop has no body".to_owned())?;
    let work = |b: &Builder<'c, 'a>, linear| {
        let indices = indices(b, linear, &dimensions);
        adopt(&inner, b, loop_body, indices);
    };
    if is_enough {
        let has_work = inner.compare(Compare::Ult, linear, total);
        inner.if_true(has_work, |b| work(b, linear));
    } else {
        let all_threads = b.mul(blocks, block);
        inner.for_each([linear, total, all_threads], work);
    }
    erase(parallel);
    Ok(())
}

/// Moves what an iteration does to where a thread does it.
fn adopt<'c: 'a, 'a>(
    start: &Builder<'c, 'a>,
    b: &Builder<'c, 'a>,
    loop_body: BlockRef<'c, 'a>,
    indices: Vec<Value<'c, 'a>>,
) {
    for (position, index) in indices.into_iter().enumerate() {
        if let Ok(argument) = loop_body.argument(position) {
            replace_all_uses(argument.into(), index);
        }
    }
    for op in walk::operations(loop_body).collect::<Vec<_>>() {
        if walk::is(op, "memref.alloca") && op.operand_count() == 0 {
            // Memory of a thread is given out once, and at no cost, where it starts.
            start.adopt(op);
        } else if !walk::is(op, "scf.reduce") {
            b.adopt(op);
        }
    }
}

fn dimensions<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    parallel: OperationRef<'c, 'a>,
) -> Result<Vec<Dimension<'c, 'a>>, Failure> {
    let count = parallel.operand_count() / 3;
    let bound = |index| operand(parallel, index).ok_or("a loop lacks a bound".to_owned());
    (0..count)
        .map(|index| {
            let (lower, upper) = (bound(index)?, bound(count + index)?);
            let step = bound(2 * count + index)?;
            let count = b.binary("arith.ceildivsi", b.sub(upper, lower), step);
            Ok(Dimension {
                lower,
                step,
                known: known_count(lower, upper, step),
                count: b.binary("arith.maxsi", count, b.index(0)),
            })
        })
        .collect()
}

/// Returns the iterations of a loop whose bounds are constants.
fn known_count(lower: Value<'_, '_>, upper: Value<'_, '_>, step: Value<'_, '_>) -> Option<i64> {
    let (step, length) = (
        integer(step)?,
        integer(upper)?.checked_sub(integer(lower)?)?,
    );
    (step > 0)
        .then(|| length.max(0) as u64)
        .map(|length| length.div_ceil(step as u64) as i64)
}

/// Says whether a grid is known to have enough blocks for a thread per iteration.
fn has_blocks_for(dimensions: &[Dimension<'_, '_>], threads: i64) -> bool {
    let mut counts = dimensions.iter().map(|dimension| dimension.known);
    let total = counts.try_fold(1, |product: i64, count| product.checked_mul(count?));
    total.is_some_and(|total| total <= MAX_BLOCKS * threads)
}

/// Builds the indices of an iteration out of its number.
fn indices<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    linear: Value<'c, 'a>,
    dimensions: &[Dimension<'c, 'a>],
) -> Vec<Value<'c, 'a>> {
    let counts: Vec<_> = dimensions.iter().map(|dimension| dimension.count).collect();
    let numbers = b.delinearize(linear, &counts).into_iter().zip(dimensions);
    numbers
        .map(|(number, dimension)| b.add(dimension.lower, b.mul(number, dimension.step)))
        .collect()
}
