// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Runs a kernel with what is known: a few registers have values, all others might have any.
//!
//! What is known is enough to see where a thread goes that waits for something which never comes. Two facts are given: the
//! epoch that every block's state holds, and what an awaited word holds for ever. The rest follows from the instructions, of
//! which only those need be understood that waits are made of; what any other one gives is not known.

mod value;

use std::collections::{HashMap, HashSet, hash_map::Entry};

use super::{
    origin::{Memory, Origins},
    ptx::{Instruction, Operand, Program, Register},
};

/// The epoch that the state of every block holds.
pub(super) const EPOCH: u64 = 4711;

/// What registers are known to hold.
type Known = HashMap<Register, u64>;

/// A kernel that is run.
pub(super) struct Machine<'p> {
    pub(super) program: &'p Program<'p>,
    pub(super) origins: &'p Origins,
}

/// A word that is read again and again and never changes.
#[derive(Clone, Copy)]
pub(super) struct Stuck {
    /// Index of the load.
    pub(super) load: usize,
    /// Which of the words that it reads.
    pub(super) word: usize,
    /// What it holds.
    pub(super) value: u64,
}

/// Where threads come that wait for a stuck word, unless they have claimed the error record.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Outcome {
    /// The end of the kernel: they went on as if the word had come, or left without a word.
    pub(super) goes_on: bool,
    /// The claim: they gave up.
    pub(super) gives_up: bool,
}

/// What follows an instruction.
#[derive(Default)]
struct Next {
    /// The instruction behind it, and what is known there.
    falls: Option<Known>,
    /// The target of a jump, and what is known there.
    jumps: Option<(usize, Known)>,
}

/// What is known at the places that instructions jump to.
type Visited = HashMap<usize, Known>;

impl Machine<'_> {
    /// Returns where threads come that wait for each of some words which never come.
    pub(super) fn outcomes(&self, stuck: &[Stuck]) -> Vec<Outcome> {
        let loads = || stuck.iter().map(|stuck| stuck.load);
        let (before, stops) = (self.before(loads()), self.stops(loads()));
        let outcome = |stuck: &Stuck| {
            let known = before.get(&stuck.load)?.clone();
            let mut run = Run::new(self, &stops, Some(*stuck));
            run.from(stuck.load, known, &mut Visited::new());
            Some(run.outcome)
        };
        stuck
            .iter()
            .map(outcome)
            .map(Option::unwrap_or_default)
            .collect()
    }

    /// Returns what the release stores to channels hold, as far as that is known.
    pub(super) fn signals(&self) -> Vec<Option<u64>> {
        let instructions = self.program.instructions.iter().enumerate();
        let releases = instructions.filter(|(_, instruction)| {
            instruction.is("st", &["release"]) && self.memory(instruction) == Memory::Channel
        });
        let releases: Vec<_> = releases.map(|(place, _)| place).collect();
        let before = self.before(releases.iter().copied());
        releases
            .iter()
            .map(|place| {
                let source = self.program.instructions[*place].sources.first()?;
                value_of(source, before.get(place)?)
            })
            .collect()
    }

    /// Returns what is known at some places while nobody has given up, and where ways meet.
    fn before(&self, places: impl Iterator<Item = usize>) -> Visited {
        let stops = self.stops(places);
        let mut before = Visited::new();
        Run::new(self, &stops, None).from(0, Known::new(), &mut before);
        before
    }

    fn stops(&self, places: impl Iterator<Item = usize>) -> HashSet<usize> {
        self.program.targets().chain(places).collect()
    }

    /// Returns the memory that an instruction accesses.
    pub(super) fn memory(&self, instruction: &Instruction) -> Memory {
        let address = instruction.address.as_ref();
        address.map_or(Memory::Unknown, |address| self.origins.memory(address))
    }
}

/// A run of a kernel.
struct Run<'m> {
    machine: &'m Machine<'m>,
    /// Where ways meet, and where it is of interest what is known.
    stops: &'m HashSet<usize>,
    stuck: Option<Stuck>,
    outcome: Outcome,
}

