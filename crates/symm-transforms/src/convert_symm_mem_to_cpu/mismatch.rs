// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Operands whose extents may turn out to differ when the program runs. A kernel walks all of them by
//! the extents of one, and would leave the others.

use super::element::Element;
use crate::{
    builder::{Builder, Compare, dynamic, memref_type, shape},
    group::Group,
    runtime::COLLECTIVE,
};
use melior::ir::Value;
use symm_abi::{CollectiveKind, ReduceOp};

/// Whether extents differ, and numbers of elements that do, for people.
pub(super) struct Mismatch<'c, 'a> {
    differ: Value<'c, 'a>,
    counts: [Value<'c, 'a>; 2],
}

impl<'c: 'a, 'a> Mismatch<'c, 'a> {
    /// Builds the comparison of each operand's extents with those of the first; `None` where types say
    /// that all are equal.
    pub(super) fn of(b: &Builder<'c, 'a>, operands: &[Value<'c, 'a>]) -> Option<Self> {
        let (first, others) = operands.split_first()?;
        others
            .iter()
            .filter_map(|other| Self::between(b, [*first, *other]))
            .reduce(|one, other| one.or(b, other))
    }

    fn between(b: &Builder<'c, 'a>, pair: [Value<'c, 'a>; 2]) -> Option<Self> {
        let shapes = pair.map(|buffer| shape(memref_type(buffer)));
        let is_dynamic = |at: &usize| shapes.iter().any(|shape| shape[*at] == dynamic());
        let rank = shapes[0].len();
        if !(0..rank).any(|at| is_dynamic(&at)) {
            return None;
        }
        let differ = |[one, other]: [Value<'c, 'a>; 2]| b.compare(Compare::Ne, one, other);
        let extents = |at| pair.map(|buffer| b.dim(buffer, at));
        let product = |[one, other]: [Value<'c, 'a>; 2], [extent, other_extent]: [_; 2]| {
            [b.mul(one, extent), b.mul(other, other_extent)]
        };
        let counts = (0..rank).map(extents).reduce(product)?;
        let has_other_count = differ(counts);
        let of = |at| {
            let extents = extents(at);
            Self {
                differ: differ(extents),
                // Where there are as many elements in another shape, the extents have to do.
                counts: choose(b, has_other_count, counts, extents),
            }
        };
        (0..rank)
            .filter(is_dynamic)
            .map(of)
            .reduce(|one, other| one.or(b, other))
    }

    fn or(self, b: &Builder<'c, 'a>, other: Self) -> Self {
        Self {
            differ: b.binary("arith.ori", self.differ, other.differ),
            counts: choose(b, self.differ, self.counts, other.counts),
        }
    }

    /// Builds what fails on a rank whose extents differ: the library's collective refuses the counts,
    /// before it looks at any buffer, and the kernel is not entered after that.
    pub(super) fn report(
        &self,
        b: &Builder<'c, 'a>,
        group: &Group,
        number: i64,
        (element, reduce): (Element<'c>, ReduceOp),
    ) {
        b.if_true(self.differ, |b| {
            let wide = b.int_type(64);
            let [input, output] = self.counts.map(|count| b.index_cast(count, wide));
            let numbers = [
                CollectiveKind::AllReduce as i64,
                i64::from(group.index),
                number,
                reduce as i64,
                element.dtype as i64,
                0,
            ];
            let mut operands: Vec<_> = numbers.into_iter().map(|number| b.i32(number)).collect();
            let nowhere = b.int(wide, 0);
            operands.extend([nowhere, input, nowhere, output]);
            COLLECTIVE.call(b, &operands);
        });
    }
}

fn choose<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    condition: Value<'c, 'a>,
    then: [Value<'c, 'a>; 2],
    otherwise: [Value<'c, 'a>; 2],
) -> [Value<'c, 'a>; 2] {
    [0, 1].map(|at| b.select(condition, then[at], otherwise[at]))
}
