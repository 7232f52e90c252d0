// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `--expand-deallocations`: who owns a buffer is found out by comparing addresses.

use crate::builder::{Builder, Compare, erase};
use melior::ir::{
    OperationRef, Value, attribute::DenseI32ArrayAttribute, operation::OperationLike,
};
use mlir_sys::{
    mlirGetDialectHandle__arith__, mlirGetDialectHandle__memref__, mlirGetDialectHandle__scf__,
};
use symm_ir::{
    diagnostics::Failure,
    pass::{PassDef, PassResult, PassRun, StatisticDef},
    value::{replace_all_uses, result},
    walk,
};

/// Turns deallocations that depend on aliases into plain ones.
pub static EXPAND_DEALLOCATIONS: PassDef = PassDef {
    argument: "expand-deallocations",
    summary: "Turn bufferization.dealloc into memref.dealloc under comparisons of addresses",
    description: "
A `bufferization.dealloc` frees each of its buffers whose condition holds, unless one that is
retained has the same address, and of those that share one, it frees one. That is the case where
loops and branches hand buffers on. MLIR's `--bufferization-lower-deallocations` writes addresses
and conditions to lists in memory and calls a function on these. On GPUs, memory is the device's,
which the host can't look into. This pass compares each address with each other one, in values of
the host.

Runs after `--ownership-based-buffer-deallocation` and `--buffer-deallocation-simplification`.
",
    anchor: None,
    options: &[],
    statistics: &[StatisticDef {
        name: "expanded",
        description: "deallocations that became plain ones",
    }],
    dependent_dialects: &[
        mlirGetDialectHandle__arith__,
        mlirGetDialectHandle__memref__,
        mlirGetDialectHandle__scf__,
    ],
    run,
};

/// A buffer that is freed if its condition holds.
struct Candidate<'c, 'a> {
    buffer: Value<'c, 'a>,
    condition: Value<'c, 'a>,
    address: Value<'c, 'a>,
}

fn run(pass: &PassRun<'_, '_>) -> PassResult {
    for op in walk::collect_named(pass.operation(), "bufferization.dealloc") {
        expand(op)?;
        pass.count("expanded", 1);
    }
    Ok(())
}

fn expand<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> PassResult {
    let b = Builder::before(op);
    let [buffers, conditions, retained] = operands(op)?;
    let candidates: Vec<_> = buffers
        .iter()
        .zip(conditions)
        .map(|(buffer, condition)| Candidate {
            buffer: *buffer,
            condition,
            address: b.address(*buffer),
        })
        .collect();
    let retained: Vec<_> = retained.into_iter().map(|kept| b.address(kept)).collect();
    for (index, kept) in retained.iter().enumerate() {
        let owned = is_owned(&b, *kept, &candidates);
        let result = result(op, index).ok_or("a dealloc lacks a result".to_owned())?;
        replace_all_uses(result, owned);
    }
    for (index, candidate) in candidates.iter().enumerate() {
        let is_freed = is_freed(&b, candidate, &candidates[..index], &retained);
        b.if_true(is_freed, |b| {
            b.op("memref.dealloc", &[candidate.buffer], &[], &[]);
        });
    }
    erase(op);
    Ok(())
}

/// Returns the buffers that may be freed, their conditions, and the buffers that stay.
fn operands<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Result<[Vec<Value<'c, 'a>>; 3], Failure> {
    let segments = DenseI32ArrayAttribute::try_from(op.attribute("operandSegmentSizes")?)?;
    let mut operands = op.operands();
    let mut take = |segment| {
        let count = segments.element(segment)? as usize;
        Ok::<_, Failure>(operands.by_ref().take(count).collect())
    };
    Ok([take(0)?, take(1)?, take(2)?])
}

/// Builds whether a retained buffer is one of those whose condition holds.
fn is_owned<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    kept: Value<'c, 'a>,
    candidates: &[Candidate<'c, 'a>],
) -> Value<'c, 'a> {
    candidates
        .iter()
        .map(|candidate| {
            let is_same = b.compare(Compare::Eq, candidate.address, kept);
            b.binary("arith.andi", candidate.condition, is_same)
        })
        .reduce(|owned, other| b.binary("arith.ori", owned, other))
        .unwrap_or_else(|| b.int(b.int_type(1), 0))
}

/// Builds whether a buffer is to be freed: its condition holds, it is none of the retained
/// ones, and none that has been freed before it.
fn is_freed<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    candidate: &Candidate<'c, 'a>,
    earlier: &[Candidate<'c, 'a>],
    retained: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let differs = |address| b.compare(Compare::Ne, candidate.address, address);
    let is_left = earlier.iter().map(|other| {
        let was_kept = b.binary("arith.xori", other.condition, b.int(b.int_type(1), 1));
        b.binary("arith.ori", was_kept, differs(other.address))
    });
    retained
        .iter()
        .map(|kept| differs(*kept))
        .chain(is_left)
        .fold(candidate.condition, |freed, holds| {
            b.binary("arith.andi", freed, holds)
        })
}
