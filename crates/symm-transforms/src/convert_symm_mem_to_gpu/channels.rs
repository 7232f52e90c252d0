// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Which all-reduces share a channel.
//!
//! Two that may be live at once must not (L8), and neither must two of different launch shapes (L12). Ops of one entry are
//! live one after the other, in whatever branch or loop of whatever function they stand, because an entry runs in one stream.
//! Entries of one rank run one after the other, too; but in which order, the ranks are told to have equal, and where they
//! replay graphs nobody compares it. So entries share no channel but those of ops that they share: ranks that run them
//! in different orders then wait for each other until time runs out, and never take one's data for the other's.

use std::collections::BTreeSet;
use symm_abi::{
    cuda::Cuda,
    gpu::{KernelSpec, Launch},
};

/// What all-reduces have in common that share a channel.
#[derive(PartialEq)]
pub(super) struct Common {
    /// The name of the group.
    pub(super) group: String,
    /// The kernel, and thereby how the channel is laid out.
    pub(super) spec: KernelSpec,
    /// How it is launched.
    pub(super) launch: Launch,
    /// The entries that run it.
    pub(super) entries: BTreeSet<String>,
}

/// The channels that were given to ops so far.
pub(super) struct Channels {
    /// Number of the first.
    first: u32,
    given: Vec<Common>,
}

impl Channels {
    /// Has channels given beside those that a program has already.
    pub(super) fn beside(cuda: &Cuda) -> Self {
        let numbers = cuda.all_reduces.iter().map(|other| other.channel);
        Self {
            first: numbers.max().map_or(0, |last| last.wrapping_add(1)),
            given: Vec::new(),
        }
    }

    /// Returns the number of the channel for an all-reduce: that of the others with the same in common, or a new one.
    pub(super) fn number(&mut self, common: Common) -> u32 {
        let known = self.given.iter().position(|other| *other == common);
        let place = known.unwrap_or_else(|| {
            self.given.push(common);
            self.given.len() - 1
        });
        self.first.wrapping_add(place as u32)
    }
}
