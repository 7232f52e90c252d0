// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Vectors, part by part.

use crate::builder::{Builder, element, vector_shape, with_shape};
use melior::ir::{TypeLike, Value, ValueLike, attribute::DenseI64ArrayAttribute};

/// Builds a value of the type of the first operand: by one call of `build`, or, for vectors of
/// more dimensions than `rank`, by one for each part that has that many.
pub(super) fn by_part<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    operands: &[Value<'c, 'a>],
    rank: usize,
    build: impl Fn(&[Value<'c, 'a>]) -> Value<'c, 'a>,
) -> Value<'c, 'a> {
    let r#type = operands[0].r#type();
    let shape = vector_shape(r#type);
    let (outer, inner) = shape.split_at(shape.len().saturating_sub(rank));
    if !r#type.is_vector() || (outer.is_empty() && !inner.is_empty()) {
        return build(operands);
    }
    let part = |r#type| match inner {
        [] => element(r#type),
        inner => with_shape(r#type, inner),
    };
    let mut value = operands[0];
    for position in positions(outer) {
        let at = DenseI64ArrayAttribute::new(b.context(), &position).into();
        let at = [("static_position", at)];
        let extract =
            |from: &Value<'c, 'a>| b.value("vector.extract", &[*from], part(from.r#type()), &at);
        let parts: Vec<_> = operands.iter().map(extract).collect();
        value = b.value("vector.insert", &[build(&parts), value], r#type, &at);
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

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn the_last_dimension_is_the_fastest() {
        assert_eq!(positions(&[]), [[0; 0]]);
        assert_eq!(positions(&[2, 2]), [[0, 0], [0, 1], [1, 0], [1, 1]]);
    }
}
