// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A case of a generated kernel: heaps, channel, buffers and arguments of each rank.

use std::{mem::offset_of, time::Duration};

use anyhow::{Context, Result, ensure};
use symm_abi::gpu::{
    Algorithm as Kind, BlockState, BundleKernel, ErrorRecord, KernelParams, Launch, SIGNAL_BYTES,
    StateHeader, Trigger,
};
use symm_cuda::{
    Stream,
    heap::{ALIGN, Heap, HeapLayout},
    launch::{Arguments, LaunchShape, launch},
    memory::DeviceMemory,
    module::Function,
    peers,
    watch::{Names, Watch},
};

use super::{Library, Plan};
use crate::{algorithm::Prepared, case::Case, output::note, world::World};

/// A prepared case: one member per rank of this process.
pub(super) struct Running {
    members: Vec<Member>,
    shape: LaunchShape,
    text: String,
    kind: Kind,
    timeout: Duration,
}

/// One rank.
struct Member {
    function: Function,
    sets: Vec<Set>,
    watch: Watch,
    rank: u32,
    heap: Heap,
    _state: DeviceMemory,
}

/// An operand, its result, and the arguments that name them.
struct Set {
    operand: Place,
    /// `None`: the operand's.
    result: Option<Place>,
    arguments: Arguments,
}

impl Set {
    fn result(&self) -> &Place {
        self.result.as_ref().unwrap_or(&self.operand)
    }
}

/// Where a buffer lies.
enum Place {
    /// In the symmetric heap, at an offset of the arena.
    Heap(usize),
    /// In memory of its own, so many bytes behind its beginning.
    Plain(DeviceMemory, usize),
}

impl Place {
    fn address(&self, heap: &Heap) -> u64 {
        match self {
            Place::Heap(offset) => heap.base() + *offset as u64,
            Place::Plain(memory, shift) => memory.address() + *shift as u64,
        }
    }

    fn write(&self, heap: &Heap, bytes: &[u8]) -> Result<()> {
        match self {
            Place::Heap(offset) => Ok(heap.write(*offset, bytes)?),
            Place::Plain(memory, shift) => Ok(memory.write(*shift, bytes)?),
        }
    }

    fn read(&self, heap: &Heap, bytes: &mut [u8]) -> Result<()> {
        match self {
            Place::Heap(offset) => Ok(heap.read(*offset, bytes)?),
            Place::Plain(memory, shift) => Ok(memory.read(*shift, bytes)?),
        }
    }
}

/// Returns the bytes that a buffer of the symmetric heap takes.
fn room(case: &Case) -> usize {
    let shift = case.operand_shift().max(case.result_shift());
    (case.bytes() + shift).next_multiple_of(ALIGN)
}

impl Running {
    pub fn new(
        library: &Library,
        kernel: &BundleKernel,
        plan: &Plan,
        world: &mut World,
        case: &Case,
    ) -> Result<Self> {
        let buffers = 2 * room(case) * case.sets;
        let layout = HeapLayout::new(world.size, &[plan.channel], buffers)?;
        let heaps = world.heaps(&layout)?;
        let member = |heap| Member::new(library, kernel, plan, heap, case);
        let members = heaps.into_iter().map(member).collect::<Result<Vec<_>>>()?;
        let Launch {
            blocks,
            threads,
            unroll,
            trigger,
            ..
        } = plan.launch;
        let blocks = blocks.min(room_for_blocks(world, &members, threads)?);
        // Where ranks share a GPU, blocks that came early would take the place of those that another rank waits for.
        let shape = LaunchShape::linear(blocks, threads)
            .programmatic(trigger != Trigger::None && world.sharing < 2);
        let kind = plan.spec.algorithm;
        let text = format!(
            "{kind} {blocks}x{threads} u{unroll} {}",
            format!("{trigger:?}").to_lowercase()
        );
        Ok(Self {
            members,
            shape,
            text,
            kind,
            timeout: library.timeout,
        })
    }
}

