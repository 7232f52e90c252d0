// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Why a buffer cannot be moved to another memory space.

use melior::ir::{Attribute, OperationRef, operation::OperationLike};
use std::fmt;
use symm_ir::{dialect::symm_mem_group, text};

/// Why a class of memrefs must stay in the memory space that it is in.
#[derive(Clone, Copy)]
pub struct Pin<'c, 'a> {
    /// What holds it there.
    pub kind: PinKind,
    /// The op that does.
    pub op: OperationRef<'c, 'a>,
}

/// What holds a class of memrefs in its memory space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// It is an argument of a function whose type others rely on.
    Argument,
    /// It is a result of such a function, called here.
    CallResult,
    /// It is a result of such a function, returned here.
    Result,
    /// It is a global.
    Global,
    /// It is on the stack.
    Stack,
    /// Its descriptor is stored in memory.
    Stored,
    /// It is made or handed on by an op of which nothing is known.
    Made,
    /// It goes into an op of which nothing is known.
    Taken,
    /// Ranks may choose another one each.
    Branch,
}

impl fmt::Display for Pin<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = self.op;
        match self.kind {
            PinKind::Argument => write!(formatter, "the buffer is an argument of {}", Func(op)),
            PinKind::Result => write!(formatter, "the buffer is a result of {}", Func(op)),
            PinKind::CallResult => {
                write!(
                    formatter,
                    "the buffer is a result of a call to @{}",
                    symbol(op, "callee")
                )
            }
            PinKind::Global => write!(formatter, "the buffer is global @{}", symbol(op, "name")),
            PinKind::Stack => formatter.write_str("the buffer is on the stack"),
            PinKind::Stored => formatter.write_str("the buffer's descriptor is stored in memory"),
            PinKind::Made => write!(formatter, "the buffer comes from '{}'", name(op)),
            PinKind::Branch => write!(
                formatter,
                "the buffer comes out of '{}', which ranks may run differently",
                name(op)
            ),
            PinKind::Taken => write!(formatter, "the buffer goes into '{}'", name(op)),
        }
    }
}

/// A function whose type cannot be changed, and why.
struct Func<'c, 'a>(OperationRef<'c, 'a>);

impl fmt::Display for Func<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = text::symbol_name(self.0).unwrap_or_default();
        if !is_private(self.0) {
            write!(formatter, "public function @{name}")
        } else if is_declaration(self.0) {
            write!(formatter, "external function @{name}")
        } else {
            write!(
                formatter,
                "function @{name}, which is used other than by calls"
            )
        }
    }
}

/// Says whether a symbol can be used from inside its symbol table only.
pub fn is_private(op: OperationRef<'_, '_>) -> bool {
    text::attribute(op, "sym_visibility").as_deref() == Some("private")
}

/// Says whether a function has no body.
pub fn is_declaration(op: OperationRef<'_, '_>) -> bool {
    op.first_region()
        .is_none_or(|region| melior::ir::RegionLike::first_block(&region).is_none())
}

/// Returns the name that a symbol reference of an op refers to.
pub fn symbol(op: OperationRef<'_, '_>, attribute: &str) -> String {
    text::attribute(op, attribute).unwrap_or_default()
}

/// Returns a memory space as users call it.
pub fn spell(space: Option<Attribute<'_>>) -> String {
    match space.map(|space| (space, symm_mem_group(space))) {
        None => "ordinary memory".into(),
        Some((_, Some(group))) => format!("symmetric memory of @{group}"),
        Some((space, None)) => format!("memory space {space}"),
    }
}

fn name(op: OperationRef<'_, '_>) -> String {
    op.name()
        .as_string_ref()
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
