// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NCCL as the peer to be compared with: on plain memory, and on symmetric windows.

use std::rc::Rc;

use anyhow::{Context, Result};
use symm_cuda::{
    Device, Stream,
    memory::DeviceMemory,
    nccl::{Communicator, Nccl, NcclError, UniqueId, WindowBuffer, group},
};

use crate::{
    algorithm::{Algorithm, Outcome, Prepared},
    case::Case,
    world::World,
};

/// The communicators of this process's ranks, made when they are first needed.
#[derive(Default)]
pub struct Communicators(Option<Rc<Vec<Communicator>>>);

impl Communicators {
    /// Returns the communicators, connecting all ranks on the first call.
    fn get(&mut self, world: &mut World) -> Result<Rc<Vec<Communicator>>> {
        if let Some(comms) = &self.0 {
            return Ok(comms.clone());
        }
        let bytes = world.leaders(|| Ok(UniqueId::new()?.to_bytes().to_vec()))?;
        let id = UniqueId::from_bytes(bytes.try_into().ok().context("NCCL's id has 128 bytes")?);
        let size = world.size;
        let join =
            |rank: &crate::world::Rank| Communicator::join(&rank.device, rank.rank, size, id);
        let comms = Rc::new(group(|| {
            world.ranks.iter().map(join).collect::<Result<Vec<_>, _>>()
        })?);
        self.0 = Some(comms.clone());
        Ok(comms)
    }
}

/// NCCL's all-reduce.
pub struct NcclPeer {
    comms: Rc<std::cell::RefCell<Communicators>>,
    windows: bool,
}

impl NcclPeer {
    /// Returns NCCL on plain memory, or on symmetric windows; both share communicators.
    pub fn new(comms: &Rc<std::cell::RefCell<Communicators>>, windows: bool) -> Self {
        Self {
            comms: comms.clone(),
            windows,
        }
    }
}

impl Algorithm for NcclPeer {
    fn name(&self) -> &str {
        if self.windows { "nccl_window" } else { "nccl" }
    }

    fn exact(&self) -> bool {
        false
    }