/// Returns how many blocks fit on every rank's GPU at once: they wait for each other.
fn room_for_blocks(world: &mut World, members: &[Member], threads: u32) -> Result<u32> {
    let sharing = world.sharing;
    let here = members.iter().map(|member| {
        let fits = member.function.resident_blocks(threads, 0)?;
        Ok(peers::fair_share(fits, sharing) as f64)
    });
    let here = here.collect::<Result<Vec<_>>>()?;
    let least = world.all(&here)?.into_iter().fold(f64::INFINITY, f64::min);
    ensure!(
        least >= 1.0,
        "expected blocks of {threads} threads to fit on every GPU"
    );
    Ok(least as u32)
}

impl Member {
    fn new(
        library: &Library,
        kernel: &BundleKernel,
        plan: &Plan,
        heap: Heap,
        case: &Case,
    ) -> Result<Self> {
        let device = heap.device().clone();
        let state = DeviceMemory::zeroed(&device, plan.channel.state_bytes as usize)?;
        // Peers may already signal a channel that begins at 0; at any other epoch they wait for a barrier of the host first.
        if case.epoch > 0 {
            let begin = Beginning::new(plan, case.epoch);
            state.write(size_of::<StateHeader>(), &begin.states)?;
            heap.write(heap.layout().channels()[0].offset, &begin.signals)?;
        }
        let watch = Watch::new(&device, heap.rank(), 1)?;
        let function = library.function(&device, kernel)?;
        let params = KernelParams {
            peers: heap.peers(heap.layout().channels()[0].offset),
            state: state.address(),
            count: plan.count,
            stride: plan.channel.stride,
            abort: heap.abort_word(),
            record: watch.device_address(0)?,
            timeout_ns: library.timeout.as_nanos().try_into().unwrap_or(u64::MAX),
            rank: heap.rank(),
            flags: plan.launch.trigger.flags(),
            ..KernelParams::default()
        };
        let sets =
            (0..case.sets).map(|set| Set::new(plan.spec.algorithm, &heap, case, set, &params));
        let sets = sets.collect::<Result<_>>()?;
        Ok(Self {
            function,
            sets,
            watch,
            rank: heap.rank(),
            heap,
            _state: state,
        })
    }
}

/// What a channel holds that begins at some epoch.
struct Beginning {
    /// The states of all blocks.
    states: Vec<u8>,
    /// The signal words of all blocks, which a push has none of.
    signals: Vec<u8>,
}

impl Beginning {
    fn new(plan: &Plan, epoch: u32) -> Self {
        let blocks = plan.launch.blocks as usize;
        let mut state = [0; size_of::<BlockState>()];
        state[offset_of!(BlockState, epoch)..][..4].copy_from_slice(&epoch.to_le_bytes());
        // Every call signals twice, so that this is the last signal of the call before.
        let signal = epoch.wrapping_mul(2).to_le_bytes();
        let words = match plan.spec.algorithm.is_push() {
            true => 0,
            false => blocks * SIGNAL_BYTES as usize / signal.len(),
        };
        Self {
            states: state.repeat(blocks),
            signals: signal.repeat(words),
        }
    }
}

impl Set {
    fn new(
        kind: Kind,
        heap: &Heap,
        case: &Case,
        set: usize,
        params: &KernelParams,
    ) -> Result<Self> {
        let place = |symmetric: bool, slot: usize, shift: usize| match symmetric {
            true => Ok(Place::Heap(
                heap.layout().buffers() + slot * room(case) + shift,
            )),
            false => DeviceMemory::zeroed(heap.device(), case.bytes() + shift)
                .map(|memory| Place::Plain(memory, shift)),
        };
        // In place, operand and result have to be wherever either has to be.
        let symmetric = kind.operand_is_symmetric() || case.in_place && kind.result_is_symmetric();
        let operand = place(symmetric, 2 * set, case.operand_shift())?;
        let result = (!case.in_place)
            .then(|| place(kind.result_is_symmetric(), 2 * set + 1, case.result_shift()))
            .transpose()?;
        let mut arguments = Arguments::default();
        arguments.push_params(&KernelParams {
            input: operand.address(heap),
            output: result.as_ref().unwrap_or(&operand).address(heap),
            ..*params
        });
        Ok(Self {
            operand,
            result,
            arguments,
        })
    }
}

