// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! %r = c10d.all_reduce<op> %x on @g : T
//!   →  %r = symm_mem.two_shot_all_reduce_<op, protocol> %x on @g : T
//! c10d.all_reduce<op> ins(%x : M) outs(%o : N) on @g
//!   →  memref.copy %x, %o                              unless %x is %o
//!      symm_mem.two_shot_all_reduce_<op, protocol> inout(%o : N) on @g
//! ```
//! where the selection chooses two-shot. On tensors, what else reads `%x` still gets the old
//! contents: bufferization sees that the op overwrites its operand, and copies if it must.

use super::{
    NAME,
    choice::{Algorithm, Chosen, Selection},
    options::TWO_SHOT_THRESHOLD,
    replace,
};
use melior::{
    dialect::ods::memref,
    ir::{OperationRef, ValueLike, operation::OperationLike},
};
use symm_ir::{
    dialect::{c10d::AllReduceOperation, symm_mem::TwoShotAllReduceOperation},
    pass::PassRun,
    pattern::{Pattern, PatternResult, no_match},
    remark::{self, Kind},
    rewriter::Rewriter,
};

/// The pattern.
pub struct TwoShot<'p, 'c, 'a> {
    /// The run of the pass.
    pub pass: &'p PassRun<'c, 'a>,
    /// Who chooses.
    pub selection: &'p Selection<'c, 'a>,
}

impl<'c> Pattern<'c> for TwoShot<'_, 'c, '_> {
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
        } = match self.selection.chosen(op, Algorithm::TwoShot) {
            Ok(chosen) => chosen,
            Err(reason) => return no_match(op, reason),
        };
        let (context, options) = (self.pass.context(), self.selection.options(collective));
        choice
            .describe(
                remark::on(op, Kind::Passed, NAME, "two-shot"),
                collective,
                &options,
            )
            .because(format!(
                "{} bytes are within {TWO_SHOT_THRESHOLD}{}",
                choice.bytes,
                if choice.in_place {
                    ", and the output is the input"
                } else {
                    ""
                },
            ))
            .emit();
        let input = collective.input();
        let output = collective.output_buffer();
        if let Some(output) = output.filter(|output| *output != input) {
            rewriter.insert(memref::copy(context, input, output, op.location()));
        }
        let builder = TwoShotAllReduceOperation::builder(context, op.location())
            .input(output.unwrap_or(input))
            .group(view.group()?)
            .reduce_op(view.reduce_op()?)
            .protocol(options.protocol.to_attribute(context));
        let new = match output {
            Some(_) => builder.build(),
            None => builder.result(view.result()?.r#type()).build(),
        };
        replace::with(op, rewriter, new);
        self.pass.count("two-shot", 1);
        Ok(true)
    }
}
