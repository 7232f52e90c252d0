// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Structured control flow.

use super::Builder;
use melior::ir::{Block, BlockLike, BlockRef, Region, RegionLike, Type, Value, ValueLike};

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Returns a region of one block with arguments, which `body` fills.
    pub fn nested(
        &self,
        arguments: &[Type<'c>],
        body: impl FnOnce(&Self, &[Value<'c, 'a>]),
    ) -> Region<'c> {
        let region = Region::new();
        let arguments: Vec<_> = arguments
            .iter()
            .map(|r#type| (*r#type, self.location))
            .collect();
        let block = region.append_block(Block::new(&arguments));
        // SAFETY: the region becomes part of an operation that is put into a
        // block of lifetime 'a.
        let block: BlockRef<'c, 'a> = unsafe { BlockRef::from_raw(block.to_raw()) };
        let arguments: Vec<Value<'c, 'a>> = (0..arguments.len())
            .map(|index| {
                block
                    .argument(index)
                    .expect("an argument just added")
                    .into()
            })
            .collect();
        body(
            &Self {
                block,
                before: None,
                ..*self
            },
            &arguments,
        );
        region
    }

    /// Builds a loop from `lower` to `upper`.
    pub fn for_each(
        &self,
        [lower, upper, step]: [Value<'c, 'a>; 3],
        body: impl FnOnce(&Self, Value<'c, 'a>),
    ) {
        let region = self.nested(&[self.index_type()], |inner, arguments| {
            body(inner, arguments[0]);
            inner.op("scf.yield", &[], &[], &[]);
        });
        self.op_with_regions("scf.for", &[lower, upper, step], &[], &[], vec![region]);
    }

    /// Builds a loop from `lower` to `upper` that carries one value, and returns
    /// what it has at the end.
    pub fn fold(
        &self,
        [lower, upper, step]: [Value<'c, 'a>; 3],
        initial: Value<'c, 'a>,
        body: impl FnOnce(&Self, Value<'c, 'a>, Value<'c, 'a>) -> Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let carried = initial.r#type();
        let region = self.nested(&[self.index_type(), carried], |inner, arguments| {
            let next = body(inner, arguments[0], arguments[1]);
            inner.op("scf.yield", &[next], &[], &[]);
        });
        let operands = [lower, upper, step, initial];
        super::first_result(self.op_with_regions(
            "scf.for",
            &operands,
            &[carried],
            &[],
            vec![region],
        ))
    }

    /// Builds a conditional without results.
    pub fn if_true(&self, condition: Value<'c, 'a>, body: impl FnOnce(&Self)) {
        let then = self.nested(&[], |inner, _| {
            body(inner);
            inner.op("scf.yield", &[], &[], &[]);
        });
        self.op_with_regions("scf.if", &[condition], &[], &[], vec![then, Region::new()]);
    }

    /// Builds a conditional and returns its value.
    pub fn if_else(
        &self,
        condition: Value<'c, 'a>,
        result: Type<'c>,
        then: impl FnOnce(&Self) -> Value<'c, 'a>,
        otherwise: impl FnOnce(&Self) -> Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let then = self.nested(&[], |inner, _| {
            let value = then(inner);
            inner.op("scf.yield", &[value], &[], &[]);
        });
        let otherwise = self.nested(&[], |inner, _| {
            let value = otherwise(inner);
            inner.op("scf.yield", &[value], &[], &[]);
        });
        super::first_result(self.op_with_regions(
            "scf.if",
            &[condition],
            &[result],
            &[],
            vec![then, otherwise],
        ))
    }

    /// Builds a loop that carries one value and goes on while a condition on it
    /// holds.
    pub fn while_true(
        &self,
        initial: Value<'c, 'a>,
        condition: impl FnOnce(&Self, Value<'c, 'a>) -> Value<'c, 'a>,
        next: impl FnOnce(&Self, Value<'c, 'a>) -> Value<'c, 'a>,
    ) {
        let carried = initial.r#type();
        let before = self.nested(&[carried], |inner, arguments| {
            let condition = condition(inner, arguments[0]);
            inner.op("scf.condition", &[condition, arguments[0]], &[], &[]);
        });
        let after = self.nested(&[carried], |inner, arguments| {
            let next = next(inner, arguments[0]);
            inner.op("scf.yield", &[next], &[], &[]);
        });
        self.op_with_regions(
            "scf.while",
            &[initial],
            &[carried],
            &[],
            vec![before, after],
        );
    }
}
