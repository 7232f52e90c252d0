// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What memory an access is of: told by the fields of the parameter block that its address is computed from.

use std::{
    collections::HashMap,
    mem::{offset_of, size_of},
};
use symm_abi::gpu::KernelParams;

use super::ptx::{Address, Instruction, Operand, Program, Register};

/// Memory that kernels access.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Memory {
    /// The parameter block.
    Parameters,
    /// Slots or signals: a channel, of whichever rank.
    Channel,
    /// Operand or result, of whichever rank.
    Data,
    /// The state of a channel: of its blocks, and whether the error record is claimed.
    State,
    /// An abort word, of whichever rank.
    Abort,
    /// The error record.
    Record,
    /// None that is known.
    Unknown,
}

/// Fields of the parameter block that hold addresses, as a set.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Fields(u8);

impl Fields {
    const PEERS: Self = Self(1);
    const STATE: Self = Self(2);
    const DATA: Self = Self(4);
    const ABORT: Self = Self(8);
    const RECORD: Self = Self(16);

    /// Returns the field at an offset of the parameter block, if it holds an address.
    fn at(offset: u64) -> Self {
        let peers = offset_of!(KernelParams, peers) as u64;
        let behind_peers =
            peers + size_of::<[u64; symm_abi::gpu::MAX_WORLD_SIZE as usize]>() as u64;
        let is = |field: usize| offset == field as u64;
        match offset {
            _ if (peers..behind_peers).contains(&offset) => Self::PEERS,
            _ if is(offset_of!(KernelParams, state)) => Self::STATE,
            _ if is(offset_of!(KernelParams, input)) => Self::DATA,
            _ if is(offset_of!(KernelParams, output)) => Self::DATA,
            _ if is(offset_of!(KernelParams, abort)) => Self::ABORT,
            _ if is(offset_of!(KernelParams, record)) => Self::RECORD,
            _ => Self::default(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The memory that an address computed from these fields is of: a peer's copy is as far from its channel as ours.
    fn memory(self) -> Memory {
        match Self(self.0 & !Self::PEERS.0) {
            Self(0) if self == Self::PEERS => Memory::Channel,
            Self::DATA => Memory::Data,
            Self::ABORT => Memory::Abort,
            Self::STATE if self == Self::STATE => Memory::State,
            Self::RECORD if self == Self::RECORD => Memory::Record,
            _ => Memory::Unknown,
        }
    }
}

/// The fields that each register is computed from.
pub(super) struct Origins(HashMap<Register, Fields>);

impl Origins {
    /// Follows the fields through a kernel, in whatever order its instructions run.
    pub(super) fn of(program: &Program) -> Self {
        let mut origins = Self(HashMap::new());
        loop {
            let mut changed = false;
            for instruction in &program.instructions {
                changed |= origins.follow(instruction);
            }
            if !changed {
                return origins;
            }
        }
    }

    /// Notes what one instruction says; tells whether that was news.
    fn follow(&mut self, instruction: &Instruction) -> bool {
        let mut changed = false;
        for (place, register) in instruction.results.iter().enumerate() {
            let Some(register) = register else { continue };
            let fields = match &instruction.address {
                Some(address) if instruction.is("ld", &["param"]) => {
                    Fields::at(address.offset + (place * width(instruction)) as u64)
                }
                // What is read from memory is data, and addresses are never computed from data.
                Some(_) => Fields::default(),
                None => self.computed(instruction),
            };
            let known = self.0.entry(*register).or_default();
            let all = known.and(fields);
            changed |= all != *known;
            *known = all;
        }
        changed
    }

    fn computed(&self, instruction: &Instruction) -> Fields {
        // Compares and choices hand on no address but those chosen from.
        if instruction.name() == "setp" {
            return Fields::default();
        }
        let fields = instruction.read().map(|register| self.fields(register));
        fields.fold(Fields::default(), Fields::and)
    }

    fn fields(&self, register: Register) -> Fields {
        self.0.get(&register).copied().unwrap_or_default()
    }

    /// Returns the memory that an address is of.
    pub(super) fn memory(&self, address: &Address) -> Memory {
        match address.base {
            Operand::Register(register) => self.fields(register).memory(),
            Operand::Name(_) => Memory::Parameters,
            Operand::Constant(_) => Memory::Unknown,
        }
    }
}

/// Bytes of each word of an access.
fn width(instruction: &Instruction) -> usize {
    let r#type = instruction.opcode.rsplit('.').next().unwrap_or_default();
    let bits: usize = r#type
        .trim_start_matches(char::is_alphabetic)
        .parse()
        .unwrap_or(0);
    bits / 8
}
