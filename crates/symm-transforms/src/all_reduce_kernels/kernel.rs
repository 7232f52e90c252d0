// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What every kernel begins with: its parameters, its place in the grid, its block's state; and what it ends with.

use melior::ir::ValueLike;
use std::mem::{offset_of, size_of};
use symm_abi::gpu::{
    BlockState, EPOCH_PERIOD, FLAG_TRIGGER_EARLY, FLAG_TRIGGER_LATE, KernelParams, KernelSpec,
    StateHeader,
};
use symm_ir::dialect::MemOrder;

use super::{
    element::Reducer,
    emitter::{Cmp, Emitter, Val},
    memory,
    sabotage::Sabotage,
};
use crate::gpu_target::Target;

/// The kernel under construction and the values that all its parts use.
pub(super) struct Kernel<'c> {
    pub(super) spec: KernelSpec,
    pub(super) reducer: Reducer,
    pub(super) sabotage: Sabotage,
    has_dependent_launch: bool,
    /// Channels of the ranks `rank`, `rank + 1`, …, modulo the number of ranks.
    pub(super) peers: Vec<Val<'c>>,
    /// This rank, as `i32`.
    pub(super) rank: Val<'c>,
    pub(super) state: Val<'c>,
    pub(super) input: Val<'c>,
    pub(super) output: Val<'c>,
    pub(super) count: Val<'c>,
    pub(super) stride: Val<'c>,
    pub(super) abort: Val<'c>,
    pub(super) record: Val<'c>,
    pub(super) timeout: Val<'c>,
    pub(super) op: Val<'c>,
    flags: Val<'c>,
    /// Number of this block, as `i32`.
    pub(super) block: Val<'c>,
    /// Number of this thread in its block, as `i32`.
    pub(super) thread_in_block: Val<'c>,
    /// Number of this thread in the grid, and of all threads in it, as `i32`.
    pub(super) thread: Val<'c>,
    pub(super) threads: Val<'c>,
    /// Packets that the elements fill, the last one perhaps in part, as `i32`.
    pub(super) packets: Val<'c>,
    /// Packets that may be moved by one access each, as `i32`: none if operand or result is not aligned.
    pub(super) whole_packets: Val<'c>,
}

/// State of the block at the beginning of a call.
pub(super) struct State<'c> {
    address: Val<'c>,
    /// Number of this call, as `i32`.
    pub(super) epoch: Val<'c>,
    /// Slot of this call, as `i32`.
    pub(super) slot: Val<'c>,
    /// Packets that the call before used, as `i32`.
    pub(super) used: Val<'c>,
}

/// Reads fields of the parameter block.
struct Params<'c, 'e> {
    e: &'e Emitter<'c>,
    pointer: Val<'c>,
}

impl<'c> Params<'c, '_> {
    fn u64(&self, offset: usize) -> Val<'c> {
        memory::load_parameter(self.e, self.pointer, offset, 64)
    }

    fn u32(&self, offset: usize) -> Val<'c> {
        memory::load_parameter(self.e, self.pointer, offset, 32)
    }
}

impl<'c> Kernel<'c> {
    /// Reads the parameters behind `pointer`.
    pub(super) fn new(
        e: &Emitter<'c>,
        spec: &KernelSpec,
        target: &Target,
        sabotage: Sabotage,
        pointer: Val<'c>,
    ) -> Self {
        let params = Params { e, pointer };
        let [input, output] = [
            offset_of!(KernelParams, input),
            offset_of!(KernelParams, output),
        ]
        .map(|offset| params.u64(offset));
        let count = params.u64(offset_of!(KernelParams, count));
        let [block, thread_in_block] = ["ctaid.x", "tid.x"].map(|name| e.register(name, 32));
        let [blocks, block_threads] = ["nctaid.x", "ntid.x"].map(|name| e.register(name, 32));
        let [packets, whole_packets] = count_packets(e, spec, count, [input, output]);
        Self {
            spec: spec.clone(),
            reducer: Reducer {
                dtype: spec.dtype,
                op: spec.reduce_op,
                world_size: spec.world_size,
                converts_f8: target.converts_f8(),
            },
            sabotage,
            has_dependent_launch: target.has_dependent_launch(),
            peers: (0..spec.world_size as usize)
                .map(|k| params.u64(offset_of!(KernelParams, peers) + k * size_of::<u64>()))
                .collect(),
            rank: params.u32(offset_of!(KernelParams, rank)),
            state: params.u64(offset_of!(KernelParams, state)),
            input,
            output,
            count,
            stride: params.u64(offset_of!(KernelParams, stride)),
            abort: params.u64(offset_of!(KernelParams, abort)),
            record: params.u64(offset_of!(KernelParams, record)),
            timeout: params.u64(offset_of!(KernelParams, timeout_ns)),
            op: params.u32(offset_of!(KernelParams, op)),
            flags: params.u32(offset_of!(KernelParams, flags)),
            block,
            thread_in_block,
            // What is opaque here is computed here, while the grid before may still run.
            thread: e.opaque(e.add(e.mul(block, block_threads), thread_in_block)),
            threads: e.mul(blocks, block_threads),
            packets,
            whole_packets,
        }
    }

    /// Number of ranks.
    pub(super) fn world_size(&self) -> usize {
        self.spec.world_size as usize
    }

