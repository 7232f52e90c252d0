// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Laws of the protocols, looked up in the PTX that LLVM wrote.
//!
//! What a builder asks for and what a back end writes are two things: LLVM 22 turns every `atomicrmw` into a relaxed atomic
//! at GPU scope, and would turn loads through `noalias readonly` pointers into non-coherent ones. So [`compile`] hands
//! out no kernel whose PTX breaks one of these:
//!
//! - **L1** every atomic, and every load or store with an order, is at system scope; a pull kernel signals by release stores
//!   and waits by acquire loads;
//! - **L3** of a vector load that polls, every word is compared; no relaxed or ordered access is wider than what the
//!   model knows as scalars of at most 64 bits;
//! - **L4** and compared as bits;
//! - **L5** nothing is read by a non-coherent load;
//! - **L10** nothing traps;
//! - **L11** nothing is contracted, flushed or approximated.
//!
//! [`compile`]: super::compile

mod ptx;

use std::{collections::HashSet, fmt};
use symm_abi::gpu::KernelSpec;

use ptx::Instruction;

/// A law that a kernel breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The law: `L1` and so on.
    pub law: &'static str,
    /// Line of the PTX, from 1; 0 if something is missing altogether.
    pub line: usize,
    /// What was expected, and what is there.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {} ({})", self.line, self.what, self.law)
    }
}

/// Returns the laws that the PTX of a kernel breaks, and where.
pub fn lint(spec: &KernelSpec, ptx: &str) -> Vec<Violation> {
    let instructions = ptx::instructions(ptx);
    let mut violations = Vec::new();
    for instruction in &instructions {
        let mut broken = |law, expected: &str| {
            let what = format!("expected {expected}, got {}", instruction.opcode);
            violations.push(Violation {
                law,
                line: instruction.line,
                what,
            });
        };
        if is_ordered(instruction) && !instruction.opcode.contains(".sys") {
            broken("L1", "system scope");
        }
        if is_ordered(instruction) && !is_atomic_by_words(instruction) {
            broken("L3", "scalars of at most 64 bits, or two of 64");
        }
        if instruction.is("ldu", &[]) || instruction.is("ld", &["nc"]) || instruction.is("tex", &[])
        {
            broken("L5", "a coherent load");
        }
        if instruction.is("trap", &[]) || instruction.is("brkpt", &[]) {
            broken("L10", "a kernel that leaves by itself");
        }
        if is_inexact(instruction) {
            broken("L11", "arithmetic that is rounded once and to nearest");
        }
    }
    let polls = instructions
        .iter()
        .filter(|instruction| is_vector_poll(instruction));
    violations.extend(
        polls
            .clone()
            .flat_map(|poll| unchecked_words(poll, &instructions)),
    );
    violations.extend(missing(spec, &instructions));
    violations
}

/// Tells whether an instruction is one that other threads may look at while it happens.
fn is_ordered(instruction: &Instruction) -> bool {
    let orders = ["relaxed", "acquire", "release", "acq_rel"];
    let ordered = orders
        .iter()
        .any(|order| instruction.is("ld", &[order]) || instruction.is("st", &[order]));
    ordered || instruction.is("atom", &[]) || instruction.is("red", &[])
}

fn is_atomic_by_words(instruction: &Instruction) -> bool {
    let is = |modifier| instruction.opcode.split('.').any(|part| part == modifier);
    let scalar = ["b32", "u32", "s32", "b64", "u64", "s64"]
        .into_iter()
        .any(is);
    scalar && !is("v4") && !is("v8") && (!is("v2") || is("b64"))
}

fn is_vector_poll(instruction: &Instruction) -> bool {
    instruction.is("ld", &["relaxed", "v2"])
}

fn is_inexact(instruction: &Instruction) -> bool {
    let modifiers = ["ftz", "approx", "full", "rz", "rm", "rp"];
    let float = ["f16", "f16x2", "bf16", "bf16x2", "f32", "f64"]
        .iter()
        .any(|r#type| instruction.opcode.split('.').any(|part| part == *r#type));
    let loose = modifiers
        .iter()
        .any(|modifier| instruction.opcode.split('.').any(|part| part == *modifier));
    float && (loose || instruction.is("fma", &[]) || instruction.is("mad", &[]))
}

/// Finds the words of a polling load that are never compared, or compared as floats.
fn unchecked_words(poll: &Instruction, instructions: &[Instruction]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, word) in poll.written().iter().enumerate() {
        let copies = copies_of(word, instructions);
        let compares: Vec<_> = instructions
            .iter()
            .filter(|instruction| {
                instruction.is("setp", &["eq"]) || instruction.is("setp", &["ne"])
            })
            .filter(|instruction| {
                instruction
                    .read()
                    .iter()
                    .any(|operand| copies.contains(operand))
            })
            .collect();
        let law = |law, what: String| Violation {
            law,
            line: poll.line,
            what,
        };
        if compares.is_empty() {
            violations.push(law(
                "L3",
                format!("expected a compare of word {index} of the poll, got none"),
            ));
        }
        for compare in compares
            .iter()
            .filter(|compare| compare.opcode.contains(".f"))
        {
            violations.push(law(
                "L4",
                format!("expected a compare of bits, got {}", compare.opcode),
            ));
        }
    }
    violations
}

/// Returns the registers that hold a register's value, or its upper or lower half.
fn copies_of<'p>(register: &'p str, instructions: &[Instruction<'p>]) -> HashSet<&'p str> {
    let mut copies = HashSet::from([register]);
    for instruction in instructions {
        let moves = instruction.is("mov", &[]) || instruction.is("cvt", &["u32", "u64"]);
        let shifts = instruction.is("shr", &["u64"]) && instruction.read().last() == Some(&"32");
        if (moves || shifts)
            && instruction
                .read()
                .first()
                .is_some_and(|source| copies.contains(source))
        {
            copies.extend(
                instruction
                    .written()
                    .iter()
                    .filter(|name| name.starts_with('%')),
            );
        }
    }
    copies
}

/// Names the accesses without which the kernel cannot work.
fn missing(spec: &KernelSpec, instructions: &[Instruction]) -> Vec<Violation> {
    let needed: &[(&str, &str, &[&str])] = if spec.algorithm.is_push() {
        &[
            ("L3", "ld", &["relaxed", "sys", "global", "v2", "b64"]),
            ("L3", "st", &["relaxed", "sys", "global", "v2", "b64"]),
        ]
    } else {
        &[
            ("L1", "ld", &["acquire", "sys", "global"]),
            ("L1", "st", &["release", "sys", "global"]),
        ]
    };
    needed
        .iter()
        .filter(|(_, name, modifiers)| {
            !instructions
                .iter()
                .any(|instruction| instruction.is(name, modifiers))
        })
        .map(|(law, name, modifiers)| {
            let what = format!("expected {name}.{}, got none", modifiers.join("."));
            Violation { law, line: 0, what }
        })
        .collect()
}

#[cfg(test)]
mod tests;
