// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Whether waits wait: for every word, for the right value, and not for ever.

use symm_abi::gpu::Wire;

use super::{
    Violation,
    machine::{EPOCH, Machine, Outcome, Stuck},
    origin::Memory,
};

/// What a slot's word holds that has not arrived: where words have tags, other ones, beside data that looks like the right one.
fn missing_words(wire: Wire) -> Vec<u64> {
    let tag = EPOCH + 1;
    match wire {
        Wire::Sentinel => vec![u64::MAX],
        Wire::Tagged => [0, tag ^ 1, tag ^ (1 << 16), tag ^ (1 << 31)]
            .map(|stale| stale << 32 | tag)
            .to_vec(),
    }
}

/// Returns the words of slots that are taken though they have not arrived, and those that are awaited for ever.
pub(super) fn unchecked_words(machine: &Machine, wire: Wire) -> Vec<Violation> {
    let mut stuck = Vec::new();
    for load in channel_loads(machine) {
        for word in 0..machine.program.instructions[load].results.len() {
            let missing = missing_words(wire).into_iter();
            stuck.extend(missing.map(|value| Stuck { load, word, value }));
        }
    }
    let mut violations = Vec::new();
    for (stuck, outcome) in stuck.iter().zip(machine.outcomes(&stuck)) {
        let line = machine.program.instructions[stuck.load].line;
        if outcome.goes_on {
            violations.push(undecided(machine, stuck));
        }
        violations.extend(unbounded(outcome, line));
    }
    violations
}

/// Says why a thread goes on though a word has not arrived.
fn undecided(machine: &Machine, stuck: &Stuck) -> Violation {
    let load = &machine.program.instructions[stuck.load];
    let word = load.results[stuck.word];
    let as_float = machine.program.instructions.iter().find(|compare| {
        let float = ["f16", "bf16", "f32", "f64"]
            .into_iter()
            .any(|r#type| compare.has(r#type));
        float && compare.is("setp", &[]) && compare.read().any(|register| Some(register) == word)
    });
    match as_float {
        Some(compare) => Violation {
            law: "L4",
            line: compare.line,
            what: format!("expected a compare of bits, got {}", compare.opcode),
        },
        None => Violation {
            law: "L3",
            line: load.line,
            what: format!(
                "expected word {} of the poll to decide whether it has arrived, got none that does",
                stuck.word
            ),
        },
    }
}

/// Returns the waits for signals that do not wait, or for ever, and what is missing of the two barriers.
pub(super) fn broken_barriers(machine: &Machine) -> Vec<Violation> {
    let [behind, entry] = [2 * EPOCH, 2 * EPOCH + 1];
    let loads: Vec<_> = channel_loads(machine).collect();
    let outcomes = |value| {
        let stuck = loads.iter().map(|&load| Stuck {
            load,
            word: 0,
            value,
        });
        machine.outcomes(&stuck.collect::<Vec<_>>())
    };
    let mut violations = Vec::new();
    for (&load, outcome) in loads.iter().zip(outcomes(behind)) {
        let line = machine.program.instructions[load].line;
        if outcome.goes_on {
            let what = "expected a wait for the signal, got one that goes on without it".into();
            violations.push(Violation {
                law: "L1",
                line,
                what,
            });
        }
        violations.extend(unbounded(outcome, line));
    }
    // The wait at the exit is the one that the peer's first signal does not end.
    let exits = outcomes(entry)
        .iter()
        .filter(|outcome| !outcome.goes_on)
        .count();
    let signals = machine.signals();
    for (law, which, value, waits) in [
        ("L1", "first", entry, loads.len()),
        ("L9", "second", entry + 1, exits),
    ] {
        if !signals.contains(&Some(value)) || waits == 0 {
            let what = format!("expected the {which} signal of a call and a wait for it, got none");
            violations.push(Violation { law, line: 0, what });
        }
    }
    violations
}

fn unbounded(outcome: Outcome, line: usize) -> Option<Violation> {
    let what = "expected a wait that gives up in the end, got one for ever".into();
    (!outcome.gives_up).then_some(Violation {
        law: "L10",
        line,
        what,
    })
}

fn channel_loads<'m>(machine: &'m Machine) -> impl Iterator<Item = usize> + 'm {
    let instructions = machine.program.instructions.iter().enumerate();
    instructions
        .filter(|(_, instruction)| {
            instruction.is("ld", &[]) && machine.memory(instruction) == Memory::Channel
        })
        .map(|(place, _)| place)
}
