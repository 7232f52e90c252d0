// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which algorithm a collective gets, and why not another.

use super::{
    cost,
    operand::Operand,
    options::{ONE_SHOT_THRESHOLD, Options, TWO_SHOT_THRESHOLD},
    table::{Limits, Table},
};
use melior::ir::{Attribute, OperationRef, Value, ValueLike, operation::OperationLike};
use std::fmt;
use symm_ir::{
    cast::{Typed, cast},
    dialect::{Collective, Protocol, c10d::AllReduceOperation, symm_mem_group},
    memref::{is_memref, memory_space},
    remark::{self, Remark},
    symbol::SymbolCache,
    walk,
};

/// An algorithm of an all-reduce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Every rank reduces all inputs.
    OneShot,
    /// Every rank reduces its shard and hands it out.
    TwoShot,
}

/// The algorithm of a collective, with what it was chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The size of the operand.
    pub bytes: u64,
    /// How often the operand is copied, at most, to be where the algorithm needs it.
    pub copies: u64,
    /// Why it is copied; empty where it is not.
    pub cause: &'static str,
    /// Whether the operand is the output as well.
    pub in_place: bool,
}

impl Choice {
    /// Adds to a remark what was chosen by.
    pub fn describe<'c, 'a>(
        &self,
        mut remark: Remark<'c, 'a>,
        collective: Collective<'c, 'a>,
        options: &Options,
    ) -> Remark<'c, 'a> {
        if remark::enabled(collective.op()) {
            let threshold = match self.algorithm {
                Algorithm::OneShot => options.one_shot_bytes,
                Algorithm::TwoShot => options.two_shot_bytes,
            };
            remark = remark
                .arg("Group", format_args!("@{}", collective.group()))
                .arg("Bytes", self.bytes)
                .arg("Threshold", threshold)
                .arg("Protocol", options.protocol);
            if self.copies > 0 {
                remark = remark.arg("Copies", self.copies).arg("Copied", self.cause);
            }
        }
        remark
    }
}

/// The condition that a collective fails.
#[derive(Clone, Copy, Debug)]
pub enum Refusal<'c> {
    /// No op of `symm_mem` does the same.
    NoAlgorithm,
    /// The pass is told not to choose.
    AutoSelectOff,
    /// The group has no symmetric memory.
    PlainGroup,
    /// No kernel of the GPU does it.
    NoKernel,
    /// The size is not known.
    DynamicSize,
    /// The operand cannot be in symmetric memory of the group.
    MemorySpace(Attribute<'c>),
    /// The operand is not in symmetric memory, and placement is over.
    Placed,
    /// The operand is too large.
    Size { bytes: u64 },
    /// The copies that are needed take longer than the algorithm saves.
    CopyCost {
        algorithm: Algorithm,
        bytes: u64,
        copies: u64,
        cause: &'static str,
    },
}

impl Refusal<'_> {
    /// Returns the name of the condition.
    pub const fn predicate(&self) -> &'static str {
        match self {
            Self::NoAlgorithm => "algorithm",
            Self::AutoSelectOff => "auto-select",
            Self::PlainGroup => "symm-mem-group",
            Self::NoKernel => "kernel",
            Self::DynamicSize => "static-size",
            Self::MemorySpace(_) | Self::Placed => "memory-space",
            Self::Size { .. } => "size",
            Self::CopyCost { .. } => "copy-cost",
        }
    }
}

/// An all-reduce and what is chosen for it.
pub struct Chosen<'c, 'a> {
    /// The op, typed.
    pub view: Typed<'c, 'a, AllReduceOperation<'c>>,
    /// The op as a collective.
    pub collective: Collective<'c, 'a>,
    /// What is chosen.
    pub choice: Choice,
}

/// Chooses algorithms.
pub struct Selection<'c, 'a> {
    options: Options,
    table: Option<Table>,
    symbols: SymbolCache<'c, 'a>,
}

