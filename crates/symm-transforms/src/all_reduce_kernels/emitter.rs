// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Writes operations into a block, with names short enough that kernels read like kernels.

use melior::{
    Context,
    ir::{
        Attribute, Block, BlockLike, BlockRef, Identifier, Location, Region, RegionLike, Type,
        Value, ValueLike,
        attribute::{DenseI32ArrayAttribute, DenseI64ArrayAttribute, StringAttribute},
        operation::{OperationBuilder, OperationLike},
    },
};

mod access;
mod arith;

pub(super) use arith::Cmp;

/// A value of the function under construction.
///
/// Its second lifetime is that of the context, and not that of the block it was made in: an [`Emitter`] never erases or
/// moves what it has written, and the function outlives the emitter.
pub(super) type Val<'c> = Value<'c, 'c>;

/// A place at the end of a block, where operations are written.
#[derive(Clone, Copy)]
pub(super) struct Emitter<'c> {
    context: &'c Context,
    location: Location<'c>,
    block: BlockRef<'c, 'c>,
}

fn forget_block<'c>(value: Value<'c, '_>) -> Val<'c> {
    // SAFETY: the raw value is valid, and stays so for as long as the function that holds it, as `Val` explains.
    unsafe { Val::from_raw(value.to_raw()) }
}

impl<'c> Emitter<'c> {
    /// Starts to write at the end of a block that is never erased while the emitter or its values are used.
    pub(super) fn at_end_of(
        context: &'c Context,
        location: Location<'c>,
        block: &BlockRef<'c, '_>,
    ) -> Self {
        // SAFETY: the caller keeps the block.
        let block = unsafe { BlockRef::from_raw(block.to_raw()) };
        Self {
            context,
            location,
            block,
        }
    }