impl<'m> Run<'m> {
    fn new(machine: &'m Machine<'m>, stops: &'m HashSet<usize>, stuck: Option<Stuck>) -> Self {
        Self {
            machine,
            stops,
            stuck,
            outcome: Outcome::default(),
        }
    }

    /// Runs from an instruction on, along every way that may be taken with what is known; leaves what is known at the stops.
    fn from(&mut self, place: usize, known: Known, visited: &mut Visited) {
        let mut waiting = vec![(place, known)];
        while let Some((mut place, mut known)) = waiting.pop() {
            loop {
                let Some(instruction) = self.machine.program.instructions.get(place) else {
                    self.outcome.goes_on = true;
                    break;
                };
                if self.stops.contains(&place) {
                    match met(visited, place, &known) {
                        Some(less) => known = less,
                        None => break,
                    }
                }
                let next = self.step(place, instruction, known);
                waiting.extend(next.jumps);
                match next.falls {
                    Some(falls) => (place, known) = (place + 1, falls),
                    None => break,
                }
            }
        }
    }

    fn step(&mut self, place: usize, instruction: &Instruction, mut known: Known) -> Next {
        match instruction.name() {
            "bra" => return self.jump(instruction, known),
            "ret" | "exit" | "trap" => {
                self.outcome.goes_on = true;
                let falls = instruction.guard.map(|_| known);
                return Next { falls, jumps: None };
            }
            "atom" if self.machine.memory(instruction) == Memory::State => {
                self.outcome.gives_up = true;
                return Next::default();
            }
            _ => {}
        }
        let values = self.values(place, instruction, &known);
        for (register, value) in instruction.results.iter().zip(values) {
            let Some(register) = register else { continue };
            // What is done under a condition may not be done.
            match value.filter(|_| instruction.guard.is_none()) {
                Some(value) => _ = known.insert(*register, value),
                None => _ = known.remove(register),
            }
        }
        let falls = Some(known);
        Next { falls, jumps: None }
    }

    /// Follows a jump where it is taken or may be; its condition is known on either way.
    fn jump(&self, instruction: &Instruction, known: Known) -> Next {
        let target = self.machine.program.target(instruction);
        let Some((condition, negated)) = instruction.guard else {
            let jumps = target.map(|target| (target, known));
            return Next { falls: None, jumps };
        };
        let way = |taken: bool| {
            let value = u64::from(taken != negated);
            let mut known = known.clone();
            let before = known.insert(condition, value);
            (before.is_none_or(|before| before == value)).then_some(known)
        };
        let jumps = target.and_then(|target| Some((target, way(true)?)));
        Next {
            falls: way(false),
            jumps,
        }
    }

    /// Returns what is known of each result of an instruction.
    fn values(&self, place: usize, instruction: &Instruction, known: &Known) -> Vec<Option<u64>> {
        let results = instruction.results.len();
        if instruction.address.is_some() {
            let mut words = vec![None; results];
            if instruction.is("ld", &[]) && self.machine.memory(instruction) == Memory::State {
                words[0] = Some(EPOCH);
            }
            if let Some(stuck) = self.stuck.filter(|stuck| stuck.load == place) {
                words[stuck.word] = Some(stuck.value);
            }
            return words;
        }
        let sources = instruction.sources.iter();
        let sources: Vec<_> = sources.map(|source| value_of(source, known)).collect();
        value::results(instruction, results, &sources)
    }
}

fn value_of(operand: &Operand, known: &Known) -> Option<u64> {
    match operand {
        Operand::Register(register) => known.get(register).copied(),
        Operand::Constant(value) => Some(*value),
        Operand::Name(_) => None,
    }
}

/// Leaves at a stop what is known there on every way so far; returns it, if it is less than before.
fn met(visited: &mut Visited, place: usize, known: &Known) -> Option<Known> {
    match visited.entry(place) {
        Entry::Vacant(entry) => Some(entry.insert(known.clone()).clone()),
        Entry::Occupied(mut entry) => {
            let before = entry.get_mut();
            let facts = before.len();
            before.retain(|register, value| known.get(register) == Some(value));
            (before.len() < facts).then(|| before.clone())
        }
    }
}
