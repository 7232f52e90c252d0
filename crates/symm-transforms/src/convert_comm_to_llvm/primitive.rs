// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The primitives of `comm`.

use super::{Conversion, view::View};
use crate::attributes;
use crate::{
    builder::{Builder, Compare, Field, Ordering, erase, first_result, memref_type},
    runtime,
};
use melior::ir::{
    OperationRef, Value, ValueLike, attribute::IntegerAttribute, operation::OperationLike,
};
use symm_ir::{
    diagnostics::Failure, dialect::symm_mem_group, memref::memory_space, pass::PassResult,
    value::replace_all_uses,
};

impl<'c: 'a, 'a> Conversion<'c, 'a> {
    pub(super) fn rank(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (b, view, _) = self.site(op)?;
        let rank = b.convert("arith.index_castui", view.rank(&b), b.index_type());
        replace(op, rank);
        Ok(())
    }

    pub(super) fn next_epoch(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (b, view, _) = self.site(op)?;
        let address = view.epoch(&b);
        let epoch = b.add(b.load_from(address, b.int_type(32)), b.i32(1));
        b.store_to(epoch, address);
        replace(op, epoch);
        Ok(())
    }

    pub(super) fn signal(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (b, view, _) = self.site(op)?;
        let peer = b.index_cast(op.operand(0)?, b.int_type(64));
        let word = view.word(&b, peer, view.wide_rank(&b));
        b.op(
            "llvm.store",
            &[op.operand(1)?, word],
            &[],
            &b.atomic(Ordering::Release),
        );
        erase(op);
        Ok(())
    }

    pub(super) fn wait(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let (b, view, group) = self.site(op)?;
        let phase = match op.attribute("phase") {
            Ok(phase) => IntegerAttribute::try_from(phase)?.signed_value(),
            Err(_) => 0,
        };
        let (peer, epoch) = (op.operand(0)?, op.operand(1)?);
        let ask = |b: &Builder<'c, 'a>| {
            let peer = b.index_cast(peer, b.int_type(32));
            let operands = [b.i32(i64::from(group)), peer, epoch, b.i32(phase)];
            let failed = runtime::WAIT.call_value(b, &operands);
            b.compare(Compare::Eq, failed, b.i32(0))
        };
        if self.spin_limit < 0 {
            replace(op, ask(&b));
            return Ok(());
        }
        let word = view.word(&b, view.wide_rank(&b), b.index_cast(peer, b.int_type(64)));
        self.spin(&b, word, epoch);
        let flag = b.int_type(1);
        let arrived = b.if_else(View::poll(&b, word, epoch), flag, |b| b.int(flag, 1), ask);
        replace(op, arrived);
        Ok(())
    }

    /// Builds some polls, until one succeeds.
    fn spin(&self, b: &Builder<'c, 'a>, word: Value<'c, 'a>, epoch: Value<'c, 'a>) {
        let (zero, one, limit) = (b.index(0), b.index(1), b.index(self.spin_limit));
        b.while_true(
            zero,
            |b, polls| {
                let more = b.compare(Compare::Ult, polls, limit);
                let flag = b.int_type(1);
                b.if_else(
                    more,
                    flag,
                    |b| b.binary("arith.xori", View::poll(b, word, epoch), b.int(flag, 1)),
                    |b| b.int(flag, 0),
                )
            },
            |b, polls| b.add(polls, one),
        );
    }

    /// A peer's buffer lies as far from the start of the peer's segment as this
    /// rank's lies from its own. Its address derives from the peer's segment, so
    /// nothing is assumed of what it may alias (law L5).
    pub(super) fn peer(&mut self, op: OperationRef<'c, 'a>) -> PassResult {
        let buffer = op.operand(0)?;
        let name = memory_space(buffer.r#type())
            .and_then(symm_mem_group)
            .unwrap_or_default();
        let group = self.group(op, &name)?.clone();
        let view = self.views.get(op, &group)?;
        let b = Builder::before(op);
        let wide = b.int_type(64);
        let r#type = memref_type(buffer);
        let descriptor = b.descriptor_of(buffer, r#type);
        let integer = |address| b.value("llvm.ptrtoint", &[address], wide, &[]);
        let own = integer(b.field(descriptor, Field::Aligned, None));
        let own_base = integer(view.base(&b, view.wide_rank(&b)));
        let base = view.base(&b, b.index_cast(op.operand(1)?, wide));
        let address = b.offset(base, b.sub(own, own_base));
        let descriptor = b.with_field(descriptor, Field::Allocated, None, address);
        let descriptor = b.with_field(descriptor, Field::Aligned, None, address);
        replace(op, b.unrealized(descriptor, r#type.into()));
        Ok(())
    }

    /// Returns where a primitive is built, the view of its group and the group's
    /// number.
    fn site(
        &mut self,
        op: OperationRef<'c, 'a>,
    ) -> Result<(Builder<'c, 'a>, View<'c, 'a>, u32), Failure> {
        let name = attributes::symbol(op, "group")?;
        let group = self.group(op, &name)?.clone();
        Ok((
            Builder::before(op),
            self.views.get(op, &group)?,
            group.index,
        ))
    }
}

/// Replaces an op with one result by a value.
pub(super) fn replace<'c: 'a, 'a>(op: OperationRef<'c, 'a>, value: Value<'c, 'a>) {
    replace_all_uses(first_result(op), value);
    erase(op);
}
