// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Sums of products: what MLIR takes for one, and which of these are matrix products.

use super::{indexing_maps, is_structured};
use crate::{
    value::{Origin, defining_op, operand, origin},
    walk,
};
use melior::ir::{
    Attribute, BlockLike, BlockRef, OperationRef, RegionLike, RegionRef, Value,
    attribute::DenseI32ArrayAttribute, operation::OperationLike,
};
use mlir_sys::{
    MlirAffineMap, MlirAttribute, mlirAffineDimExprGetPosition, mlirAffineExprIsADim,
    mlirAffineMapGetNumDims, mlirAffineMapGetNumResults, mlirAffineMapGetResult,
    mlirLinalgInferContractionDimensions, mlirLinalgIsAContractionOp,
};

/// The loops of a matrix product, perhaps of a batch, and the dimensions of its
/// operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// Loops over the products of a batch.
    pub batch: Vec<usize>,
    /// Loops over rows of the result.
    pub m: Vec<usize>,
    /// Loops over columns of the result.
    pub n: Vec<usize>,
    /// Loops that are summed over.
    pub k: Vec<usize>,
    /// The loop of each dimension of left, right and result.
    pub dimensions: [Vec<usize>; 3],
}

/// Says whether an op is what MLIR calls a contraction: a sum of products, perhaps of
/// functions of the operands, with loops that may be in any of these.
pub fn is_contraction(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the operation is valid, and a structured op when it is asked.
    is_structured(op) && unsafe { mlirLinalgIsAContractionOp(op.to_raw()) }
}

/// Returns what a matrix product of floats is; nothing for other ops, for contractions
/// that compute or loop over anything else besides, and where a dimension of an operand
/// is no loop.
pub fn contraction(op: OperationRef<'_, '_>) -> Option<Contraction> {
    if !is_contraction(op) || !only_adds_product(op) {
        return None;
    }
    // SAFETY: the operation is a contraction.
    let loops = unsafe { mlirLinalgInferContractionDimensions(op.to_raw()) };
    let maps = indexing_maps(op)?;
    // SAFETY: the map is valid.
    let count = unsafe { mlirAffineMapGetNumDims(*maps.first()?) } as usize;
    let mut maps = maps.into_iter();
    let mut dimensions = || dimensions(maps.next()?);
    let contraction = Contraction {
        batch: numbers(loops.batch)?,
        m: numbers(loops.m)?,
        n: numbers(loops.n)?,
        k: numbers(loops.k)?,
        dimensions: [dimensions()?, dimensions()?, dimensions()?],
    };
    contraction.has_all(count).then_some(contraction)
}

impl Contraction {
    /// Says whether every loop is one of the product, and every operand has the loops
    /// that it has in a product, once each. MLIR leaves out of its account what does not
    /// fit, such as a loop that only the result has.
    fn has_all(&self, loops: usize) -> bool {
        let Self { batch, m, n, k, .. } = self;
        let expected = [[batch, m, k], [batch, k, n], [batch, m, n]];
        let is_as_expected = |(dimensions, expected): (&Vec<usize>, [&Vec<usize>; 3])| {
            sorted(dimensions) == sorted(&expected.map(Vec::as_slice).concat())
        };
        batch.len() + m.len() + n.len() + k.len() == loops
            && self.dimensions.iter().zip(expected).all(is_as_expected)
    }
}

/// Says whether a body adds the product of its two inputs, perhaps made wider before, to
/// what is there. MLIR looks through any op that has one operand and no effects, such as
/// `math.exp`.
fn only_adds_product(op: OperationRef<'_, '_>) -> bool {
    let factors = |region: RegionRef<'_, '_>| factors(region.first_block()?);
    let factors = op.region(0).ok().and_then(factors);
    matches!(factors, Some([Some(0), Some(1)] | [Some(1), Some(0)]))
}

/// Returns which arguments of a body are multiplied, where it adds a product to its last
/// one.
fn factors(body: BlockRef<'_, '_>) -> Option<[Option<usize>; 2]> {
    let there = body.argument(body.argument_count().checked_sub(1)?).ok()?;
    let there = Value::from(there);
    let end = walk::operations(body).last()?;
    let product = match operands_of("arith.addf", operand(end, 0)?)? {
        [one, other] if one == there => other,
        [one, other] if other == there => one,
        _ => return None,
    };
    let argument = |value| match origin(before_extension(value)) {
        Origin::Argument(block, at) => (block == body).then_some(at),
        Origin::Result(..) => None,
    };
    Some(operands_of("arith.mulf", product)?.map(argument))
}

/// Returns the operands of the op that makes a value, if it has this name.
fn operands_of<'c: 'a, 'a>(name: &str, value: Value<'c, 'a>) -> Option<[Value<'c, 'a>; 2]> {
    let op = defining_op(value).filter(|op| walk::is(*op, name))?;
    Some([operand(op, 0)?, operand(op, 1)?])
}

/// Returns the value that a value was made wider from, if it was.
fn before_extension<'c: 'a, 'a>(value: Value<'c, 'a>) -> Value<'c, 'a> {
    let extension = defining_op(value).filter(|op| walk::is(*op, "arith.extf"));
    extension.and_then(|op| operand(op, 0)).unwrap_or(value)
}

fn sorted(loops: &[usize]) -> Vec<usize> {
    let mut loops = loops.to_vec();
    loops.sort_unstable();
    loops
}

/// Returns the loop of each dimension, where each is one.
fn dimensions(map: MlirAffineMap) -> Option<Vec<usize>> {
    // SAFETY: the map is valid; each result is asked within its number and for a
    // position only if it is a dimension.
    unsafe {
        (0..mlirAffineMapGetNumResults(map))
            .map(|index| {
                let result = mlirAffineMapGetResult(map, index);
                mlirAffineExprIsADim(result).then(|| mlirAffineDimExprGetPosition(result) as usize)
            })
            .collect()
    }
}

fn numbers(attribute: MlirAttribute) -> Option<Vec<usize>> {
    // SAFETY: the attribute is valid or null.
    let attribute = unsafe { Attribute::from_option_raw(attribute)? };
    let list = DenseI32ArrayAttribute::try_from(attribute).ok()?;
    (0..list.len())
        .map(|index| usize::try_from(list.element(index).ok()?).ok())
        .collect()
}
