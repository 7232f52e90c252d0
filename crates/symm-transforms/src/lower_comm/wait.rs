// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! ```text
//! %r = symm_mem.…
//! %y = c10d.wait_tensor %r   →  %y = %r
//! ```
//! where `%r` is a tensor and its collective returns when the result is there.

use melior::ir::{OperationRef, operation::OperationLike};
use symm_ir::{
    dialect::{Collective, c10d::WaitTensorOperation},
    pass::PassRun,
    pattern::{Pattern, PatternResult, no_match},
    rewriter::Rewriter,
    value,
};

/// The pattern.
pub struct Wait<'p, 'c, 'a> {
    /// The run of the pass.
    pub pass: &'p PassRun<'c, 'a>,
}

impl<'c> Pattern<'c> for Wait<'_, 'c, '_> {
    fn root(&self) -> &'static str {
        WaitTensorOperation::name()
    }

    fn match_and_rewrite<'a>(
        &self,
        op: OperationRef<'c, 'a>,
        rewriter: &Rewriter<'c, 'a>,
    ) -> PatternResult {
        if op.result_count() == 0 {
            return no_match(op, "it waits for a buffer");
        }
        let waited = op.operand(0)?;
        let Some(collective) = value::defining_op(waited).and_then(Collective::of) else {
            return no_match(op, "it does not wait for a collective that is seen");
        };
        if collective.is_async() {
            return no_match(op, "the collective returns before its result is there");
        }
        rewriter.replace(op, &[waited]);
        self.pass.count("waits", 1);
        Ok(true)
    }
}
