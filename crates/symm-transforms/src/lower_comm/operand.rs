// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What an all-reduce reads and writes.

use super::{choice::Algorithm, staging};
use melior::ir::{
    Attribute, ShapedTypeLike, Type, Value, ValueLike,
    r#type::{MemRefType, RankedTensorType},
};
use symm_ir::{
    dialect::{Collective, Protocol, symm_mem_group},
    memref::{bytes, is_static, memory_space},
};

/// What an all-reduce reads and writes; on tensors the result counts as output.
pub struct Operand<'c, 'a> {
    input: Value<'c, 'a>,
    output: Value<'c, 'a>,
    on_memrefs: bool,
}

impl<'c: 'a, 'a> Operand<'c, 'a> {
    /// Returns those of a collective.
    pub fn of(collective: Collective<'c, 'a>) -> Self {
        let input = collective.input();
        let buffer = collective.output_buffer();
        let output = buffer.or_else(|| Some(collective.op().result(0).ok()?.into()));
        Self {
            input,
            output: output.unwrap_or(input),
            on_memrefs: buffer.is_some(),
        }
    }

    /// Returns the bytes, known where both types say it: kernels take both shapes
    /// from there.
    pub fn bytes(&self) -> Option<u64> {
        let (input, output) = (self.input.r#type(), self.output.r#type());
        (is_static(input) && is_static(output)).then(|| bytes(input).unwrap_or(u64::MAX))
    }

    /// Returns the type of the elements.
    pub fn element(&self) -> Option<Type<'c>> {
        let r#type = self.input.r#type();
        match RankedTensorType::try_from(r#type) {
            Ok(tensor) => Some(tensor.element()),
            Err(_) => Some(MemRefType::try_from(r#type).ok()?.element()),
        }
    }

    /// Says whether the input is the output.
    pub fn is_in_place(&self) -> bool {
        self.input == self.output
    }

    /// Returns the value that peers read where they pull. Two-shot works in place,
    /// which on memrefs is the output.
    pub fn pulled(&self, algorithm: Algorithm) -> Value<'c, 'a> {
        match algorithm {
            Algorithm::TwoShot if self.on_memrefs => self.output,
            _ => self.input,
        }
    }

    /// Returns a memory space that is neither ordinary nor symmetric memory.
    pub fn foreign_space(&self) -> Option<Attribute<'c>> {
        [self.input, self.output]
            .into_iter()
            .filter_map(|value| memory_space(value.r#type()))
            .find(|space| symm_mem_group(*space).is_none())
    }

    /// Returns how often the data is copied, at most, and why: through a staging
    /// buffer two-shot goes in and out, and on memrefs the output gets the input
    /// first.
    pub fn copies(&self, algorithm: Algorithm, protocol: Protocol) -> (u64, &'static str) {
        let staged = match protocol {
            Protocol::Pull => staging::cause(self.pulled(algorithm)),
            Protocol::Push => None,
        };
        let two_shot = algorithm == Algorithm::TwoShot;
        let moved = two_shot && self.on_memrefs && !self.is_in_place();
        match staged {
            Some(cause) => (u64::from(moved) + if two_shot { 2 } else { 1 }, cause),
            None if moved => (1, "two-shot works in place"),
            None => (0, ""),
        }
    }
}
