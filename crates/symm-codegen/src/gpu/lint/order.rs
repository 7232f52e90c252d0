// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What block barriers lie between.

use super::{
    origin::{Memory, Origins},
    ptx::{Instruction, Program},
};

/// What threads of the block may have done since the last block barrier, as a set.
type Since = u8;

const ACCESSED_DATA: Since = 1;
const WAITED: Since = 2;
const READ_STATE: Since = 4;

/// An instruction before which a block barrier is missing.
#[derive(Debug, PartialEq)]
pub(super) struct Missing {
    /// Index of the instruction.
    pub(super) place: usize,
    /// What it does.
    pub(super) before: Before,
}

/// What a block barrier has to be before, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Before {
    /// One thread signals what others did.
    Signal,
    /// Others do what one thread waited for.
    Access,
    /// One thread counts the call, others may not have read the count.
    Count,
}

impl Before {
    /// Returns the law that asks for the barrier, and what was expected.
    pub(super) fn expected(self) -> (&'static str, &'static str) {
        match self {
            Self::Signal => (
                "L2",
                "a block barrier between accesses of data and the signal",
            ),
            Self::Access => (
                "L2",
                "a block barrier between the wait and accesses of data",
            ),
            Self::Count => (
                "L7",
                "a block barrier between reading the state and writing it",
            ),
        }
    }
}

/// Returns the instructions before which a block barrier is missing on some way.
pub(super) fn missing_barriers(program: &Program, origins: &Origins) -> Vec<Missing> {
    let mut before: Vec<Option<Since>> = vec![None; program.instructions.len()];
    let mut waiting = vec![(0, 0)];
    while let Some((place, since)) = waiting.pop() {
        let Some(known) = before.get_mut(place) else {
            continue;
        };
        let all = known.unwrap_or(0) | since;
        if *known == Some(all) {
            continue;
        }
        *known = Some(all);
        let instruction = &program.instructions[place];
        let since = after(all, instruction, memory(instruction, origins));
        waiting.extend(program.successors(place).map(|next| (next, since)));
    }
    let missing = |(place, since): (usize, &Option<Since>)| {
        let instruction = &program.instructions[place];
        let before = broken((*since)?, instruction, memory(instruction, origins))?;
        Some(Missing { place, before })
    };
    before.iter().enumerate().filter_map(missing).collect()
}

fn memory(instruction: &Instruction, origins: &Origins) -> Option<Memory> {
    instruction
        .address
        .as_ref()
        .map(|address| origins.memory(address))
}

fn after(since: Since, instruction: &Instruction, memory: Option<Memory>) -> Since {
    match (instruction.name(), memory) {
        ("bar" | "barrier", _) => 0,
        ("ld", Some(Memory::Channel)) if instruction.has("acquire") => since | WAITED,
        ("ld", Some(Memory::State)) => since | READ_STATE,
        (_, Some(Memory::Data)) => since | ACCESSED_DATA,
        _ => since,
    }
}

fn broken(since: Since, instruction: &Instruction, memory: Option<Memory>) -> Option<Before> {
    match (instruction.name(), memory) {
        ("st", Some(Memory::Channel)) if instruction.has("release") => {
            (since & ACCESSED_DATA != 0).then_some(Before::Signal)
        }
        ("st", Some(Memory::State)) => (since & READ_STATE != 0).then_some(Before::Count),
        (_, Some(Memory::Data)) => (since & WAITED != 0).then_some(Before::Access),
        _ => None,
    }
}
