// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The functions of the runtime, as generated code calls them: private functions
//! of the module, to which `--convert-comm-to-llvm` gives bodies that go through
//! the runtime's table.

use crate::builder::{Builder, first_result};
use melior::{
    dialect::llvm,
    ir::{BlockRef, OperationRef, Type, Value},
};
use std::mem::{offset_of, size_of};
use symm_abi::{AllReduceCall, CollectiveCall, MatmulCall, RuntimeTable};
use symm_ir::{text, walk};

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
    /// The structure whose address the table's function takes instead of the
    /// arguments.
    pub structure: Option<Structure>,
}

/// A structure that arguments are put into.
#[derive(Clone, Copy, Debug)]
pub struct Structure {
    /// Its size in bytes.
    pub size: usize,
    /// Where each argument is.
    pub offsets: &'static [usize],
}

/// Every function that a module may call.
pub const FUNCTIONS: [Function; 12] = [
    GROUP, ALLOC, FREE, ENTER, LEAVE, WAIT, COLLECTIVE, LAUNCH, MATMUL, COPY, ALL_REDUCE, CONSTANT,
];

/// This rank's view of a group.
pub const GROUP: Function = Function {
    name: "symm_rt.group",
    inputs: &[Kind::I32],
    result: Some(Kind::Pointer),
    offset: offset_of!(RuntimeTable, group),
    structure: None,
};

/// Allocates symmetric memory: group, bytes, alignment.
pub const ALLOC: Function = Function {
    name: "symm_rt.alloc",
    inputs: &[Kind::I32, Kind::I64, Kind::I64],
    result: Some(Kind::Pointer),
    offset: offset_of!(RuntimeTable, alloc),
    structure: None,
};

/// Frees symmetric memory: group, address.
pub const FREE: Function = Function {
    name: "symm_rt.free",
    inputs: &[Kind::I32, Kind::Pointer],
    result: None,
    offset: offset_of!(RuntimeTable, free),
    structure: None,
};

/// Begins a collective: group, op, bytes, address of the buffer that peers access
/// or zero. Zero: go on.
pub const ENTER: Function = Function {
    name: "symm_rt.enter",
    inputs: &[Kind::I32, Kind::I32, Kind::I64, Kind::I64],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, enter),
    structure: None,
};

/// Ends a collective: group, op.
pub const LEAVE: Function = Function {
    name: "symm_rt.leave",
    inputs: &[Kind::I32, Kind::I32],
    result: None,
    offset: offset_of!(RuntimeTable, leave),
    structure: None,
};

/// Waits for a peer within the time-out: group, peer, epoch, phase. Zero: it is there.
pub const WAIT: Function = Function {
    name: "symm_rt.wait",
    inputs: &[Kind::I32, Kind::I32, Kind::I32, Kind::I32],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, wait),
    structure: None,
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
    structure: Some(Structure {
        size: size_of::<CollectiveCall>(),
        offsets: &[
            offset_of!(CollectiveCall, kind),
            offset_of!(CollectiveCall, group),
            offset_of!(CollectiveCall, op_id),
            offset_of!(CollectiveCall, reduce_op),
            offset_of!(CollectiveCall, dtype),
            offset_of!(CollectiveCall, root),
            offset_of!(CollectiveCall, input),
            offset_of!(CollectiveCall, input_count),
            offset_of!(CollectiveCall, output),
            offset_of!(CollectiveCall, output_count),
        ],
    }),
};

/// CUDA: launches a kernel: address of the call.
pub const LAUNCH: Function = Function {
    name: "symm_rt.launch",
    inputs: &[Kind::Pointer],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, launch),
    structure: None,
};

/// CUDA: runs a matrix product: its number, zero, addresses of left, right and
/// result.
pub const MATMUL: Function = Function {
    name: "symm_rt.matmul",
    inputs: &[Kind::I32, Kind::I32, Kind::I64, Kind::I64, Kind::I64],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, matmul),
    structure: Some(Structure {
        size: size_of::<MatmulCall>(),
        offsets: &[
            offset_of!(MatmulCall, matmul),
            offset_of!(MatmulCall, reserved),
            offset_of!(MatmulCall, a),
            offset_of!(MatmulCall, b),
            offset_of!(MatmulCall, c),
        ],
    }),
};

/// CUDA: copies between two buffers: addresses of target and source, bytes.
pub const COPY: Function = Function {
    name: "symm_rt.copy",
    inputs: &[Kind::I64, Kind::I64, Kind::I64],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, copy),
    structure: None,
};

/// CUDA: the address of a constant: its number.
pub const CONSTANT: Function = Function {
    name: "symm_rt.constant",
    inputs: &[Kind::I32],
    result: Some(Kind::Pointer),
    offset: offset_of!(RuntimeTable, constant),
    structure: None,
};

/// CUDA: runs an all-reduce: its number, zero, addresses of input and output,
/// elements.
pub const ALL_REDUCE: Function = Function {
    name: "symm_rt.all_reduce",
    inputs: &[Kind::I32, Kind::I32, Kind::I64, Kind::I64, Kind::I64],
    result: Some(Kind::I32),
    offset: offset_of!(RuntimeTable, all_reduce),
    structure: Some(Structure {
        size: size_of::<AllReduceCall>(),
        offsets: &[
            offset_of!(AllReduceCall, all_reduce),
            offset_of!(AllReduceCall, reserved),
            offset_of!(AllReduceCall, input),
            offset_of!(AllReduceCall, output),
            offset_of!(AllReduceCall, count),
        ],
    }),
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

/// Returns the names of the functions that a module's body has already.
pub fn declared<'c: 'a, 'a>(body: BlockRef<'c, 'a>) -> Vec<String> {
    walk::operations(body)
        .filter_map(text::symbol_name)
        .collect()
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
