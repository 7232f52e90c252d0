// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! This rank's view of a group: asked for once per function, for the runtime
//! returns the same address every time.

use crate::{
    builder::{Builder, Compare, Ordering},
    group::Group,
    runtime,
};
use melior::ir::{OperationRef, RegionLike, Type, Value, operation::OperationLike};
use std::{collections::HashMap, mem::offset_of};
use symm_abi::GroupView;
use symm_ir::{context::context_of, diagnostics::Failure, walk};

/// The views that functions have.
#[derive(Default)]
pub(super) struct Views<'c, 'a>(HashMap<(usize, u32), Value<'c, 'a>>);

/// The view of one group in one function.
#[derive(Clone, Copy)]
pub(super) struct View<'c, 'a>(pub(super) Value<'c, 'a>);

impl<'c: 'a, 'a> Views<'c, 'a> {
    /// Returns the view of a group at an op.
    pub(super) fn get(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
    ) -> Result<View<'c, 'a>, Failure> {
        let function = walk::parent_named(op, "func.func")
            .ok_or_else(|| "expected a primitive of comm in a function".to_owned())?;
        let key = (function.to_raw().ptr as usize, group.index);
        if let Some(view) = self.0.get(&key) {
            return Ok(View(*view));
        }
        let entry = function
            .region(0)?
            .first_block()
            .ok_or("empty function".to_owned())?;
        let b = Builder::at_start(context_of(&op), function.location(), entry);
        let view = runtime::GROUP.call_value(&b, &[b.i32(i64::from(group.index))]);
        self.0.insert(key, view);
        Ok(View(view))
    }
}

impl<'c: 'a, 'a> View<'c, 'a> {
    /// Builds this rank's number in the group.
    pub(super) fn rank(self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        self.load(b, offset_of!(GroupView, rank), b.int_type(32))
    }

    /// Builds the address of the epoch.
    pub(super) fn epoch(self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        b.offset_by(self.0, offset_of!(GroupView, epoch))
    }

    /// Builds the address of a member's segment; the number of the member has 64
    /// bits.
    pub(super) fn base(self, b: &Builder<'c, 'a>, member: Value<'c, 'a>) -> Value<'c, 'a> {
        let pointer = b.pointer_type();
        let bases = self.load(b, offset_of!(GroupView, bases), pointer);
        let place = b.mul(member, b.int(b.int_type(64), 8));
        b.load_from(b.offset(bases, place), pointer)
    }

    /// Builds this rank's number in 64 bits.
    pub(super) fn wide_rank(self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        b.convert("arith.extui", self.rank(b), b.int_type(64))
    }

    /// Builds the address of the signal word in the segment of `owner` that
    /// `writer` writes.
    pub(super) fn word(
        self,
        b: &Builder<'c, 'a>,
        owner: Value<'c, 'a>,
        writer: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let wide = b.int_type(64);
        let pad = self.load(b, offset_of!(GroupView, pad_offset), wide);
        let stride = self.load(b, offset_of!(GroupView, pad_stride), wide);
        let place = b.add(pad, b.mul(writer, stride));
        b.offset(self.base(b, owner), place)
    }

    /// Builds one poll: whether the word has reached an epoch, wrap-safe.
    pub(super) fn poll(
        b: &Builder<'c, 'a>,
        word: Value<'c, 'a>,
        epoch: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        let acquire = b.atomic(Ordering::Acquire);
        let seen = b.value("llvm.load", &[word], b.int_type(32), &acquire);
        b.compare(Compare::Sge, b.sub(seen, epoch), b.i32(0))
    }

    fn load(self, b: &Builder<'c, 'a>, offset: usize, r#type: Type<'c>) -> Value<'c, 'a> {
        b.load_from(b.offset_by(self.0, offset), r#type)
    }
}
