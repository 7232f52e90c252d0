// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The instructions of a PTX module, wherever they stand: in lines of their own or several in one, behind labels, in scopes.

mod text;

use std::collections::HashMap;

use text::{Piece, Pieces};

/// A kernel's instructions in order, and where its labels are.
#[derive(Debug, Default)]
pub(super) struct Program<'p> {
    pub(super) instructions: Vec<Instruction<'p>>,
    /// Index of the instruction behind each label.
    labels: HashMap<&'p str, usize>,
    /// What could not be read: lines, from 1, and texts.
    pub(super) unread: Vec<(usize, &'p str)>,
}

/// An instruction.
#[derive(Debug)]
pub(super) struct Instruction<'p> {
    /// Number of its line, from 1.
    pub(super) line: usize,
    /// The predicate that it depends on, and whether on its negation.
    pub(super) guard: Option<(Register, bool)>,
    /// The opcode with all its modifiers, such as `ld.global.v2.b64`.
    pub(super) opcode: &'p str,
    /// What is written, in order; `None` is thrown away.
    pub(super) results: Vec<Option<Register>>,
    /// What is read, in order, but for the address.
    pub(super) sources: Vec<Operand<'p>>,
    /// The memory that is accessed.
    pub(super) address: Option<Address<'p>>,
}

/// A register, by its number; the same name in two scopes is two registers.
pub(super) type Register = u32;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand<'p> {
    Register(Register),
    Constant(u64),
    /// A label, a parameter or a special register.
    Name(&'p str),
}

/// An operand and a number of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'p> {
    pub(super) base: Operand<'p>,
    pub(super) offset: u64,
}

impl<'p> Instruction<'p> {
    /// Tells whether the opcode begins with a name, and has all of some modifiers.
    pub(super) fn is(&self, name: &str, modifiers: &[&str]) -> bool {
        self.name() == name && modifiers.iter().all(|modifier| self.has(modifier))
    }

    /// The opcode without modifiers.
    pub(super) fn name(&self) -> &'p str {
        self.opcode.split('.').next().unwrap_or_default()
    }

    /// Tells whether the opcode has a modifier.
    pub(super) fn has(&self, modifier: &str) -> bool {
        self.opcode.split('.').skip(1).any(|part| part == modifier)
    }

    /// Registers that are read, but for address and guard.
    pub(super) fn read(&self) -> impl Iterator<Item = Register> + '_ {
        self.sources.iter().filter_map(|source| match source {
            Operand::Register(register) => Some(*register),
            _ => None,
        })
    }
}

impl Program<'_> {
    /// Indices of the instructions that may follow one.
    pub(super) fn successors(&self, place: usize) -> impl Iterator<Item = usize> {
        let instruction = &self.instructions[place];
        let (jumps, ends) = match instruction.name() {
            "bra" => (self.target(instruction), true),
            "ret" | "exit" | "trap" => (None, true),
            _ => (None, false),
        };
        let falls = (!ends || instruction.guard.is_some()).then_some(place + 1);
        jumps.into_iter().chain(falls)
    }

    /// Indices of the instructions behind labels.
    pub(super) fn targets(&self) -> impl Iterator<Item = usize> {
        self.labels.values().copied()
    }

    /// Returns the index of the instruction that a jump goes to.
    pub(super) fn target(&self, jump: &Instruction) -> Option<usize> {
        match jump.sources.first() {
            Some(Operand::Name(label)) => self.labels.get(label).copied(),
            _ => None,
        }
    }
}

/// Reads a module.
pub(super) fn parse(ptx: &str) -> Program<'_> {
    let mut reader = Reader {
        program: Program::default(),
        scopes: vec![HashMap::new()],
        registers: 0,
    };
    for piece in Pieces::of(ptx) {
        reader.read(piece);
    }
    reader.program
}

struct Reader<'p> {
    program: Program<'p>,
    /// The registers of the scopes around, by name.
    scopes: Vec<HashMap<&'p str, Register>>,
    registers: Register,
}

