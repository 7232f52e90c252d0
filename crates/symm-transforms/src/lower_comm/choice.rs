// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which algorithm a collective gets, and why not another.

use super::{
    cost,
    options::{ONE_SHOT_THRESHOLD, Options, TWO_SHOT_THRESHOLD},
    staging,
};
use melior::ir::{Attribute, Value, ValueLike, operation::OperationLike};
use std::fmt;
use symm_ir::{
    dialect::{Collective, Protocol, c10d::AllReduceOperation, symm_mem_group},
    memref::{bytes, is_static, memory_space},
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
    /// The size is not known.
    DynamicSize,
    /// The operand cannot be in symmetric memory of the group.
    MemorySpace(Attribute<'c>),
    /// The operand is too large.
    Size { bytes: u64 },
    /// The copies that are needed take longer than the algorithm saves.
    CopyCost { algorithm: Algorithm, bytes: u64, copies: u64, cause: &'static str },
}

impl Refusal<'_> {
    /// Returns the name of the condition.
    pub const fn predicate(&self) -> &'static str {
        match self {
            Self::NoAlgorithm => "algorithm",
            Self::AutoSelectOff => "auto-select",
            Self::PlainGroup => "symm-mem-group",
            Self::DynamicSize => "static-size",
            Self::MemorySpace(_) => "memory-space",
            Self::Size { .. } => "size",
            Self::CopyCost { .. } => "copy-cost",
        }
    }
}

/// Chooses algorithms.
pub struct Selection<'c, 'a> {
    options: Options,
    symbols: SymbolCache<'c, 'a>,
}

impl<'c: 'a, 'a> Selection<'c, 'a> {
    /// Creates a selection under the options of the pass.
    pub fn new(options: Options) -> Self {
        Self { options, symbols: SymbolCache::new() }
    }

    /// Returns the options.
    pub fn options(&self) -> &Options {
        &self.options
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
        let declaration = self.symbols.lookup(op, &group);
        if !declaration.is_some_and(|group| group.has_attribute("symm_mem")) {
            return Err(Refusal::PlainGroup);
        }
        let operand = Operand::of(collective);
        let size = operand.bytes().ok_or(Refusal::DynamicSize)?;
        self.check_space(operand.input, &group)?;
        self.check_space(operand.output, &group)?;
        self.by_size(&operand, size)
    }

    fn by_size(&self, operand: &Operand<'c, 'a>, bytes: u64) -> Result<Choice, Refusal<'c>> {
        let mut refusal = Refusal::Size { bytes };
        let in_place = operand.is_in_place();
        for (algorithm, limit) in [
            (Algorithm::OneShot, self.options.one_shot_bytes),
            (Algorithm::TwoShot, self.options.two_shot_bytes),
        ] {
            if bytes > limit || (algorithm == Algorithm::OneShot && in_place) {
                continue;
            }
            let (copies, cause) = operand.copies(algorithm, self.options.protocol);
            if copies == 0 || cost::copies_ns(bytes, copies) < cost::saved_ns(algorithm, bytes) {
                return Ok(Choice { algorithm, bytes, copies, cause, in_place });
            }
            refusal = Refusal::CopyCost { algorithm, bytes, copies, cause };
        }
        Err(refusal)
    }

    /// Symmetric memory of another group is ordinary memory to a push.
    fn check_space(&self, value: Value<'c, 'a>, group: &str) -> Result<(), Refusal<'c>> {
        let Some(space) = memory_space(value.r#type()) else { return Ok(()) };
        match symm_mem_group(space) {
            Some(_) if self.options.protocol == Protocol::Push => Ok(()),
            Some(own) if own == group => Ok(()),
            _ => Err(Refusal::MemorySpace(space)),
        }
    }
}

/// What an all-reduce reads and writes; on tensors the result counts as output.
struct Operand<'c, 'a> {
    input: Value<'c, 'a>,
    output: Value<'c, 'a>,
    on_memrefs: bool,
}

impl<'c: 'a, 'a> Operand<'c, 'a> {
    fn of(collective: Collective<'c, 'a>) -> Self {
        let input = collective.input();
        let buffer = collective.output_buffer();
        let output = buffer.or_else(|| Some(collective.op().result(0).ok()?.into()));
        Self { input, output: output.unwrap_or(input), on_memrefs: buffer.is_some() }
    }

    /// Known where both types say it: kernels take both shapes from there.
    fn bytes(&self) -> Option<u64> {
        let (input, output) = (self.input.r#type(), self.output.r#type());
        (is_static(input) && is_static(output)).then(|| bytes(input).unwrap_or(u64::MAX))
    }

    fn is_in_place(&self) -> bool {
        self.input == self.output
    }

    /// Returns how often the data is copied, at most, and why.
    fn copies(&self, algorithm: Algorithm, protocol: Protocol) -> (u64, &'static str) {
        let staged = |value| match protocol {
            Protocol::Pull => staging::cause(value),
            Protocol::Push => None,
        };
        // Two-shot works in place, which on memrefs is the output: it gets the
        // input first, and through a staging buffer it goes in and out.
        if algorithm == Algorithm::OneShot || !self.on_memrefs {
            return staged(self.input).map_or((0, ""), |cause| (1, cause));
        }
        let moved = u64::from(!self.is_in_place());
        match staged(self.output) {
            Some(cause) => (moved + 2, cause),
            None => (moved, if moved > 0 { "two-shot works in place" } else { "" }),
        }
    }
}

/// A refusal, in words, under the options of the pass.
pub struct Explained<'r, 'c>(pub &'r Refusal<'c>, pub &'r Options);

impl fmt::Display for Explained<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { one_shot_bytes, two_shot_bytes, .. } = self.1;
        match self.0 {
            Refusal::NoAlgorithm => formatter.write_str("no op of symm_mem does the same"),
            Refusal::AutoSelectOff => formatter.write_str("auto-select is off"),
            Refusal::PlainGroup => {
                formatter.write_str("the group has no symmetric memory; declare it with {symm_mem}")
            }
            Refusal::DynamicSize => formatter.write_str("the size is not known at compile time"),
            Refusal::MemorySpace(space) => {
                write!(formatter, "a buffer is in memory space {space}, which its peers cannot use")
            }
            Refusal::Size { bytes } => write!(
                formatter,
                "{bytes} bytes exceed {ONE_SHOT_THRESHOLD}={one_shot_bytes} and \
                 {TWO_SHOT_THRESHOLD}={two_shot_bytes}"
            ),
            Refusal::CopyCost { algorithm, bytes, copies, cause } => write!(
                formatter,
                "{copies} copies of {bytes} bytes ({cause}) take {} ns, and {} ns are saved",
                cost::copies_ns(*bytes, *copies),
                cost::saved_ns(*algorithm, *bytes),
            ),
        }
    }
}
