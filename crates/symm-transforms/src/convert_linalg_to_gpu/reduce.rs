// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reductions become kernels with a block per element of the result, as far as a grid has blocks.
//!
//! Each thread combines its share of the values; then the block combines what its
//! threads have, in a tree in shared memory. The order is fixed, so a program gives
//! the same bits each time.

use super::{fill, reduction::Reduction, report};
use crate::{
    builder::{Builder, Compare, MAX_BLOCKS, Thread, dynamic, erase, memref_type, shape},
    overlap::Overlap,
};
use melior::ir::{
    Attribute, BlockLike, OperationRef, ShapedTypeLike, Type, Value, ValueLike,
    attribute::IntegerAttribute, operation::OperationLike, r#type::MemRefType,
};
use std::collections::HashMap;
use symm_ir::{edit, linalg::Position, memref::is_memref, pass::PassRun, value::operand, walk};

/// Bounds of the threads of a block; both are powers of two.
const MIN_THREADS: i64 = 32;
const MAX_THREADS: i64 = 256;

/// Turns an op into a kernel, where it is a reduction; says whether it is.
pub(super) fn convert<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    overlap: &Overlap,
    op: OperationRef<'c, 'a>,
) -> bool {
    let Some(reduction) = Reduction::of(op) else {
        return false;
    };
    let b = Builder::before(op);
    let element = memref_type(reduction.result.0).element();
    let Some(neutral) = reduction.neutral(b.context(), element) else {
        return false;
    };
    let Some(counts) = counts(&b, &reduction) else {
        return false;
    };
    report::kernel(op, "a block per element");
    let initial = initial(pass, overlap, op, &reduction, element);
    Kernel {
        reduction,
        element,
        neutral,
        initial,
        counts,
    }
    .launch(&b);
    erase(op);
    true
}

