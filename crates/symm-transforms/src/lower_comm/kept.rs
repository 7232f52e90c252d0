// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Why collectives stay as they are.

use super::{
    NAME,
    choice::{Explained, Refusal, Selection},
    options::{ONE_SHOT_THRESHOLD, TWO_SHOT_THRESHOLD},
};
use std::ops::ControlFlow;
use symm_ir::{
    dialect::Collective,
    pass::PassRun,
    remark::{self, Kind},
    walk,
};

/// Says for each collective that is still to be waited for why it is.
pub fn explain<'c: 'a, 'a>(pass: &PassRun<'c, 'a>, selection: &Selection<'c, 'a>) {
    let _ = walk::pre_order(pass.operation(), &mut |op| {
        if let Some(collective) = Collective::of(op).filter(|collective| collective.is_async())
            && let Err(refusal) = selection.choose(collective)
        {
            emit(collective, &refusal, selection);
            pass.count("kept", 1);
        }
        ControlFlow::<()>::Continue(())
    });
}

fn emit<'c: 'a, 'a>(
    collective: Collective<'c, 'a>,
    refusal: &Refusal<'c>,
    selection: &Selection<'c, 'a>,
) {
    let op = collective.op();
    if !remark::enabled(op) {
        return;
    }
    let options = selection.options(collective);
    let mut remark = remark::on(op, Kind::Missed, NAME, "kept")
        .arg("Predicate", refusal.predicate())
        .arg("Group", format_args!("@{}", collective.group()));
    if let Refusal::Size { bytes } | Refusal::CopyCost { bytes, .. } = refusal {
        remark = remark
            .arg("Bytes", bytes)
            .arg(ONE_SHOT_THRESHOLD, options.one_shot_bytes)
            .arg(TWO_SHOT_THRESHOLD, options.two_shot_bytes);
    }
    remark.because(Explained(refusal, &options)).emit();
}