    pub(super) fn context(&self) -> &'c Context {
        self.context
    }

    pub(super) fn argument(&self, index: usize) -> Val<'c> {
        forget_block(
            self.block
                .argument(index)
                .expect("the block was made with this argument")
                .into(),
        )
    }

    /// Writes any operation and returns its results.
    pub(super) fn op(
        &self,
        name: &str,
        operands: &[Val<'c>],
        results: &[Type<'c>],
        attributes: &[(&str, Attribute<'c>)],
        regions: Vec<Region<'c>>,
    ) -> Vec<Val<'c>> {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|&(name, value)| (Identifier::new(self.context, name), value))
            .collect();
        let operation = OperationBuilder::new(name, self.location)
            .add_operands(operands)
            .add_results(results)
            .add_attributes(&attributes)
            .add_regions_vec(regions)
            .build()
            .expect("an operation whose result types are given is always built");
        let operation = self.block.append_operation(operation);
        operation
            .results()
            .map(|result| forget_block(result.into()))
            .collect()
    }

    fn value(
        &self,
        name: &str,
        operands: &[Val<'c>],
        result: Type<'c>,
        attributes: &[(&str, Attribute<'c>)],
    ) -> Val<'c> {
        self.op(name, operands, &[result], attributes, Vec::new())[0]
    }

    /// Writes a nested block; `body` returns its terminator's name and operands.
    fn region(
        &self,
        arguments: &[Type<'c>],
        body: impl FnOnce(&Self) -> (&'static str, Vec<Val<'c>>),
    ) -> Region<'c> {
        let arguments: Vec<_> = arguments
            .iter()
            .map(|&argument| (argument, self.location))
            .collect();
        let region = Region::new();
        let block = region.append_block(Block::new(&arguments));
        // SAFETY: the region goes into the function, which the emitter outlives not.
        let block = unsafe { BlockRef::from_raw(block.to_raw()) };
        let nested = Self { block, ..*self };
        let (terminator, operands) = body(&nested);
        nested.op(terminator, &operands, &[], &[], Vec::new());
        region
    }

    /// `scf.if` with results.
    pub(super) fn if_else(
        &self,
        condition: Val<'c>,
        results: &[Type<'c>],
        then: impl FnOnce(&Self) -> Vec<Val<'c>>,
        otherwise: impl FnOnce(&Self) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let then = self.region(&[], |e| ("scf.yield", then(e)));
        let otherwise = self.region(&[], |e| ("scf.yield", otherwise(e)));
        self.op("scf.if", &[condition], results, &[], vec![then, otherwise])
    }

    /// `scf.if` without results.
    pub(super) fn either(
        &self,
        condition: Val<'c>,
        then: impl FnOnce(&Self),
        otherwise: impl FnOnce(&Self),
    ) {
        let then = |e: &Self| {
            then(e);
            Vec::new()
        };
        let otherwise = |e: &Self| {
            otherwise(e);
            Vec::new()
        };
        self.if_else(condition, &[], then, otherwise);
    }

    /// `scf.if` without results and without an else.
    pub(super) fn when(&self, condition: Val<'c>, then: impl FnOnce(&Self)) {
        self.either(condition, then, |_| ());
    }

    /// `scf.while`: `before` gets the carried values, and returns whether to go on and what to hand to `after` and, at the
    /// end, to the caller; `after` returns the next carried values.
    pub(super) fn while_loop(
        &self,
        initial: &[Val<'c>],
        before: impl FnOnce(&Self, &[Val<'c>]) -> (Val<'c>, Vec<Val<'c>>),
        after: impl FnOnce(&Self, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let carried: Vec<_> = initial.iter().map(|value| value.r#type()).collect();
        let mut handed = Vec::new();
        let before = self.region(&carried, |e| {
            let arguments: Vec<_> = (0..carried.len()).map(|index| e.argument(index)).collect();
            let (condition, values) = before(e, &arguments);
            handed = values.iter().map(|value| value.r#type()).collect();
            ("scf.condition", [vec![condition], values].concat())
        });
        let after = self.region(&handed, |e| {
            let arguments: Vec<_> = (0..handed.len()).map(|index| e.argument(index)).collect();
            ("scf.yield", after(e, &arguments))
        });
        self.op("scf.while", initial, &handed, &[], vec![before, after])
    }

    /// Loops over `from, from + step, …` below `to`; returns the first index that was not worked on.
    pub(super) fn stride(
        &self,
        [from, to, step]: [Val<'c>; 3],
        body: impl FnOnce(&Self, Val<'c>),
    ) -> Val<'c> {
        let results = self.while_loop(
            &[from],
            |e, carried| (e.cmp(Cmp::Ult, carried[0], to), carried.to_vec()),
            |e, carried| {
                body(e, carried[0]);
                vec![e.add(carried[0], step)]
            },
        );
        results[0]
    }

    /// Returns an element of a vector.
    pub(super) fn extract(&self, vector: Val<'c>, index: i64, element: Type<'c>) -> Val<'c> {
        let position = DenseI64ArrayAttribute::new(self.context, &[index]);
        self.value(
            "vector.extract",
            &[vector],
            element,
            &[("static_position", position.into())],
        )
    }

    /// Writes PTX as it stands: `{$w0}` are the results, `{$r0}` the operands. It is never moved, merged or dropped, and
    /// no memory access is moved across it.
    pub(super) fn ptx(
        &self,
        code: &str,
        operands: &[Val<'c>],
        results: &[Type<'c>],
    ) -> Vec<Val<'c>> {
        let code = StringAttribute::new(self.context, code);
        let segments = DenseI32ArrayAttribute::new(self.context, &[operands.len() as i32, 0, 0]);
        let attributes = [
            ("ptxCode", code.into()),
            ("operandSegmentSizes", segments.into()),
        ];
        self.op(
            "nvvm.inline_ptx",
            operands,
            results,
            &attributes,
            Vec::new(),
        )
    }

    /// Returns an integer of 32 or 64 bits unchanged, but so that LLVM knows nothing of it: what is computed from it is
    /// computed in place, and does not fill registers as one more invariant or induction variable of a loop.
    pub(super) fn opaque(&self, value: Val<'c>) -> Val<'c> {
        let r#type = value.r#type();
        let code = if r#type == self.int(32) {
            "mov.b32 {$w0}, {$r0};"
        } else {
            "mov.b64 {$w0}, {$r0};"
        };
        self.ptx(code, &[value], &[r#type])[0]
    }

    /// Reads a special register such as `tid.x`.
    pub(super) fn register(&self, name: &str, bits: u32) -> Val<'c> {
        self.value(
            &format!("nvvm.read.ptx.sreg.{name}"),
            &[],
            self.int(bits),
            &[],
        )
    }

    /// Waits for every thread of the block.
    pub(super) fn block_barrier(&self) {
        self.op("nvvm.barrier0", &[], &[], &[], Vec::new());
    }

    /// Waits for every thread of the block and returns whether a condition holds for all of them.
    pub(super) fn block_all(&self, condition: Val<'c>) -> Val<'c> {
        let and = Attribute::parse(self.context, "#nvvm.reduction<and>")
            .expect("an attribute of the NVVM dialect");
        let segments = DenseI32ArrayAttribute::new(self.context, &[0, 0, 1]);
        let attributes = [
            ("reductionOp", and),
            ("operandSegmentSizes", segments.into()),
        ];
        let result = self.value(
            "nvvm.barrier",
            &[self.zext(condition, 32)],
            self.int(32),
            &attributes,
        );
        self.cmp(Cmp::Ne, result, self.i32(0))
    }
}
