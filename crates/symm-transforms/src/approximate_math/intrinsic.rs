// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Calls of LLVM's intrinsics.

use crate::builder::{Builder, element, erase, first_result, vector_shape, with_shape};
use melior::ir::{
    OperationRef, TypeLike, Value, ValueLike,
    attribute::{DenseI64ArrayAttribute, StringAttribute},
    operation::OperationLike,
};
use symm_ir::value::replace_all_uses;

/// Replaces an op on floats, or on vectors of these, by calls of an intrinsic.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>, intrinsic: &str) {
    let b = Builder::before(op);
    let operands: Vec<_> = op.operands().collect();
    let result = first_result(op);
    let value = match result.r#type().is_vector() {
        true => call_by_row(&b, intrinsic, &operands),
        false => call(&b, intrinsic, &operands),
    };
    replace_all_uses(result, value);
    erase(op);
}

/// Builds a call for each innermost row: intrinsics have vectors of one dimension.
fn call_by_row<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    intrinsic: &str,
    operands: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let r#type = operands[0].r#type();
    let shape = vector_shape(r#type);
    if shape.len() == 1 {
        return call(b, intrinsic, operands);
    }
    let (outer, inner) = shape.split_at(shape.len().saturating_sub(1));
    let row = match inner {
        [] => element(r#type),
        inner => with_shape(r#type, inner),
    };
    let mut value = operands[0];
    for position in positions(outer) {
        let at = DenseI64ArrayAttribute::new(b.context(), &position).into();
        let at = [("static_position", at)];
        let rows: Vec<_> = operands
            .iter()
            .map(|operand| b.value("vector.extract", &[*operand], row, &at))
            .collect();
        let result = call(b, intrinsic, &rows);
        value = b.value("vector.insert", &[result, value], r#type, &at);
    }
    value
}

/// Returns every position in dimensions of these extents, the last one fastest.
fn positions(extents: &[i64]) -> Vec<Vec<i64>> {
    extents.iter().fold(vec![Vec::new()], |positions, extent| {
        let with = |position: &Vec<i64>, at| position.iter().copied().chain([at]).collect();
        positions
            .iter()
            .flat_map(|position| (0..*extent).map(move |at| with(position, at)))
            .collect()
    })
}

fn call<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    intrinsic: &str,
    operands: &[Value<'c, 'a>],
) -> Value<'c, 'a> {
    let r#type = operands[0].r#type();
    let count = vector_shape(r#type)
        .first()
        .map(|count| format!("v{count}"));
    let name = format!(
        "{intrinsic}.{}{}",
        count.unwrap_or_default(),
        element(r#type)
    );
    let attributes = [
        ("intrin", StringAttribute::new(b.context(), &name).into()),
        ("operandSegmentSizes", b.segments(&[operands.len(), 0])),
        ("op_bundle_sizes", b.segments(&[])),
    ];
    b.value("llvm.call_intrinsic", operands, r#type, &attributes)
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn the_last_dimension_is_the_fastest() {
        assert_eq!(positions(&[]), [[0; 0]]);
        assert_eq!(positions(&[2, 2]), [[0, 0], [0, 1], [1, 0], [1, 1]]);
    }
}
