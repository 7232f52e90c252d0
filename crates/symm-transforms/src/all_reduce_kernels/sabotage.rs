// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernels that dawdle where it hurts most, or break a law: negative controls for tests on GPUs. Nothing ships them.
//!
//! A law that no test can see broken is not tested. So the same operations run twice: with stalls, which a kernel that keeps
//! the laws must bear, and with stalls and one law switched off, which must be noticed.

use std::str::FromStr;

use symm_abi::gpu::{KernelSpec, SLOTS};

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::Kernel,
};

/// Length of a stall: several times what a peer needs to finish its call and to begin the next one.
const STALL_NS: u64 = 50_000;

/// Threads of a block's first warp, which signals for it.
const WARP: u32 = 32;

/// What is wrong with a kernel on purpose: nothing by default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sabotage {
    /// One rank stalls in each call, another rank at another place each time; and the words of a packet are stored one by
    /// one, as the memory model allows a vector store to be performed.
    pub stall: bool,
    /// The law that is broken.
    pub broken: Option<Law>,
}

/// A law that can be broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Law {
    /// A pull signals its exit without a block barrier before.
    BlockBarrier,
    /// A poll looks at the first word of a packet only.
    EveryWord,
    /// A pull does not wait at its exit; a push takes its slots again one call too early.
    FreeAgain,
}

impl Law {
    /// Every law that can be broken.
    pub const ALL: [Self; 3] = [Self::BlockBarrier, Self::EveryWord, Self::FreeAgain];

    /// Returns its number among the laws of the protocols: `L2` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Self::BlockBarrier => "L2",
            Self::EveryWord => "L3",
            Self::FreeAgain => "L9",
        }
    }

    /// Tells whether a kernel relies on it, so that it can be broken there.
    pub fn binds(self, spec: &KernelSpec) -> bool {
        match self {
            Self::BlockBarrier => !spec.algorithm.is_push(),
            Self::EveryWord => spec.algorithm.is_push(),
            Self::FreeAgain => true,
        }
    }
}

impl FromStr for Law {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|law| law.name() == name)
            .ok_or_else(|| format!("expected L2, L3 or L9, got '{name}'"))
    }
}

/// Where a rank may stall.
#[derive(Clone, Copy)]
pub(super) enum Stall {
    /// Between the words of a packet that is sent.
    Words,
    /// Push: between sending and polling. Pull: between the entry and the reads, in all warps but the one that signals.
    Reads,
    /// Push: before a slot is cleared, which in a two-shot is between the shots. Pull: before the exit.
    End,
}

const STALLS: u32 = 3;

impl<'c> Kernel<'c> {
    /// Tells whether a law holds in this kernel.
    pub(super) fn keeps(&self, law: Law) -> bool {
        self.sabotage.broken != Some(law)
    }

    /// Number of slots that take turns.
    pub(super) fn slots(&self) -> u32 {
        SLOTS as u32 - u32::from(!self.keeps(Law::FreeAgain))
    }

    /// Stalls, in kernels that do, if it is this rank's and this place's turn: in each call one place of one rank.
    pub(super) fn stall(&self, e: &Emitter<'c>, epoch: Val<'c>, place: Stall) {
        if !self.sabotage.stall {
            return;
        }
        let ranks = self.spec.world_size;
        let turn = e.binary("arith.remui", epoch, e.i32(STALLS * ranks));
        let ours = e.add(self.rank, e.i32(place as u32 * ranks));
        let mut is_due = e.cmp(Cmp::Eq, turn, ours);
        if !self.spec.algorithm.is_push() && matches!(place, Stall::Reads) {
            let does_not_signal = e.cmp(Cmp::Uge, self.thread_in_block, e.i32(WARP));
            is_due = e.and(is_due, does_not_signal);
        }
        e.when(is_due, spin);
    }
}

/// Spins for [`STALL_NS`]. The clock is read at one place only: MLIR takes two reads of a register for one.
fn spin<'c>(e: &Emitter<'c>) {
    e.while_loop(
        &[e.i64(0)],
        |e, begun| {
            let now = e.register("globaltimer", 64);
            let is_first = e.cmp(Cmp::Eq, begun[0], e.i64(0));
            let begun = e.select(is_first, now, begun[0]);
            let goes_on = e.cmp(Cmp::Ult, e.sub(now, begun), e.i64(STALL_NS));
            (goes_on, vec![begun])
        },
        |_, begun| begun.to_vec(),
    );
}
