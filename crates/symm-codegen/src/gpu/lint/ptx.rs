// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The instructions of a PTX module, as far as the lint reads them.

/// An instruction.
#[derive(Debug)]
pub(super) struct Instruction<'p> {
    /// Number of its line, from 1.
    pub(super) line: usize,
    /// The opcode with all its modifiers, such as `ld.global.v2.b64`.
    pub(super) opcode: &'p str,
    /// Registers, immediates and names, in order, without brackets and braces.
    pub(super) operands: Vec<&'p str>,
    /// How many of the operands, from the first, are written.
    pub(super) results: usize,
}

impl<'p> Instruction<'p> {
    /// Tells whether the opcode begins with a name, and has all of some modifiers.
    pub(super) fn is(&self, name: &str, modifiers: &[&str]) -> bool {
        let mut parts = self.opcode.split('.');
        let begins = parts.next() == Some(name);
        let parts: Vec<_> = parts.collect();
        begins && modifiers.iter().all(|modifier| parts.contains(modifier))
    }

    /// Registers that are written.
    pub(super) fn written(&self) -> &[&'p str] {
        &self.operands[..self.results]
    }

    /// Registers and immediates that are read.
    pub(super) fn read(&self) -> &[&'p str] {
        &self.operands[self.results..]
    }
}

/// Splits a module into its instructions.
pub(super) fn instructions(ptx: &str) -> Vec<Instruction<'_>> {
    ptx.lines()
        .enumerate()
        .filter_map(|(index, line)| instruction(index + 1, line))
        .collect()
}

fn instruction(line: usize, text: &str) -> Option<Instruction<'_>> {
    let text = text.split("//").next()?.trim().strip_suffix(';')?;
    let text = match text.strip_prefix('@') {
        Some(guarded) => guarded.split_once(char::is_whitespace)?.1.trim_start(),
        None => text,
    };
    if text.starts_with('.') {
        return None;
    }
    let (opcode, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let separators =
        |c: char| matches!(c, ',' | '[' | ']' | '{' | '}' | '+' | '|') || c.is_whitespace();
    let operands: Vec<_> = rest
        .split(separators)
        .filter(|operand| !operand.is_empty())
        .collect();
    let results = results(opcode, rest).min(operands.len());
    Some(Instruction {
        line,
        opcode,
        operands,
        results,
    })
}

/// Counts the operands that an instruction writes: none for stores and jumps, else the first one or the first braces.
fn results(opcode: &str, operands: &str) -> usize {
    let name = opcode.split('.').next().unwrap_or_default();
    if matches!(
        name,
        "st" | "red"
            | "bra"
            | "ret"
            | "bar"
            | "barrier"
            | "griddepcontrol"
            | "trap"
            | "fence"
            | "membar"
    ) && !opcode.contains(".red.")
    {
        return 0;
    }
    match operands.trim_start().strip_prefix('{') {
        Some(vector) => vector
            .split('}')
            .next()
            .map_or(1, |vector| vector.split(',').count()),
        None => 1,
    }
}