/// Takes away the fill of the result before a reduction, and returns its value.
fn initial<'c: 'a, 'a>(
    pass: &PassRun<'c, 'a>,
    overlap: &Overlap,
    op: OperationRef<'c, 'a>,
    reduction: &Reduction<'c, 'a>,
    element: Type<'c>,
) -> Option<Value<'c, 'a>> {
    let fill = fill::before(overlap, op, reduction.result.0)?;
    let value = operand(fill, 0).filter(|value| value.r#type() == element)?;
    erase(fill);
    pass.count("dropped-fills", 1);
    Some(value)
}

struct Kernel<'c, 'a> {
    reduction: Reduction<'c, 'a>,
    element: Type<'c>,
    neutral: Attribute<'c>,
    /// What each element of the result begins with, if that is not in memory.
    initial: Option<Value<'c, 'a>>,
    /// Iterations of each loop, and the number where it is known.
    counts: Vec<(Value<'c, 'a>, Option<i64>)>,
}

impl<'c: 'a, 'a> Kernel<'c, 'a> {
    fn launch(&self, b: &Builder<'c, 'a>) {
        let threads = self.known_total(false).map_or(MAX_THREADS / 2, |count| {
            (count.max(1) as u64)
                .next_power_of_two()
                .min(MAX_THREADS as u64) as i64
        });
        let threads = threads.max(MIN_THREADS);
        let rows = self.total(b, true);
        let columns = self.total(b, false);
        let one = b.index(1);
        let block = b.index(threads);
        let shared = shared_type(b, self.element, threads);
        let has_block_per_row = self
            .known_total(true)
            .is_some_and(|rows| (1..=MAX_BLOCKS).contains(&rows));
        let blocks = match has_block_per_row {
            true => rows,
            false => b.min(b.binary("arith.maxui", rows, one), b.index(MAX_BLOCKS)),
        };
        let sizes = [blocks, one, one, block, one, one];
        b.launch(sizes, &[shared], |b, thread| {
            let reduce = |b: &Builder<'c, 'a>, row| {
                self.reduce_row(b, thread, row, [columns, block], threads)
            };
            if has_block_per_row {
                reduce(b, thread.block);
            } else {
                b.for_each([thread.block, rows, blocks], |b, row| {
                    reduce(b, row);
                    // Only then may the next row's values take the place of this one's.
                    b.op("gpu.barrier", &[], &[], &[]);
                });
            }
            b.op("gpu.terminator", &[], &[], &[]);
        });
    }

    /// Builds what the threads of a block do for one element of the result.
    fn reduce_row(
        &self,
        b: &Builder<'c, 'a>,
        thread: &Thread<'c, 'a>,
        row: Value<'c, 'a>,
        [columns, step]: [Value<'c, 'a>; 2],
        threads: i64,
    ) {
        let row = b.delinearize(row, &self.counts_of(true));
        let part = self.part(b, thread, &row, columns, step);
        let total = self.combine_block(b, thread, part, threads);
        let is_first = b.compare(Compare::Eq, thread.thread, b.index(0));
        b.if_true(is_first, |b| {
            let (result, positions) = &self.reduction.result;
            let place = self.place(b, positions, &self.indices(&row, &[]));
            let there = self.initial.unwrap_or_else(|| b.load(*result, &place));
            b.store(self.combine(b, there, total), *result, &place);
        });
    }

    /// Builds what one thread combines.
    fn part(
        &self,
        b: &Builder<'c, 'a>,
        thread: &Thread<'c, 'a>,
        row: &[Value<'c, 'a>],
        columns: Value<'c, 'a>,
        step: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let neutral = b.constant(self.neutral, self.element);
        b.fold(
            [thread.thread, columns, step],
            neutral,
            |b, column, so_far| {
                let column = b.delinearize(column, &self.counts_of(false));
                let value = self.value(b, &self.indices(row, &column));
                self.combine(b, so_far, value)
            },
        )
    }

    /// Builds a tree over the threads of a block; all of them get the total.
    fn combine_block(
        &self,
        b: &Builder<'c, 'a>,
        thread: &Thread<'c, 'a>,
        part: Value<'c, 'a>,
        threads: i64,
    ) -> Value<'c, 'a> {
        let shared = thread.shared[0];
        b.store(part, shared, &[thread.thread]);
        b.op("gpu.barrier", &[], &[], &[]);
        let mut half = threads / 2;
        while half > 0 {
            let works = b.compare(Compare::Ult, thread.thread, b.index(half));
            b.if_true(works, |b| {
                let other = b.add(thread.thread, b.index(half));
                let pair = [thread.thread, other].map(|at| b.load(shared, &[at]));
                b.store(self.combine(b, pair[0], pair[1]), shared, &[thread.thread]);
            });
            b.op("gpu.barrier", &[], &[], &[]);
            half /= 2;
        }
        b.load(shared, &[b.index(0)])
    }

    /// Builds the value of one iteration: the body but for what combines.
    fn value(&self, b: &Builder<'c, 'a>, indices: &[Value<'c, 'a>]) -> Value<'c, 'a> {
        let Reduction {
            body,
            combiner,
            combined,
            inputs,
            ..
        } = &self.reduction;
        let mut values = HashMap::new();
        for (index, (input, positions)) in inputs.iter().enumerate() {
            let value = match is_memref(input.r#type()) {
                true => b.load(*input, &self.place(b, positions, indices)),
                false => *input,
            };
            if let Ok(argument) = body.argument(index) {
                values.insert(argument.to_raw().ptr as usize, value);
            }
        }
        for op in walk::operations(*body) {
            if op == *combiner || walk::is(op, "linalg.yield") {
                continue;
            }
            if walk::is(op, "linalg.index") {
                let of = op.attribute("dim").and_then(IntegerAttribute::try_from);
                let of = of.map_or(0, |of| of.value() as usize);
                values.extend(op.results().map(|r| (r.to_raw().ptr as usize, indices[of])));
                continue;
            }
            let clone = copy(b, op, &values);
            let results = op.results().zip(clone.results());
            values.extend(results.map(|(from, to)| (from.to_raw().ptr as usize, to.into())));
        }
        *values
            .get(&(combined.to_raw().ptr as usize))
            .unwrap_or(combined)
    }

    fn combine(
        &self,
        b: &Builder<'c, 'a>,
        left: Value<'c, 'a>,
        right: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let name = self.reduction.combiner.name();
        let name = name.as_string_ref();
        b.binary(name.as_str().unwrap_or_default(), left, right)
    }

    /// Builds the place of an iteration in an operand.
    fn place(
        &self,
        b: &Builder<'c, 'a>,
        positions: &[Position<'c>],
        indices: &[Value<'c, 'a>],
    ) -> Vec<Value<'c, 'a>> {
        let place = |position: &Position<'c>| match position {
            Position::Loop(of) => indices[*of],
            Position::Map(map) => {
                b.value("affine.apply", indices, b.index_type(), &[("map", *map)])
            }
        };
        positions.iter().map(place).collect()
    }

    /// Puts the indices of parallel and reduced loops into the order of the loops;
    /// without reduced ones, those of parallel loops stand in their places.
    fn indices(&self, row: &[Value<'c, 'a>], column: &[Value<'c, 'a>]) -> Vec<Value<'c, 'a>> {
        let (mut rows, mut columns) = (row.iter(), column.iter());
        let filler = row.first().or(column.first());
        let of = |parallel: &bool| match parallel {
            true => rows.next(),
            false => columns.next().or(filler),
        };
        self.reduction
            .is_parallel
            .iter()
            .filter_map(of)
            .copied()
            .collect()
    }

    fn loops(&self, parallel: bool) -> impl Iterator<Item = usize> {
        let loops = self.reduction.is_parallel.iter().enumerate();
        loops
            .filter(move |(_, is)| **is == parallel)
            .map(|(of, _)| of)
    }

    fn counts_of(&self, parallel: bool) -> Vec<Value<'c, 'a>> {
        self.loops(parallel).map(|of| self.counts[of].0).collect()
    }

    /// Returns the iterations of the parallel loops, or of the others, where all are known.
    fn known_total(&self, parallel: bool) -> Option<i64> {
        let mut counts = self.loops(parallel).map(|of| self.counts[of].1);
        counts.try_fold(1, |product: i64, count| product.checked_mul(count?))
    }

    fn total(&self, b: &Builder<'c, 'a>, parallel: bool) -> Value<'c, 'a> {
        let counts = self.counts_of(parallel).into_iter();
        counts
            .reduce(|product, count| b.mul(product, count))
            .unwrap_or_else(|| b.index(1))
    }
}