    fn prepare(&mut self, world: &mut World, case: &Case) -> Result<Outcome> {
        // Without the library there is nothing to be compared with, which is no reason to measure nothing.
        if let Err(error) = Nccl::load() {
            return Ok(Outcome::Refused(error.to_string()));
        }
        if let Some(why) = refusal(case) {
            return Ok(Outcome::Refused(why));
        }
        let comms = self.comms.borrow_mut().get(world)?;
        match Running::new(comms, world, case, self.windows) {
            Ok(running) => Ok(Outcome::Ready(Box::new(running))),
            Err(error @ NcclError::Old { .. }) => Ok(Outcome::Refused(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

/// Says why NCCL cannot do a case.
fn refusal(case: &Case) -> Option<String> {
    let supported = Communicator::supports(case.dtype, case.op);
    supported.err().map(|error| error.to_string())
}

/// Device memory, with or without a window.
enum Memory {
    Plain(DeviceMemory),
    Window(WindowBuffer),
}

/// A buffer, some bytes behind the beginning of its memory.
struct Buffer {
    memory: Memory,
    shift: usize,
}

impl Buffer {
    fn new(device: &Device, windows: bool, bytes: usize, shift: usize) -> Result<Self, NcclError> {
        let bytes = bytes + shift;
        let memory = match windows {
            true => Memory::Window(WindowBuffer::new(device, bytes)?),
            false => Memory::Plain(DeviceMemory::zeroed(device, bytes)?),
        };
        Ok(Self { memory, shift })
    }

    fn address(&self) -> u64 {
        let begin = match &self.memory {
            Memory::Plain(memory) => memory.address(),
            Memory::Window(memory) => memory.address(),
        };
        begin + self.shift as u64
    }

    fn write(&self, bytes: &[u8]) -> Result<()> {
        match &self.memory {
            Memory::Plain(memory) => Ok(memory.write(self.shift, bytes)?),
            Memory::Window(memory) => Ok(memory.write(&[&vec![0; self.shift], bytes].concat())?),
        }
    }

    fn read(&self, bytes: &mut [u8]) -> Result<()> {
        match &self.memory {
            Memory::Plain(memory) => Ok(memory.read(self.shift, bytes)?),
            Memory::Window(memory) => {
                let mut all = vec![0; self.shift + bytes.len()];
                memory.read(&mut all)?;
                bytes.copy_from_slice(&all[self.shift..]);
                Ok(())
            }
        }
    }
}

struct Running {
    /// Operand and result of each rank, set by set; dropped before the communicators.
    sets: Vec<Vec<(Buffer, Option<Buffer>)>>,
    comms: Rc<Vec<Communicator>>,
    case: Case,
    windows: bool,
}

impl Running {
    fn new(
        comms: Rc<Vec<Communicator>>,
        world: &World,
        case: &Case,
        windows: bool,
    ) -> Result<Self, NcclError> {
        let pair = |rank: &crate::world::Rank| {
            let buffer = |shift| Buffer::new(&rank.device, windows, case.bytes(), shift);
            let result = (!case.in_place).then(|| buffer(case.result_shift()));
            Ok::<_, NcclError>((buffer(case.operand_shift())?, result.transpose()?))
        };
        let set = |_| world.ranks.iter().map(pair).collect::<Result<Vec<_>, _>>();
        let mut sets = (0..case.sets).map(set).collect::<Result<Vec<_>, _>>()?;
        sets.iter_mut().try_for_each(|set| register(set, &comms))?;
        Ok(Self {
            sets,
            comms,
            case: *case,
            windows,
        })
    }

    /// Returns where the result of a rank is.
    fn result(&self, rank: usize, set: usize) -> &Buffer {
        let (operand, result) = &self.sets[set][rank];
        result.as_ref().unwrap_or(operand)
    }
}

/// Registers the windows of a set, which is collective: first every rank's operand, then every rank's result.
fn register(set: &mut [(Buffer, Option<Buffer>)], comms: &[Communicator]) -> Result<(), NcclError> {
    let register = |buffer: &mut Buffer, comm| match &mut buffer.memory {
        Memory::Window(window) => window.register(comm),
        Memory::Plain(_) => Ok(()),
    };
    group(|| {
        let mut operands = set.iter_mut().map(|(operand, _)| operand).zip(comms);
        operands.try_for_each(|(buffer, comm)| register(buffer, comm))
    })?;
    group(|| {
        let results = set.iter_mut().map(|(_, result)| result).zip(comms);
        let mut present = results.filter_map(|(result, comm)| Some((result.as_mut()?, comm)));
        present.try_for_each(|(buffer, comm)| register(buffer, comm))
    })
}

impl Prepared for Running {
    fn write_operand(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()> {
        self.sets[set][rank].0.write(bytes)
    }

    fn write_result(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()> {
        self.result(rank, set).write(bytes)
    }

    fn read_result(&self, rank: usize, set: usize, bytes: &mut [u8]) -> Result<()> {
        self.result(rank, set).read(bytes)
    }

    fn operand_address(&self, rank: usize, set: usize) -> u64 {
        self.sets[set][rank].0.address()
    }

    fn result_address(&self, rank: usize, set: usize) -> u64 {
        self.result(rank, set).address()
    }

    fn enqueue(&mut self, streams: &[Stream], set: usize) -> Result<()> {
        let Case {
            dtype, op, count, ..
        } = self.case;
        group(|| {
            let buffers = self.sets[set].iter().zip(self.comms.iter().zip(streams));
            for ((operand, result), (comm, stream)) in buffers {
                let output = result.as_ref().unwrap_or(operand);
                let addresses = (operand.address(), output.address());
                // SAFETY: both addresses are of `count` elements that this object owns; it is dropped after the
                // streams were waited for.
                unsafe { comm.all_reduce(stream, (dtype, op), addresses, count) }?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn verdict(&self) -> Result<()> {
        Ok(())
    }

    fn shape(&self) -> String {
        if self.windows {
            "symmetric window".into()
        } else {
            "plain memory".into()
        }
    }
}
