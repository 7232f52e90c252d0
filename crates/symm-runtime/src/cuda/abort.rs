// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Telling kernels to leave, NCCL's and generated ones, without waiting for any device.

use super::group::{Group, Memory};
use std::{
    sync::{Once, atomic::Ordering},
    time::{Duration, Instant},
};
use symm_cuda::{
    Device, Result, Stream,
    memory::HostMapped,
    nccl::{Aborter, Communicator},
};

/// Ends whatever kernels of a rank's groups wait for, on every rank that they can be told on; any thread may ask for it.
#[derive(Debug)]
pub(super) struct Abort {
    begun: Once,
    libraries: Vec<Aborter>,
    /// A stream that no kernel runs in. It waits for none either, whatever streams those run in.
    stream: Stream,
    /// What the abort words of each group become, in pinned memory.
    words: HostMapped,
    /// The offset of a group's word, and the address of a member's abort word.
    targets: Vec<(usize, u64)>,
}

impl Abort {
    /// Prepares the end of what a rank's groups may be at; they must live as long as it may be asked for.
    pub(super) fn new(device: &Device, groups: &[Option<Group>]) -> Result<Self> {
        let words = HostMapped::new(device, groups.len() * size_of::<u32>())?;
        let mut targets = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let Some(Group { me, memory, .. }) = group else {
                continue;
            };
            let offset = index * size_of::<u32>();
            words.word32(offset)?.store(me + 1, Ordering::Relaxed);
            if let Memory::Symmetric(heap) = memory {
                targets.extend(heap.abort_words().map(|address| (offset, address)));
            }
        }
        let libraries = groups.iter().flatten();
        let libraries = libraries.filter_map(|group| group.library.as_deref());
        Ok(Self {
            begun: Once::new(),
            libraries: libraries.map(Communicator::aborter).collect(),
            stream: Stream::new(device)?,
            words,
            targets,
        })
    }

    /// Tells every kernel to leave; returns at once, and does it once.
    ///
    /// Generated kernels are told on every member's device: where ranks are threads, freeing memory of one device waits
    /// for the kernels of all. NCCL can be told of this rank alone; the other ranks tell theirs when they learn of the
    /// failure.
    pub(super) fn start(&self) {
        self.begun.call_once(|| {
            self.libraries.iter().for_each(Aborter::start);
            for &(offset, address) in &self.targets {
                let word = (offset, size_of::<u32>());
                // SAFETY: the address is of an arena that this rank's device may write. Arenas and words live until the
                // device was waited for when the session ends.
                if let Err(error) = unsafe { self.words.send(&self.stream, word, address) } {
                    tracing::warn!(%error, "a rank could not be told to stop");
                }
            }
        });
    }

    /// Waits until NCCL has cleaned up after the abort, as long as there is time.
    pub(super) fn finish(&self, deadline: Instant) {
        let left = || deadline.saturating_duration_since(Instant::now());
        for library in &self.libraries {
            if !library.wait(left().max(Duration::from_millis(1))) {
                tracing::warn!(?library, "NCCL is still cleaning up after an abort");
            }
        }
    }
}
