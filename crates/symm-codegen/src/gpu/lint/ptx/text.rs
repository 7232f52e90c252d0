// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The text of a module, cut into statements, and statements into operands.

/// A piece of a module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece<'p> {
    /// A scope begins.
    Open,
    /// A scope ends.
    Close,
    /// A name that can be jumped to.
    Label(&'p str),
    /// An instruction or a directive, on a line from 1.
    Statement {
        /// The line that it begins on.
        line: usize,
        /// The text without what ends it.
        text: &'p str,
    },
}

/// The pieces of a module, in order.
pub(super) struct Pieces<'p> {
    rest: &'p str,
    line: usize,
}

impl<'p> Pieces<'p> {
    pub(super) fn of(ptx: &'p str) -> Self {
        Self { rest: ptx, line: 1 }
    }

    fn skip(&mut self, bytes: usize) -> &'p str {
        let (skipped, rest) = self.rest.split_at(bytes);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
        skipped
    }

    /// Skips spaces and comments.
    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.skip(blank);
            let comment = if self.rest.starts_with("//") {
                self.rest.find('\n')
            } else if self.rest.starts_with("/*") {
                self.rest.find("*/").map(|end| end + 2)
            } else {
                return;
            };
            self.skip(comment.unwrap_or(self.rest.len()));
        }
    }

    /// Returns where the statement ends that the rest begins with, and how long what ends it is.
    fn end(&self) -> (usize, usize) {
        let line_end = self.rest.find('\n').unwrap_or(self.rest.len());
        let is = |name| self.rest.starts_with(name);
        if [".version", ".target", ".address_size"].into_iter().any(is) {
            return (line_end, 0);
        }
        // The head of a kernel ends where its body begins.
        if is(".visible") {
            return (self.rest.find('{').unwrap_or(self.rest.len()), 0);
        }
        match self.rest.find(';') {
            Some(end) => (end, 1),
            None => (self.rest.len(), 0),
        }
    }
}

impl<'p> Iterator for Pieces<'p> {
    type Item = Piece<'p>;

    fn next(&mut self) -> Option<Piece<'p>> {
        self.skip_blank();
        match self.rest.bytes().next()? {
            b'{' => {
                self.skip(1);
                return Some(Piece::Open);
            }
            b'}' => {
                self.skip(1);
                return Some(Piece::Close);
            }
            _ => {}
        }
        let name = self
            .rest
            .find(|c: char| !is_name_part(c))
            .unwrap_or(self.rest.len());
        if name > 0 && self.rest[name..].trim_start().starts_with(':') {
            let label = self.skip(name);
            let colon = self.rest.len() - self.rest.trim_start().len() + 1;
            self.skip(colon);
            return Some(Piece::Label(label));
        }
        let (end, terminator) = self.end();
        let line = self.line;
        let text = self.skip(end).trim_end();
        self.skip(terminator);
        Some(Piece::Statement { line, text })
    }
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '%')
}

/// Tells whether a text can be the name of something.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| is_name_part(c) || c == '.')
}

/// Tells whether a name is one that LLVM gives to registers of a kernel: `%rd1`, but not `%tid.x`.
pub(super) fn is_kernel_register(text: &str) -> bool {
    let Some(name) = text.strip_prefix('%') else {
        return false;
    };
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    letters.len() < name.len() && letters.chars().all(|c| c.is_ascii_lowercase())
}

/// Reads a constant: a decimal or hexadecimal integer, or the bits of a float.
pub(super) fn constant(text: &str) -> Option<u64> {
    let hexadecimal = ["0x", "0f", "0d"]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    match (hexadecimal, text.strip_prefix('-')) {
        (Some(digits), _) => u64::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) => digits.parse().map(u64::wrapping_neg).ok(),
        (None, None) => text.parse().ok(),
    }
}

/// Splits operands at their commas; not those in braces and brackets.
pub(super) fn operands(text: &str) -> Option<Vec<&str>> {
    let (mut operands, mut begin, mut depth) = (Vec::new(), 0, 0i32);
    for (place, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                operands.push(text[begin..place].trim());
                begin = place + 1;
            }
            _ => {}
        }
    }
    if !text[begin..].trim().is_empty() {
        operands.push(text[begin..].trim());
    }
    let sound = depth == 0 && operands.iter().all(|operand| !operand.is_empty());
    sound.then_some(operands)
}

/// Returns the parts of a vector, or the operand if it is none.
pub(super) fn parts(operand: &str) -> impl Iterator<Item = &str> {
    let inside = operand
        .strip_prefix('{')
        .and_then(|vector| vector.strip_suffix('}'));
    inside.unwrap_or(operand).split(',').map(str::trim)
}
