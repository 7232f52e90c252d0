// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The operands of a collective, brought into the few shapes that kernels have.
//!
//! A kernel walks all its operands in step, so only their common structure
//! matters: contiguous operands become one-dimensional, others keep as many
//! dimensions as cannot be merged. Extents are always dynamic, so that one
//! kernel serves every shape.

use crate::builder::{Builder, Extent, Metadata, dynamic, memref_type, shape};
use melior::ir::{ShapedTypeLike, Value, attribute::StridedLayoutAttribute, r#type::MemRefType};
use symm_ir::memref::has_identity_layout;

/// Operands with a common structure.
pub struct Operands<'c, 'a> {
    /// The operands, of one rank that is at least 1.
    pub buffers: Vec<Value<'c, 'a>>,
    /// What tells their types from those of others, for names.
    pub code: String,
}

/// Consecutive dimensions that every operand lays out as one.
struct Run {
    dimensions: Vec<usize>,
}

/// Brings operands of one shape into a common structure.
pub fn normalize<'c: 'a, 'a>(b: &Builder<'c, 'a>, operands: &[Value<'c, 'a>]) -> Operands<'c, 'a> {
    let types: Vec<_> = operands
        .iter()
        .map(|operand| memref_type(*operand))
        .collect();
    let extents = common_shape(&types);
    let runs = runs(&types, &extents);
    let sizes = sizes(b, operands[0], &extents, &runs);
    let mut code = format!("{}d", runs.len());
    let buffers = operands
        .iter()
        .map(|operand| {
            let (buffer, suffix) = view(b, *operand, &runs, &sizes);
            code.push(suffix);
            buffer
        })
        .collect();
    Operands { buffers, code }
}

/// Returns each extent, known if any of the types knows it.
fn common_shape(types: &[MemRefType<'_>]) -> Vec<i64> {
    let mut extents = shape(types[0]);
    for r#type in types {
        for (extent, other) in extents.iter_mut().zip(shape(*r#type)) {
            if *extent == dynamic() {
                *extent = other;
            }
        }
    }
    extents
}

/// Returns the runs of dimensions, outermost first; at least one.
fn runs(types: &[MemRefType<'_>], extents: &[i64]) -> Vec<Run> {
    let strides: Vec<_> = types
        .iter()
        .map(|r#type| r#type.strides_and_offset().0)
        .collect();
    let contiguous = types
        .iter()
        .all(|r#type| has_identity_layout((*r#type).into()));
    let merges = |outer: usize, inner: usize| {
        contiguous
            || strides.iter().all(|strides| {
                let known = |number| number != dynamic();
                known(strides[outer])
                    && known(strides[inner])
                    && known(extents[inner])
                    && strides[outer] == strides[inner] * extents[inner]
            })
    };
    let mut runs: Vec<Run> = Vec::new();
    for dimension in (0..extents.len()).filter(|dimension| extents[*dimension] != 1) {
        match runs.last_mut() {
            Some(run) if merges(run.dimensions[run.dimensions.len() - 1], dimension) => {
                run.dimensions.push(dimension);
            }
            _ => runs.push(Run {
                dimensions: vec![dimension],
            }),
        }
    }
    if runs.is_empty() {
        runs.push(Run {
            dimensions: Vec::new(),
        });
    }
    runs
}

/// Builds the extent of each run.
fn sizes<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    operand: Value<'c, 'a>,
    extents: &[i64],
    runs: &[Run],
) -> Vec<Value<'c, 'a>> {
    let extent = |dimension: usize| match extents[dimension] {
        known if known != dynamic() => b.index(known),
        _ => b.dim(operand, dimension),
    };
    runs.iter()
        .map(|run| {
            let factors = run.dimensions.iter().map(|dimension| extent(*dimension));
            factors
                .reduce(|product, factor| b.mul(product, factor))
                .unwrap_or_else(|| b.index(1))
        })
        .collect()
}

/// Builds the view of one operand, and says what is known of its type: `c`
/// contiguous, `u` innermost elements side by side, `s` anything.
fn view<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    operand: Value<'c, 'a>,
    runs: &[Run],
    sizes: &[Value<'c, 'a>],
) -> (Value<'c, 'a>, char) {
    let r#type = memref_type(operand);
    let sizes: Vec<_> = sizes.iter().map(|size| Extent::Dynamic(*size)).collect();
    let free = vec![dynamic(); runs.len()];
    let typed = |layout| MemRefType::new(r#type.element(), &free, layout, r#type.memory_space());
    if has_identity_layout(r#type.into()) && runs.len() == 1 {
        let view = b.reinterpret(
            operand,
            typed(None),
            Extent::Static(0),
            &sizes,
            &[Extent::Static(1)],
        );
        return (view, 'c');
    }
    let (strides, _) = r#type.strides_and_offset();
    let innermost = |run: &Run| run.dimensions.last().copied();
    let last = runs.last().and_then(innermost);
    let unit = last.is_none_or(|dimension| strides[dimension] == 1);
    let mut layout = free.clone();
    if unit && let Some(last) = layout.last_mut() {
        *last = 1;
    }
    let Metadata {
        offset, strides, ..
    } = b.metadata(operand);
    let strides: Vec<_> = runs
        .iter()
        .zip(&layout)
        .map(|(run, known)| match innermost(run) {
            Some(dimension) if *known == dynamic() => Extent::Dynamic(strides[dimension]),
            _ => Extent::Static(1),
        })
        .collect();
    let layout = StridedLayoutAttribute::new(b.context(), dynamic(), &layout);
    let to = typed(Some(layout.into()));
    let view = b.reinterpret(operand, to, Extent::Dynamic(offset), &sizes, &strides);
    (view, if unit { 'u' } else { 's' })
}