impl<'p> Reader<'p> {
    fn read(&mut self, piece: Piece<'p>) {
        match piece {
            Piece::Open => self.scopes.push(HashMap::new()),
            Piece::Close if self.scopes.len() > 1 => _ = self.scopes.pop(),
            Piece::Close => self.program.unread.push((0, "}")),
            Piece::Label(label) => {
                let next = self.program.instructions.len();
                self.program.labels.insert(label, next);
            }
            Piece::Statement { line, text } => match text.strip_prefix('.') {
                Some(directive) => self.directive(line, text, directive),
                None => match self.instruction(line, text) {
                    Some(instruction) => self.program.instructions.push(instruction),
                    None => self.program.unread.push((line, text)),
                },
            },
        }
    }

    /// Notes the registers that a scope has for itself; those of the kernel, of which there are ranges, are made as they come.
    fn directive(&mut self, line: usize, text: &'p str, directive: &'p str) {
        let known = [
            "reg",
            "version",
            "target",
            "address_size",
            "visible",
            "maxntid",
        ];
        let name = directive
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        if !name.is_some_and(|name| known.contains(&name)) {
            self.program.unread.push((line, text));
        }
        let declared = text
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest);
        let declared = declared.trim_start().split_once(char::is_whitespace);
        if name != Some("reg") || text.contains('<') {
            return;
        }
        for name in declared.map_or("", |(_, names)| names).split(',') {
            let register = self.fresh();
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(name.trim(), register);
            }
        }
    }

    fn fresh(&mut self) -> Register {
        self.registers += 1;
        self.registers - 1
    }

    /// Returns the register of a name; one that no scope has declared is the kernel's.
    fn register(&mut self, name: &'p str) -> Register {
        if let Some(&register) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return register;
        }
        let register = self.fresh();
        if let Some(scope) = self.scopes.first_mut() {
            scope.insert(name, register);
        }
        register
    }

    fn instruction(&mut self, line: usize, text: &'p str) -> Option<Instruction<'p>> {
        let (guard, text) = match text.strip_prefix('@') {
            Some(guarded) => {
                let (guard, text) = guarded.split_once(char::is_whitespace)?;
                let name = guard.strip_prefix('!').unwrap_or(guard);
                (
                    Some((self.register(name), name != guard)),
                    text.trim_start(),
                )
            }
            None => (None, text),
        };
        let (opcode, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let mut operands = text::operands(rest)?;
        let mut address = None;
        if let Some(place) = operands.iter().position(|operand| operand.starts_with('[')) {
            address = Some(self.address(operands.remove(place))?);
        }
        let name = opcode.split('.').next().unwrap_or_default();
        let results = if operands.is_empty() || writes_nothing(name, opcode) {
            Vec::new()
        } else {
            self.results(operands.remove(0))?
        };
        let mut sources = Vec::new();
        for operand in operands {
            for part in text::parts(operand) {
                sources.push(self.operand(part)?);
            }
        }
        Some(Instruction {
            line,
            guard,
            opcode,
            results,
            sources,
            address,
        })
    }

    fn results(&mut self, operand: &'p str) -> Option<Vec<Option<Register>>> {
        text::parts(operand)
            .map(|part| match self.operand(part)? {
                Operand::Register(register) => Some(Some(register)),
                Operand::Name("_") => Some(None),
                _ => None,
            })
            .collect()
    }

    fn address(&mut self, operand: &'p str) -> Option<Address<'p>> {
        let inside = operand.strip_prefix('[')?.strip_suffix(']')?;
        let (base, offset) = match inside.split_once('+') {
            Some((base, offset)) => (base, text::constant(offset.trim())?),
            None => (inside, 0),
        };
        let base = self.operand(base.trim())?;
        Some(Address { base, offset })
    }

    fn operand(&mut self, text: &'p str) -> Option<Operand<'p>> {
        if let Some(constant) = text::constant(text) {
            return Some(Operand::Constant(constant));
        }
        let declared = self.scopes.iter().any(|scope| scope.contains_key(text));
        if declared || text::is_kernel_register(text) {
            return Some(Operand::Register(self.register(text)));
        }
        text::is_name(text).then_some(Operand::Name(text))
    }
}

/// Tells whether an instruction has no result.
fn writes_nothing(name: &str, opcode: &str) -> bool {
    match name {
        "st" | "red" | "bra" | "ret" | "exit" | "griddepcontrol" | "fence" | "membar" | "trap"
        | "brkpt" => true,
        "bar" | "barrier" => !opcode.contains(".red."),
        _ => false,
    }
}
