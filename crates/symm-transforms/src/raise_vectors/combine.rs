// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! vector.reduction, vector.multi_reduction <kind> %v, %acc   →   linalg.generic { the kind's op } outs(%acc)
//! vector.contract <add> %a, %b, %acc                         →   linalg.generic { acc + a·b } outs(%acc)
//! ```
//! where the kind has an op for the element type; of sums of products, operands are converted, if at all, to more bits.

use super::{compute::loops, raise::Raiser};
use crate::{
    builder::{At, Builder, Operand, element, first_result, vector_shape},
    convert_linalg_to_gpu::reduction::neutral,
};
use melior::ir::{
    Attribute, OperationRef, TypeLike, Value, ValueLike,
    attribute::{ArrayAttribute, DenseI64ArrayAttribute},
    operation::OperationLike,
};
use mlir_sys::{
    mlirAffineDimExprGetPosition, mlirAffineExprIsADim, mlirAffineMapAttrGetValue,
    mlirAffineMapGetNumResults, mlirAffineMapGetResult,
};
use symm_ir::{diagnostics::Failure, value::operand};

/// Kinds of reductions, and the ops that combine floats and integers.
const KINDS: [(&str, &str, &str); 13] = [
    ("add", "arith.addf", "arith.addi"),
    ("and", "", "arith.andi"),
    ("maximumf", "arith.maximumf", ""),
    ("maxnumf", "arith.maxnumf", ""),
    ("maxsi", "", "arith.maxsi"),
    ("maxui", "", "arith.maxui"),
    ("minimumf", "arith.minimumf", ""),
    ("minnumf", "arith.minnumf", ""),
    ("minsi", "", "arith.minsi"),
    ("minui", "", "arith.minui"),
    ("mul", "arith.mulf", "arith.muli"),
    ("or", "", "arith.ori"),
    ("xor", "", "arith.xori"),
];

/// Returns the op that combines the elements of a reduction.
pub(super) fn combiner(op: OperationRef<'_, '_>) -> Option<&'static str> {
    let kind = op.attribute("kind").ok()?.to_string();
    let kind = kind.split(['<', '>']).nth(1)?;
    let (_, floats, integers) = KINDS.iter().find(|(name, ..)| *name == kind)?;
    let of = element(operand(op, 0)?.r#type());
    let name = if of.is_float() { floats } else { integers };
    let is_known = of.is_float() || of.is_integer() && !of.is_index();
    (is_known && !name.is_empty()).then_some(*name)
}

/// Says whether an op is a sum of products of numbers that are converted, if at
/// all, to more bits.
pub(super) fn is_sum_of_products(op: OperationRef<'_, '_>) -> bool {
    let is_sum = matches!(combiner(op), Some("arith.addf" | "arith.addi"));
    is_sum && maps(op).is_some()
}

/// Builds a reduction over some dimensions, or all.
pub(super) fn reduce<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let source = op.operand(0)?;
    let rank = vector_shape(source.r#type()).len();
    let is_parallel = match op.attribute("reduction_dims") {
        Ok(dimensions) => kept(rank, DenseI64ArrayAttribute::try_from(dimensions)?)?,
        Err(_) => vec![false; rank],
    };
    let name = combiner(op).ok_or("a reduction has no kind".to_owned())?;
    let initial = match operand(op, 1) {
        Some(initial) => raiser.tensor(b, initial)?,
        None => {
            let of = element(source.r#type());
            let neutral = neutral(name, b.context(), of).ok_or("a kind is unknown".to_owned())?;
            b.filled(b.constant(neutral, of), &[])
        }
    };
    let input = Operand {
        value: raiser.tensor(b, source)?,
        at: loops(rank),
    };
    let result = Operand {
        value: initial,
        at: loops(rank)
            .into_iter()
            .zip(&is_parallel)
            .filter_map(|(at, is)| is.then_some(at))
            .collect(),
    };
    Ok(b.generic(&[input], &result, &is_parallel, |b, arguments| {
        b.binary(name, arguments[1], arguments[0])
    }))
}

fn kept(rank: usize, reduced: DenseI64ArrayAttribute<'_>) -> Result<Vec<bool>, Failure> {
    let mut kept = vec![true; rank];
    for index in 0..reduced.len() {
        kept[reduced.element(index)? as usize] = false;
    }
    Ok(kept)
}

/// Builds a sum of products, in the order of `linalg.matmul`.
pub(super) fn contract<'c: 'a, 'a>(
    raiser: &Raiser<'c, 'a>,
    b: &Builder<'c, 'a>,
    op: OperationRef<'c, 'a>,
) -> Result<Value<'c, 'a>, Failure> {
    let [left, right, result] = maps(op).ok_or("a map is no choice of loops".to_owned())?;
    let values = [op.operand(0)?, op.operand(1)?, op.operand(2)?];
    let [left, right, result] =
        [left, right, result].map(|at| at.into_iter().map(At::Loop).collect());
    let inputs = [
        Operand {
            value: raiser.tensor(b, values[0])?,
            at: left,
        },
        Operand {
            value: raiser.tensor(b, values[1])?,
            at: right,
        },
    ];
    let result = Operand {
        value: raiser.tensor(b, values[2])?,
        at: result,
    };
    let to = element(first_result(op).r#type());
    let [add, multiply, extend] = match to.is_float() {
        true => ["arith.addf", "arith.mulf", "arith.extf"],
        false => ["arith.addi", "arith.muli", "arith.extsi"],
    };
    Ok(b.generic(&inputs, &result, &parallel(op)?, |b, arguments| {
        let [left, right] = [0, 1].map(|index| b.convert(extend, arguments[index], to));
        b.binary(add, arguments[2], b.binary(multiply, left, right))
    }))
}

fn parallel(op: OperationRef<'_, '_>) -> Result<Vec<bool>, Failure> {
    let loops = ArrayAttribute::try_from(op.attribute("iterator_types")?)?;
    (0..loops.len())
        .map(|index| Ok(loops.element(index)?.to_string().contains("parallel")))
        .collect()
}

/// Returns the loop of each dimension of left, right and result.
fn maps(op: OperationRef<'_, '_>) -> Option<[Vec<usize>; 3]> {
    let maps = ArrayAttribute::try_from(op.attribute("indexing_maps").ok()?).ok()?;
    let map = |index| loops_of(maps.element(index).ok()?);
    Some([map(0)?, map(1)?, map(2)?])
}

fn loops_of(map: Attribute<'_>) -> Option<Vec<usize>> {
    use melior::ir::AttributeLike;
    // SAFETY: the attribute is a map, says the op's verifier; each result is asked
    // within its number and for a position only if it is a dimension.
    unsafe {
        let map = mlirAffineMapAttrGetValue(map.to_raw());
        (0..mlirAffineMapGetNumResults(map))
            .map(|index| {
                let result = mlirAffineMapGetResult(map, index);
                mlirAffineExprIsADim(result).then(|| mlirAffineDimExprGetPosition(result) as usize)
            })
            .collect()
    }
}
