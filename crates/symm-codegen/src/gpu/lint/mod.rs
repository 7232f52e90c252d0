// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Laws of the protocols, looked up in the PTX that LLVM wrote.
//!
//! What a builder asks for and what a back end writes are two things: LLVM 22 turns every `atomicrmw` into a relaxed atomic
//! at GPU scope, and would turn loads through `noalias readonly` pointers into non-coherent ones. So [`compile`] hands
//! out no kernel whose PTX breaks one of these:
//!
//! - **L1** every atomic, and every load or store with an order, is at system scope; a pull kernel signals by release stores
//!   and waits by acquire loads, at its entry and at its exit, and goes on only when the signals have come;
//! - **L2** between what a block does with data and its signals and waits lie block barriers;
//! - **L3** slots are accessed by relaxed accesses of words of at most 64 bits, and a thread goes on only when each word that it
//!   polls has come;
//! - **L4** which it finds out by comparing bits;
//! - **L5** nothing is read by a non-coherent load, nor at an address that does not come out of the parameters;
//! - **L7** a block counts its call when all its threads have read the count;
//! - **L9** a pull kernel has the second barrier, a push kernel clears slots;
//! - **L10** nothing traps, and every wait gives up in the end;
//! - **L11** nothing is contracted, flushed or approximated.
//!
//! What the lint cannot read, it refuses under the name `PTX`. The access of each memory is told by its address
//! ([`origin`]), waits are run with words that never come ([`machine`]).
//!
//! [`compile`]: super::compile

mod access;
mod machine;
mod order;
mod origin;
mod ptx;
mod wait;

use std::fmt;
use symm_abi::gpu::{KernelSpec, Wire};

use machine::Machine;
use origin::{Memory, Origins};
use ptx::{Instruction, Operand, Program};

/// A law that a kernel breaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The law: `L1` and so on; `PTX` where the lint does not know what it reads.
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
    let program = ptx::parse(ptx);
    let origins = Origins::of(&program);
    let mut violations = unread(&program);
    for instruction in &program.instructions {
        violations.extend(broken_alone(instruction));
        let address = instruction.address.as_ref();
        let memory = address.map(|address| origins.memory(address));
        let broken =
            memory.and_then(|memory| access::broken(instruction, memory, spec.algorithm.is_push()));
        violations.extend(broken.map(|(law, expected)| got(instruction, law, expected)));
    }
    let missing = order::missing_barriers(&program, &origins);
    violations.extend(missing.iter().map(|missing| {
        let (law, expected) = missing.before.expected();
        got(&program.instructions[missing.place], law, expected)
    }));
    let machine = Machine {
        program: &program,
        origins: &origins,
    };
    violations.extend(if spec.algorithm.is_push() {
        broken_slots(&machine, spec.wire())
    } else {
        wait::broken_barriers(&machine)
    });
    // One access may break a law in several ways.
    violations.sort_by_key(|violation| (violation.line, violation.law));
    violations.dedup_by_key(|violation| (violation.line, violation.law));
    violations
}

fn got(instruction: &Instruction, law: &'static str, expected: &str) -> Violation {
    Violation {
        law,
        line: instruction.line,
        what: format!("expected {expected}, got {}", instruction.opcode),
    }
}

/// Names of instructions that the lint knows: what they do with memory, and where they go.
const KNOWN: [&str; 38] = [
    "abs",
    "add",
    "and",
    "atom",
    "bar",
    "barrier",
    "bfe",
    "bfi",
    "bra",
    "cvt",
    "div",
    "exit",
    "fence",
    "fma",
    "griddepcontrol",
    "ld",
    "ldu",
    "mad",
    "max",
    "membar",
    "min",
    "mov",
    "mul",
    "neg",
    "not",
    "or",
    "prmt",
    "rem",
    "ret",
    "selp",
    "setp",
    "shf",
    "shl",
    "shr",
    "st",
    "sub",
    "trap",
    "xor",
];

