// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions of the runtime, as generated code calls them: private functions
//! of the module, to which `--convert-comm-to-llvm` gives bodies that go through
//! the runtime's table.

use crate::builder::{Builder, first_result};
use melior::{
    dialect::llvm,
    ir::{OperationRef, Type, Value},
};
use std::mem::offset_of;
use symm_abi::RuntimeTable;

/// The type of an argument or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// An address.
    Pointer,
}

/// A function of the runtime.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name in the module.
    pub name: &'static str,
    /// Its arguments.
    pub inputs: &'static [Kind],
    /// Its result.
    pub result: Option<Kind>,
    /// Where its address is in the table.
    pub offset: usize,
}

/// Every function that a module may call.
pub const FUNCTIONS: [Function; 7] = [GROUP, ALLOC, FREE, ENTER, LEAVE, WAIT, COLLECTIVE];

/// This rank's view of a group.
pub const GROUP: Function = Function {
    name: "symm_rt.group",
    inputs: &[Kind::I32],
    result: Some(Kind::Pointer),
    offset: offset_of!(RuntimeTable, group),
};

/// Allocates symmetric memory: group, bytes, alignment.
pub const ALLOC: Function = Function {
    name: "symm_rt.alloc",
    inputs: &[Kind::I32, Kind::I64, Kind::I64],
    result: Some(Kind::Pointer),
    offset: offset_of!(RuntimeTable, alloc),
};

/// Frees symmetric memory: group, address.
pub const FREE: Function = Function {
    name: "symm_rt.free",
    inputs: &[Kind::I32, Kind::Pointer],
    result: None,
    offset: offset_of!(RuntimeTable, free),
};

/// Begins a collective: group, op, bytes. Zero: go on.
pub const ENTER: Function = Function {
    name: "symm_rt.enter",
    inputs: &[Kind::I32, Kind::I32, Kind::I64],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, enter),
};

/// Ends a collective: group, op.
pub const LEAVE: Function = Function {
    name: "symm_rt.leave",
    inputs: &[Kind::I32, Kind::I32],
    result: None,
    offset: offset_of!(RuntimeTable, leave),
};

/// Waits for a peer within the time-out: group, peer, epoch, phase. Zero: it is there.
pub const WAIT: Function = Function {
    name: "symm_rt.wait",
    inputs: &[Kind::I32, Kind::I32, Kind::I32, Kind::I32],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, wait),
};

/// Runs a collective of the library: kind, group, op, reduction, element type,
/// root, address and count of the input, address and count of the output.
pub const COLLECTIVE: Function = Function {
    name: "symm_rt.collective",
    inputs: &[
        Kind::I32,
        Kind::I32,
        Kind::I32,
        Kind::I32,
        Kind::I32,
        Kind::I32,
        Kind::I64,
        Kind::I64,
        Kind::I64,
        Kind::I64,
    ],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, collective),
};

impl Kind {
    /// Returns the type.
    pub fn to_type<'c: 'a, 'a>(self, b: &Builder<'c, 'a>) -> Type<'c> {
        match self {
            Self::I32 => b.int_type(32),
            Self::I64 => b.int_type(64),
            Self::Pointer => llvm::r#type::pointer(b.context(), 0),
        }
    }
}

impl Function {
    /// Returns the types of the arguments and of the result.
    pub fn types<'c: 'a, 'a>(&self, b: &Builder<'c, 'a>) -> (Vec<Type<'c>>, Vec<Type<'c>>) {
        let inputs = self.inputs.iter().map(|kind| kind.to_type(b)).collect();
        (
            inputs,
            self.result.iter().map(|kind| kind.to_type(b)).collect(),
        )
    }

    /// Calls the function.
    pub fn call<'c: 'a, 'a>(
        &self,
        b: &Builder<'c, 'a>,
        operands: &[Value<'c, 'a>],
    ) -> OperationRef<'c, 'a> {
        b.call(self.name, operands, &self.types(b).1)
    }

    /// Calls the function and returns its result.
    ///
    /// # Panics
    ///
    /// Panics where it has none.
    pub fn call_value<'c: 'a, 'a>(
        &self,
        b: &Builder<'c, 'a>,
        operands: &[Value<'c, 'a>],
    ) -> Value<'c, 'a> {
        first_result(self.call(b, operands))
    }

    /// Declares the function.
    pub fn declare<'c: 'a, 'a>(&self, b: &Builder<'c, 'a>) {
        let (inputs, results) = self.types(b);
        b.declare(self.name, &inputs, &results);
    }
}

/// Declares the functions whose names are new.
pub fn declare<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    functions: &[Function],
    is_new: &mut dyn FnMut(&str) -> bool,
) {
    for function in functions.iter().filter(|function| is_new(function.name)) {
        function.declare(b);
    }
}
