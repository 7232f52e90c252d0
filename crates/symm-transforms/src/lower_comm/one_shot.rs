// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! %r = c10d.all_reduce<op> %x on @g : T
//!   →  %r = symm_mem.one_shot_all_reduce<op, protocol> %x on @g : T
//! c10d.all_reduce<op> ins(%x : M) outs(%o : N) on @g
//!   →  symm_mem.one_shot_all_reduce<op, protocol> ins(%x : M) outs(%o : N) on @g
//! ```
//! where the selection chooses one-shot: both sides give every rank the reduction of all
//! inputs in rank order, the right one before it returns.

use super::{
    NAME,
    choice::{Algorithm, Chosen, Selection},
    options::ONE_SHOT_THRESHOLD,
    replace,
};
use melior::ir::{OperationRef, ValueLike, operation::OperationLike};
use symm_ir::{
    dialect::{c10d::AllReduceOperation, symm_mem::OneShotAllReduceOperation},
    pass::PassRun,
    pattern::{Pattern, PatternResult, no_match},
    remark::{self, Kind},
    rewriter::Rewriter,
};

/// The pattern.
pub struct OneShot<'p, 'c, 'a> {
    /// The run of the pass.
    pub pass: &'p PassRun<'c, 'a>,
    /// Who chooses.
    pub selection: &'p Selection<'c, 'a>,
}

impl<'c> Pattern<'c> for OneShot<'_, 'c, '_> {
    fn root(&self) -> &'static str {
        AllReduceOperation::name()
    }

    fn match_and_rewrite<'a>(
        &self,
        op: OperationRef<'c, 'a>,
        rewriter: &Rewriter<'c, 'a>,
    ) -> PatternResult {
        let Chosen {
            view,
            collective,
            choice,
        } = match self.selection.chosen(op, Algorithm::OneShot) {
            Ok(chosen) => chosen,
            Err(reason) => return no_match(op, reason),
        };
        let options = self.selection.options(collective);
        choice
            .describe(
                remark::on(op, Kind::Passed, NAME, "one-shot"),
                collective,
                &options,
            )
            .because(format!(
                "{} bytes are within {ONE_SHOT_THRESHOLD}",
                choice.bytes
            ))
            .emit();
        let builder = OneShotAllReduceOperation::builder(self.pass.context(), op.location())
            .input(view.input()?)
            .group(view.group()?)
            .reduce_op(view.reduce_op()?)
            .protocol(options.protocol.to_attribute(self.pass.context()));
        let new = match collective.output_buffer() {
            Some(output) => builder.output(output).build(),
            None => builder.result(view.result()?.r#type()).build(),
        };
        replace::with(op, rewriter, new);
        self.pass.count("one-shot", 1);
        Ok(true)
    }
}