impl Prepared for Running {
    fn write_operand(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()> {
        let member = &self.members[rank];
        member.sets[set].operand.write(&member.heap, bytes)
    }

    fn write_result(&self, rank: usize, set: usize, bytes: &[u8]) -> Result<()> {
        let member = &self.members[rank];
        member.sets[set].result().write(&member.heap, bytes)
    }

    fn read_result(&self, rank: usize, set: usize, bytes: &mut [u8]) -> Result<()> {
        let member = &self.members[rank];
        member.sets[set].result().read(&member.heap, bytes)
    }

    fn operand_address(&self, rank: usize, set: usize) -> u64 {
        let member = &self.members[rank];
        member.sets[set].operand.address(&member.heap)
    }

    fn result_address(&self, rank: usize, set: usize) -> u64 {
        let member = &self.members[rank];
        member.sets[set].result().address(&member.heap)
    }

    fn enqueue(&mut self, streams: &[Stream], set: usize) -> Result<()> {
        for (member, stream) in self.members.iter_mut().zip(streams) {
            let arguments = &mut member.sets[set].arguments;
            // SAFETY: the kernel's one parameter is a `KernelParams`, whose addresses are of memory that the member
            // owns and that is dropped only after the device was waited for.
            unsafe { launch(stream, &member.function, &self.shape, arguments) }?;
        }
        Ok(())
    }

    fn verdict(&self) -> Result<()> {
        let phases = self.kind.phases();
        for member in &self.members {
            let names = |record: &ErrorRecord| Names {
                op: self.kind.name().to_owned(),
                phase: phases
                    .get(record.phase as usize)
                    .copied()
                    .unwrap_or("unknown")
                    .to_owned(),
            };
            let checked = member.watch.check(self.timeout, names);
            checked.with_context(|| format!("rank {} gave up", member.rank))?;
        }
        Ok(())
    }

    fn shape(&self) -> String {
        self.text.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Every rank's kernels must have ended before any rank's memory goes.
        for member in &self.members {
            if let Err(error) = member.heap.device().synchronize() {
                note(format_args!("# rank {}: {error}", member.rank));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symm_abi::{
        DType, ReduceOp,
        gpu::{Channel, EPOCH_PERIOD, KernelSpec},
    };

    #[test]
    fn a_channel_begins_as_if_calls_had_been_made() {
        for kind in Kind::ALL {
            let spec = KernelSpec {
                algorithm: kind,
                dtype: DType::F32,
                reduce_op: ReduceOp::Sum,
                world_size: 2,
                unroll: 1,
                chip: "sm_90".into(),
            };
            let launch = Launch {
                algorithm: kind,
                unroll: 1,
                blocks: 3,
                threads: 64,
                trigger: Trigger::None,
            };
            let channel = Channel::new(&spec, 1000, launch.blocks);
            let plan = Plan {
                spec,
                launch,
                channel,
                count: 1000,
            };
            let begin = Beginning::new(&plan, EPOCH_PERIOD - 5);
            let states = channel.state_bytes as usize - size_of::<StateHeader>();
            assert_eq!(begin.states.len(), states);
            assert_eq!(begin.states[32..36], (EPOCH_PERIOD - 5).to_le_bytes());
            let signals = if kind.is_push() {
                0
            } else {
                channel.bytes as usize
            };
            assert_eq!(begin.signals.len(), signals);
            // 2 · (2³² − 6), modulo 2³².
            assert!(
                begin
                    .signals
                    .chunks_exact(4)
                    .all(|word| word == (-12i32).to_le_bytes())
            );
        }
    }
}
