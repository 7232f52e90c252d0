// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--distribute-launches`: kernels get a thread per iteration.

use crate::builder::{Builder, Compare, MAX_BLOCKS, erase};
use melior::ir::{
    BlockLike, BlockRef, OperationRef, RegionLike, Value, ValueLike, attribute::IntegerAttribute,
    operation::OperationLike,
};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__gpu__, mlirGetDialectHandle__scf__,
    mlirOperationSetOperand,
};
use symm_ir::{
    diagnostics::Failure,
    edit::move_before,
    memref::is_memref,
    pass::{OptionDef, PassDef, PassResult, PassRun, StatisticDef},
    value::{defining_op, operand, replace_all_uses},
    walk,
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
work. Where more blocks than a grid has may be needed, threads loop over iterations. Memory that an iteration has for itself is allocated where its thread starts. Other
launches stay as they are.

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
        if let Some(parallel) = only_loop(body) {
            distribute(launch, body, parallel, threads)?;
            pass.count("distributed", 1);
        }
    }
    Ok(())
}

/// Returns the parallel loop that a body consists of, besides ops without effect.
fn only_loop<'c: 'a, 'a>(body: BlockRef<'c, 'a>) -> Option<OperationRef<'c, 'a>> {
    let mut loops = Vec::new();
    for op in walk::operations(body) {
        if walk::is(op, "scf.parallel") && op.result_count() == 0 {
            loops.push(op);
        } else if !walk::is(op, "gpu.terminator") && !is_pure(op) {
            return None;
        }
    }
    (loops.len() == 1).then(|| loops[0])
}

/// Says whether an op only computes with numbers, or views a buffer.
fn is_pure(op: OperationRef<'_, '_>) -> bool {
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    name.starts_with("arith.")
        || name.starts_with("affine.apply")
        || name == "memref.dim"
        || (name.starts_with("memref.") && op.results().any(|result| is_memref(result.r#type())))
            && !name.starts_with("memref.alloc")
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
    let constant = |bound| {
        let op = defining_op(bound).filter(|op| walk::is(*op, "arith.constant"))?;
        let value = IntegerAttribute::try_from(op.attribute("value").ok()?);
        Some(value.ok()?.value())
    };
    let (step, length) = (
        constant(step)?,
        constant(upper)?.checked_sub(constant(lower)?)?,
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

fn set_operand<'c: 'a, 'a>(op: OperationRef<'c, 'a>, index: isize, value: Value<'c, 'a>) {
    // SAFETY: the operation has the operand, and the value is valid and before it.
    unsafe { mlirOperationSetOperand(op.to_raw(), index, value.to_raw()) }
}