impl<'c: 'a, 'a> Selection<'c, 'a> {
    /// Creates a selection under the options of the pass.
    pub fn new(options: Options, table: Option<Table>) -> Self {
        Self {
            options,
            table,
            symbols: SymbolCache::new(),
        }
    }

    /// Returns the options for a collective, with the thresholds that the launch table
    /// says for it.
    pub fn options(&self, collective: Collective<'c, 'a>) -> Options {
        let mut options = self.options;
        if let Some(limits) = self.table_limits(collective).flatten() {
            if options.one_shot_as_table {
                options.one_shot_bytes = limits.one_shot;
            }
            if options.two_shot_as_table {
                options.two_shot_bytes = limits.two_shot;
            }
        }
        options
    }

    /// Returns what the launch table says for a collective, if there is one.
    fn table_limits(&self, collective: Collective<'c, 'a>) -> Option<Option<Limits>> {
        let table = self.table.as_ref()?;
        let group = self.symbols.lookup(collective.op(), &collective.group())?;
        Some(table.limits(collective, group))
    }

    /// Returns the choice for an all-reduce that is to become `algorithm`.
    ///
    /// # Errors
    ///
    /// Says why an op does not become that.
    pub fn chosen(
        &self,
        op: OperationRef<'c, 'a>,
        algorithm: Algorithm,
    ) -> Result<Chosen<'c, 'a>, &'static str> {
        let view = cast(op, AllReduceOperation::name()).ok_or("not an all-reduce")?;
        let collective = Collective::of(op).ok_or("not a collective")?;
        match self.choose(collective) {
            Ok(choice) if choice.algorithm == algorithm => Ok(Chosen {
                view,
                collective,
                choice,
            }),
            Ok(_) => Err("another algorithm is chosen"),
            Err(refusal) => Err(refusal.predicate()),
        }
    }

    /// Returns the algorithm that a collective gets.
    ///
    /// # Errors
    ///
    /// Returns the condition that fails where it stays as it is.
    pub fn choose(&self, collective: Collective<'c, 'a>) -> Result<Choice, Refusal<'c>> {
        let op = collective.op();
        if !walk::is(op, AllReduceOperation::name()) {
            return Err(Refusal::NoAlgorithm);
        }
        if !self.options.auto_select {
            return Err(Refusal::AutoSelectOff);
        }
        let group = collective.group();
        let declaration = self.symbols.lookup(op, &group).ok_or(Refusal::PlainGroup)?;
        if !declaration.has_attribute("symm_mem") {
            return Err(Refusal::PlainGroup);
        }
        let operand = Operand::of(collective);
        let bytes = operand.bytes().ok_or(Refusal::DynamicSize)?;
        if let Some(space) = operand.foreign_space() {
            return Err(Refusal::MemorySpace(space));
        }
        if matches!(self.table_limits(collective), Some(None)) {
            return Err(Refusal::NoKernel);
        }
        let placed = declaration
            .parent_operation()
            .is_some_and(|op| op.has_attribute("comm.placed"));
        self.by_size(
            self.options(collective),
            &operand,
            bytes,
            &Home { group, placed },
        )
    }

    fn by_size(
        &self,
        options: Options,
        operand: &Operand<'c, 'a>,
        bytes: u64,
        home: &Home,
    ) -> Result<Choice, Refusal<'c>> {
        let Options {
            one_shot_bytes,
            two_shot_bytes,
            protocol,
            ..
        } = options;
        let mut refusal = Refusal::Size { bytes };
        let in_place = operand.is_in_place();
        for (algorithm, limit) in [
            (Algorithm::OneShot, one_shot_bytes),
            (Algorithm::TwoShot, two_shot_bytes),
        ] {
            if bytes > limit || (algorithm == Algorithm::OneShot && in_place) {
                continue;
            }
            if protocol == Protocol::Pull
                && let Err(reason) = home.admits(operand.pulled(algorithm))
            {
                refusal = reason;
                continue;
            }
            let (copies, cause) = operand.copies(algorithm, protocol);
            if copies == 0 || cost::copies_ns(bytes, copies) < cost::saved_ns(algorithm, bytes) {
                return Ok(Choice {
                    algorithm,
                    bytes,
                    copies,
                    cause,
                    in_place,
                });
            }
            refusal = Refusal::CopyCost {
                algorithm,
                bytes,
                copies,
                cause,
            };
        }
        Err(refusal)
    }
}

/// Where an operand that peers read has to live.
struct Home {
    group: String,
    placed: bool,
}

impl Home {
    /// Fails where a buffer neither is in symmetric memory of the group nor can be
    /// placed there.
    fn admits<'c: 'a, 'a>(&self, value: Value<'c, 'a>) -> Result<(), Refusal<'c>> {
        match memory_space(value.r#type()) {
            Some(space) if symm_mem_group(space).as_ref() == Some(&self.group) => Ok(()),
            Some(space) => Err(Refusal::MemorySpace(space)),
            None if self.placed && is_memref(value.r#type()) => Err(Refusal::Placed),
            None => Ok(()),
        }
    }
}

/// A refusal, in words, under the options of the pass.
pub struct Explained<'r, 'c>(pub &'r Refusal<'c>, pub &'r Options);

impl fmt::Display for Explained<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options {
            one_shot_bytes,
            two_shot_bytes,
            ..
        } = self.1;
        match self.0 {
            Refusal::NoAlgorithm => formatter.write_str("no op of symm_mem does the same"),
            Refusal::AutoSelectOff => formatter.write_str("auto-select is off"),
            Refusal::PlainGroup => {
                formatter.write_str("the group has no symmetric memory; declare it with {symm_mem}")
            }
            Refusal::NoKernel => {
                formatter.write_str("no kernel does this reduction in a group of this size")
            }
            Refusal::DynamicSize => formatter.write_str("the size is not known at compile time"),
            Refusal::MemorySpace(space) => {
                write!(
                    formatter,
                    "a buffer is in memory space {space}, which its peers cannot use"
                )
            }
            Refusal::Placed => formatter.write_str(
                "the buffer is in ordinary memory, and symmetric buffers have been placed",
            ),
            Refusal::Size { bytes } => write!(
                formatter,
                "{bytes} bytes exceed {ONE_SHOT_THRESHOLD}={one_shot_bytes} and \
                 {TWO_SHOT_THRESHOLD}={two_shot_bytes}"
            ),
            Refusal::CopyCost {
                algorithm,
                bytes,
                copies,
                cause,
            } => write!(
                formatter,
                "{copies} copies of {bytes} bytes ({cause}) take {} ns, and {} ns are saved",
                cost::copies_ns(*bytes, *copies),
                cost::saved_ns(*algorithm, *bytes),
            ),
        }
    }
}
