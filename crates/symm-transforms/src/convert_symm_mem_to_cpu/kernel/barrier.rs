// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The barrier: every rank tells every rank that it has reached an epoch, then
//! waits to be told the same by all.

use super::Kernels;
use crate::{builder::Builder, group::Group};
use melior::ir::Value;

/// Returns the name of the group's barrier for a phase; generates it where it is
/// new. It returns whether every rank arrived.
pub(super) fn get<'c: 'a, 'a>(
    kernels: &Kernels<'c, 'a>,
    b: &Builder<'c, 'a>,
    group: &Group,
    phase: usize,
) -> String {
    let name = format!("symm.arrive.{}.{phase}", group.name);
    if kernels.is_new(&name) {
        b.function(&name, &[], &[b.int_type(1)], |b, _| {
            let arrived = build(b, group, phase);
            b.op("func.return", &[arrived], &[], &[]);
        });
    }
    name
}

/// A wait that fails ends the waiting: the others would only fail as well.
fn build<'c: 'a, 'a>(b: &Builder<'c, 'a>, group: &Group, phase: usize) -> Value<'c, 'a> {
    let symbol = ("group", b.symbol(&group.name));
    let epoch = b.value("comm.next_epoch", &[], b.int_type(32), &[symbol]);
    let members = || [b.index(0), b.index(group.size), b.index(1)];
    b.for_each(members(), |b, peer| {
        b.op("comm.signal", &[peer, epoch], &[], &[symbol]);
    });
    let flag = b.int_type(1);
    b.fold(members(), b.int(flag, 1), |b, peer, arrived| {
        let phase = ("phase", b.int_attr(32, phase as i64));
        b.if_else(
            arrived,
            flag,
            |b| b.value("comm.wait", &[peer, epoch], flag, &[symbol, phase]),
            |_| arrived,
        )
    })
}