/// Builds the iterations of each loop; fails where no operand tells.
fn counts<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    reduction: &Reduction<'c, 'a>,
) -> Option<Vec<(Value<'c, 'a>, Option<i64>)>> {
    let operands: Vec<_> = reduction.inputs.iter().chain([&reduction.result]).collect();
    let count = |of: usize| {
        operands.iter().find_map(|(operand, positions)| {
            let at = positions
                .iter()
                .position(|position| *position == Position::Loop(of))?;
            let extent = shape(memref_type(*operand))[at];
            let known = (extent != dynamic()).then_some(extent);
            Some((
                known.map_or_else(|| b.dim(*operand, at), |extent| b.index(extent)),
                known,
            ))
        })
    };
    (0..reduction.is_parallel.len()).map(count).collect()
}

/// Copies an op, with operands that were copied before it.
fn copy<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
    values: &HashMap<usize, Value<'c, 'a>>,
) -> OperationRef<'c, 'a> {
    let clone = b.insert(edit::clone(op));
    for (index, operand) in op.operands().enumerate() {
        if let Some(value) = values.get(&(operand.to_raw().ptr as usize)) {
            edit::set_operand(clone, index, *value);
        }
    }
    clone
}

/// Returns the type of memory that the threads of a block share.
fn shared_type<'c: 'a, 'a>(b: &Builder<'c, 'a>, element: Type<'c>, count: i64) -> Type<'c> {
    let space = Attribute::parse(b.context(), "#gpu.address_space<workgroup>");
    MemRefType::new(element, &[count], None, space).into()
}
