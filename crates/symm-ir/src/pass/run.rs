// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One run of a pass over one op.

use super::{OptionValues, PassDef, option::Source, statistics};
use crate::{
    context::context_of,
    remark::{self, Kind},
};
use melior::{Context, ir::OperationRef};
use std::cell::Cell;
use symm_sys::{SymmPassRef, symmPassAddStatistic, symmPassMarkAllAnalysesPreserved};

/// One run of a pass over one op.
pub struct PassRun<'c, 'a> {
    op: OperationRef<'c, 'a>,
    raw: SymmPassRef,
    def: &'static PassDef,
    counts: Vec<Cell<u64>>,
}

impl<'c, 'a> PassRun<'c, 'a> {
    pub(super) fn new(op: OperationRef<'c, 'a>, raw: SymmPassRef, def: &'static PassDef) -> Self {
        let counts = vec![Cell::new(0); def.statistics.len()];
        Self {
            op,
            raw,
            def,
            counts,
        }
    }

    /// Returns the op that the pass runs on.
    pub fn operation(&self) -> OperationRef<'c, 'a> {
        self.op
    }

    /// Returns the context.
    pub fn context(&self) -> &'c Context {
        context_of(&self.op)
    }

    /// Returns the values of the pass's options.
    pub fn options(&self) -> OptionValues<'_> {
        // SAFETY: the running pass was made from this declaration.
        unsafe { OptionValues::new(self.def.options, Source::Pass(self.raw)) }
    }

    /// Adds to a statistic of the pass.
    ///
    /// # Panics
    ///
    /// Panics where no statistic of that name is declared.
    pub fn count(&self, statistic: &str, amount: u64) {
        let index = self
            .def
            .statistics
            .iter()
            .position(|def| def.name == statistic)
            .unwrap_or_else(|| panic!("no statistic {statistic} is declared"));
        self.counts[index].set(self.counts[index].get() + amount);
    }

    /// Says that the pass changed nothing, so that no analysis has to be redone.
    pub fn preserve_all_analyses(&self) {
        // SAFETY: the pass is being run.
        unsafe { symmPassMarkAllAnalysesPreserved(self.raw) }
    }

    /// Gives what was counted to MLIR, to the report of the process and, as an
    /// analysis remark named `statistics`, to whoever listens.
    pub(super) fn publish_statistics(&self) {
        if self.counts.iter().all(|count| count.get() == 0) {
            return;
        }
        let mut summary = remark::on(self.op, Kind::Analysis, self.def.argument, "statistics");
        for (index, (def, count)) in self.def.statistics.iter().zip(&self.counts).enumerate() {
            // SAFETY: the index is that of a statistic of the running pass.
            unsafe { symmPassAddStatistic(self.raw, index as isize, count.get()) }
            statistics::add(self.def.argument, def, count.get());
            summary = summary.arg(def.name, count.get());
        }
        summary.emit();
    }
}