    /// Returns the number of the rank at a position of `peers`, as `i32`.
    pub(super) fn rank_at(&self, e: &Emitter<'c>, position: Val<'c>) -> Val<'c> {
        let sum = e.add(self.rank, position);
        let world_size = e.i32(self.spec.world_size);
        let past_the_last = e.cmp(Cmp::Uge, sum, world_size);
        e.select(past_the_last, e.sub(sum, world_size), sum)
    }

    /// Returns `unit` times the number of the rank at each position of `peers`, in the width of `unit`.
    ///
    /// By additions, where they are asked for: as invariants of loops they would take more registers than there are.
    pub(super) fn multiples(&self, e: &Emitter<'c>, unit: Val<'c>) -> Vec<Val<'c>> {
        let zero = e.sub(unit, unit);
        let rank = if unit.r#type() == self.rank.r#type() {
            self.rank
        } else {
            e.zext(self.rank, 64)
        };
        let mut multiples = vec![e.opaque(e.mul(rank, unit))];
        for k in 1..self.world_size() {
            let is_first = e.cmp(Cmp::Eq, self.rank, e.i32(self.spec.world_size - k as u32));
            let next = e.add(multiples[k - 1], unit);
            multiples.push(e.select(is_first, zero, next));
        }
        multiples
    }

    /// Lets the next grid start if the launch wants it now, and waits until the grid before has ended and all that it
    /// wrote can be seen. Nothing that another grid may write is read before, nothing is written.
    pub(super) fn begin(&self, e: &Emitter<'c>) {
        if self.has_dependent_launch {
            self.trigger_if(e, FLAG_TRIGGER_EARLY);
            e.ptx("griddepcontrol.wait;", &[], &[]);
        }
    }

    /// Lets the next grid start if the launch wants it now that the data is sent.
    pub(super) fn sent(&self, e: &Emitter<'c>) {
        if self.has_dependent_launch {
            self.trigger_if(e, FLAG_TRIGGER_LATE);
        }
    }

    fn trigger_if(&self, e: &Emitter<'c>, flag: u32) {
        let wanted = e.cmp(Cmp::Ne, e.and(self.flags, e.i32(flag)), e.i32(0));
        e.when(wanted, |e| {
            e.ptx("griddepcontrol.launch_dependents;", &[], &[]);
        });
    }

    /// Reads the state of this block.
    ///
    /// Volatile, because a block's state was last written on another multiprocessor: what the L1 cache holds is old.
    pub(super) fn load_state(&self, e: &Emitter<'c>) -> State<'c> {
        let offset = e.mul(
            e.zext(self.block, 64),
            e.i64(size_of::<BlockState>() as u64),
        );
        let address = e.add(
            e.add(self.state, e.i64(size_of::<StateHeader>() as u64)),
            offset,
        );
        let [epoch, slot, used, _] = e.strong_load(MemOrder::Volatile, address, 32);
        State {
            address,
            epoch,
            slot,
            used,
        }
    }

    /// Counts the call. Every thread of the block has read the state before: a block barrier lies between.
    ///
    /// Only this block reads it again, after the end of this grid, so that a plain store will do at any time: nothing else
    /// than the block's number ties a block to its state, and the number of blocks of a channel never changes (L12).
    pub(super) fn count_call(&self, e: &Emitter<'c>, state: &State<'c>, used: Val<'c>) {
        let first = e.cmp(Cmp::Eq, self.thread_in_block, e.i32(0));
        e.when(first, |e| {
            let successor = |value, period| {
                let next = e.add(value, e.i32(1));
                let starts_again = e.cmp(Cmp::Eq, next, e.i32(period));
                e.select(starts_again, e.i32(0), next)
            };
            let epoch = successor(state.epoch, EPOCH_PERIOD);
            let slot = successor(state.slot, self.slots());
            memory::store_state(e, state.address, [epoch, slot, used, e.i32(0)]);
        });
    }

    /// Returns how many packets of a buffer may be moved by one access each, as `i32`: none if it is not aligned.
    pub(super) fn whole_packets_of(&self, e: &Emitter<'c>, buffer: Val<'c>) -> Val<'c> {
        let bytes = e.mul(self.count, e.i64(self.spec.dtype.size() as u64));
        whole_packets(e, &self.spec, bytes, buffer)
    }

    /// Packets of one rank's share in a two-shot algorithm: the same for all ranks, and at least one.
    pub(super) fn share(&self, e: &Emitter<'c>) -> Val<'c> {
        let rounded = e.add(self.packets, e.i32(self.spec.world_size - 1));
        e.binary("arith.divui", rounded, e.i32(self.spec.world_size))
    }
}

fn count_packets<'c>(
    e: &Emitter<'c>,
    spec: &KernelSpec,
    count: Val<'c>,
    buffers: [Val<'c>; 2],
) -> [Val<'c>; 2] {
    let payload = e.i64(spec.packet_payload());
    let low_bits = e.i64(spec.packet_payload() - 1);
    let bytes = e.mul(count, e.i64(spec.dtype.size() as u64));
    let packets = e.binary("arith.divui", e.add(bytes, low_bits), payload);
    let whole = whole_packets(e, spec, bytes, e.or(buffers[0], buffers[1]));
    [e.trunc(packets, 32), whole].map(|count| e.opaque(count))
}

/// Returns how many packets of so many bytes are whole at an address, or at two whose bits are put together.
fn whole_packets<'c>(
    e: &Emitter<'c>,
    spec: &KernelSpec,
    bytes: Val<'c>,
    address: Val<'c>,
) -> Val<'c> {
    let payload = e.i64(spec.packet_payload());
    let low_bits = e.i64(spec.packet_payload() - 1);
    let aligned = e.cmp(Cmp::Eq, e.and(address, low_bits), e.i64(0));
    let whole = e.select(aligned, e.binary("arith.divui", bytes, payload), e.i64(0));
    e.trunc(whole, 32)
}