/// Returns what the lint can say nothing of.
fn unread(program: &Program) -> Vec<Violation> {
    let unread = program.unread.iter().map(|&(line, text)| Violation {
        law: "PTX",
        line,
        what: format!("expected PTX as LLVM writes it, got {text}"),
    });
    let unknown = program.instructions.iter().filter(|instruction| {
        let jumps = instruction.is("bra", &[]);
        !KNOWN.contains(&instruction.name()) || jumps && program.target(instruction).is_none()
    });
    let unknown =
        unknown.map(|instruction| got(instruction, "PTX", "an instruction that is known"));
    unread.chain(unknown).collect()
}

/// Returns what is wrong with an instruction wherever it stands.
fn broken_alone(instruction: &Instruction) -> Option<Violation> {
    let broken = |law, expected| Some(got(instruction, law, expected));
    if is_ordered(instruction) && !instruction.has("sys") {
        return broken("L1", "system scope");
    }
    if is_ordered(instruction) && instruction.address.is_some() && !is_atomic_by_words(instruction)
    {
        return broken("L3", "scalars of at most 64 bits, or two of 64");
    }
    if instruction.is("ldu", &[]) || instruction.is("ld", &["nc"]) {
        return broken("L5", "a coherent load");
    }
    if instruction.is("trap", &[]) {
        return broken("L10", "a kernel that leaves by itself");
    }
    if is_inexact(instruction) {
        return broken("L11", "arithmetic that is rounded once and to nearest");
    }
    None
}

/// Tells whether an instruction is one that other threads may look at while it happens, or orders those that are.
fn is_ordered(instruction: &Instruction) -> bool {
    let orders = ["relaxed", "acquire", "release", "acq_rel"];
    let accesses = instruction.is("ld", &[]) || instruction.is("st", &[]);
    let ordered = orders.into_iter().any(|order| instruction.has(order));
    accesses && ordered || ["atom", "fence", "membar"].contains(&instruction.name())
}

fn is_atomic_by_words(instruction: &Instruction) -> bool {
    let is = |modifier| instruction.has(modifier);
    let scalar = ["b32", "u32", "s32", "b64", "u64", "s64"]
        .into_iter()
        .any(is);
    scalar && !is("v4") && !is("v8") && (!is("v2") || is("b64"))
}

fn is_inexact(instruction: &Instruction) -> bool {
    let modifiers = ["ftz", "approx", "full", "rz", "rm", "rp"];
    let types = ["f16", "f16x2", "bf16", "bf16x2", "f32", "f64"];
    let has = |modifier| instruction.has(modifier);
    let loose = modifiers.into_iter().any(has);
    let contracted = instruction.is("fma", &[]) || instruction.is("mad", &[]);
    types.into_iter().any(has) && (loose || contracted)
}

/// Returns what is wrong with how a kernel uses its slots.
fn broken_slots(machine: &Machine, wire: Wire) -> Vec<Violation> {
    let mut violations = wait::unchecked_words(machine, wire);
    let empty = match wire {
        Wire::Sentinel => u64::MAX,
        Wire::Tagged => 0,
    };
    let channel = |name| {
        let instructions = machine.program.instructions.iter();
        instructions.filter(move |instruction| {
            instruction.is(name, &[]) && machine.memory(instruction) == Memory::Channel
        })
    };
    let clears = |store: &Instruction| {
        let sources = &store.sources;
        sources
            .iter()
            .all(|source| *source == Operand::Constant(empty))
    };
    for (law, expected, there) in [
        (
            "L3",
            "stores to slots",
            channel("st").any(|store| !clears(store)),
        ),
        ("L3", "polls of slots", channel("ld").next().is_some()),
        ("L9", "stores that clear slots", channel("st").any(clears)),
    ] {
        if !there {
            let what = format!("expected {expected}, got none");
            violations.push(Violation { law, line: 0, what });
        }
    }
    violations
}

#[cfg(test)]
mod tests;
