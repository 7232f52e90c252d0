// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What ops of `linalg` are, and rewrites of them that only C++ has.

mod contraction;

pub use contraction::{Contraction, contraction, is_contraction};

use melior::ir::{Attribute, OperationRef, attribute::ArrayAttribute, operation::OperationLike};
use mlir_sys::{
    MlirAffineMap, MlirAttribute, mlirAffineDimExprGetPosition, mlirAffineExprIsADim,
    mlirAffineMapAttrGet, mlirAffineMapAttrGetValue, mlirAffineMapGetNumResults,
    mlirAffineMapGetResult, mlirAffineMapGetSubMap, mlirLinalgGetIndexingMapsAttribute,
};
use symm_sys::{
    symmLinalgDecomposeAggregate, symmLinalgGeneralize, symmLinalgIsAggregate,
    symmLinalgLowerPacking,
};

/// Where in an operand an iteration is, in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position<'c> {
    /// At the index of a loop.
    Loop(usize),
    /// At what a map of all loops gives.
    Map(Attribute<'c>),
}

/// Returns, for each operand of a structured op and each of its dimensions, where
/// an iteration is.
pub fn positions<'c: 'a, 'a>(op: OperationRef<'c, 'a>) -> Option<Vec<Vec<Position<'c>>>> {
    Some(
        indexing_maps(op)?
            .into_iter()
            .map(operand_positions)
            .collect(),
    )
}

/// Returns, for each loop of a `linalg.generic`, whether it is parallel.
pub fn parallel_loops(op: OperationRef<'_, '_>) -> Option<Vec<bool>> {
    let loops = ArrayAttribute::try_from(op.attribute("iterator_types").ok()?).ok()?;
    let is_parallel = |index| Some(loops.element(index).ok()?.to_string().contains("parallel"));
    (0..loops.len()).map(is_parallel).collect()
}

/// Says whether an op is a structured op of `linalg`.
pub fn is_structured(op: OperationRef<'_, '_>) -> bool {
    let name = op.name();
    let name = name.as_string_ref();
    let name = name.as_str().unwrap_or_default();
    name.starts_with("linalg.") && name != "linalg.yield" && name != "linalg.index"
}

/// Turns a named op into `linalg.generic`, and says whether it could.
pub fn generalize(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the operation is valid; the caller does not use it again.
    unsafe { symmLinalgGeneralize(op.to_raw()) }
}

/// Says whether an op stands for a sequence of structured ops, as `linalg.softmax`
/// does.
pub fn is_aggregate(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the operation is valid.
    unsafe { symmLinalgIsAggregate(op.to_raw()) }
}

/// Replaces such an op on tensors by that sequence, and says whether it could.
pub fn decompose_aggregate(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the operation is valid; the caller does not use it again.
    unsafe { symmLinalgDecomposeAggregate(op.to_raw()) }
}

/// Replaces `linalg.pack` or `linalg.unpack` by padding or slicing, reshaping and
/// transposing, and says whether it could.
pub fn lower_packing(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the operation is valid; the caller does not use it again.
    unsafe { symmLinalgLowerPacking(op.to_raw()) }
}

fn indexing_maps(op: OperationRef<'_, '_>) -> Option<Vec<MlirAffineMap>> {
    // SAFETY: the operation is a structured op; what is asked for a map is one.
    unsafe {
        let maps = Attribute::from_option_raw(mlirLinalgGetIndexingMapsAttribute(op.to_raw()))?;
        let maps = ArrayAttribute::try_from(maps).ok()?;
        let map = |index| Some(mlirAffineMapAttrGetValue(raw(maps.element(index).ok()?)));
        (0..maps.len()).map(map).collect()
    }
}

fn raw(attribute: Attribute<'_>) -> MlirAttribute {
    use melior::ir::AttributeLike;
    attribute.to_raw()
}

fn operand_positions<'c>(map: MlirAffineMap) -> Vec<Position<'c>> {
    // SAFETY: the map is valid; each result is asked within its number and for a
    // position only if it is a dimension.
    unsafe {
        (0..mlirAffineMapGetNumResults(map))
            .map(|index| {
                let result = mlirAffineMapGetResult(map, index);
                if mlirAffineExprIsADim(result) {
                    return Position::Loop(mlirAffineDimExprGetPosition(result) as usize);
                }
                let mut only = [index];
                let map = mlirAffineMapGetSubMap(map, 1, only.as_mut_ptr());
                Position::Map(Attribute::from_raw(mlirAffineMapAttrGet(map)))
            })
            .collect()
    }
}
