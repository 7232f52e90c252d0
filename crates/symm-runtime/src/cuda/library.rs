// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NCCL for the groups that need it: its members are connected, and its collectives used once, before a program runs.
//!
//! NCCL connects what an algorithm needs when it first takes it, inside the call and with all members. So that no run has
//! to, and no capture, each collective runs at the start, in sizes for which NCCL takes different algorithms. These calls
//! wait for the others, on threads that can be left behind: NCCL gives nothing to end them by before it has connected a
//! group.

use crate::{
    Error, Rank,
    failure::{Activity, Failure},
};
use std::{
    cell::Cell,
    ops::Deref,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};
use symm_abi::{CollectiveKind, DType, ReduceOp};
use symm_cuda::{
    Device, Stream,
    memory::DeviceMemory,
    nccl::{Aborter, Collective, Communicator, NcclError, UniqueId},
};

/// Bytes of the collectives that NCCL gets to know.
const SIZES: [usize; 4] = [256, 64 << 10, 1 << 20, 16 << 20];

/// Operands and results of the largest.
const SCRATCH_BYTES: usize = 2 * SIZES[3];

/// Connecting is NCCL's work besides a wait for the others. It has ten times as long as a wait, or this time if that is
/// less.
const WORK: Duration = Duration::from_secs(30);

/// Time between two looks at how the others are doing.
const LOOK: Duration = Duration::from_millis(20);

/// Memory for collectives that compute nothing. Freeing it waits for the devices of all ranks in the process, so it is
/// kept until none of them is in such a collective.
pub(super) type Scratch = Arc<DeviceMemory>;

/// Takes the memory for the collectives of the start.
pub(super) fn scratch(device: &Device) -> Result<Scratch, Error> {
    Ok(Arc::new(DeviceMemory::zeroed(device, SCRATCH_BYTES)?))
}

/// Tells which collective of NCCL's an op is, by its name.
pub(super) fn kind(name: &str) -> Option<CollectiveKind> {
    let (_, name) = name.split_once('.')?;
    let kinds = [
        ("all_reduce", CollectiveKind::AllReduce),
        ("all_gather", CollectiveKind::AllGather),
        ("reduce_scatter", CollectiveKind::ReduceScatter),
        ("all_to_all", CollectiveKind::AllToAll),
        ("broadcast", CollectiveKind::Broadcast),
    ];
    let found = kinds.into_iter().find(|(begin, _)| name.starts_with(begin));
    found.map(|(_, kind)| kind)
}

/// A communicator that its rank may have to leave alone.
///
/// Destroying one waits for its peers, which may never come to that once anything has failed. So it is aborted instead
/// when it is dropped, wherever a start stops, unless the ranks part.
#[derive(Debug)]
pub(super) struct Connected {
    communicator: Communicator,
    parts: Cell<bool>,
}

impl Connected {
    fn new(communicator: Communicator) -> Self {
        Self {
            communicator,
            parts: Cell::new(false),
        }
    }

    /// Lets the communicator be destroyed together with its peers', as all of them are about to.
    pub(super) fn part(&self) {
        self.parts.set(true);
    }
}

impl Deref for Connected {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.communicator
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if !self.parts.get() {
            self.communicator.aborter().start();
        }
    }
}

/// A group that is to be connected, on one of its members.
pub(super) struct Connecting<'a> {
    pub(super) rank: &'a Rank,
    pub(super) device: &'a Device,
    pub(super) group: u32,
    /// This rank's number in the group, and the group's size.
    pub(super) member: (u32, u32),
    /// What the group's members do by NCCL.
    pub(super) kinds: Vec<CollectiveKind>,
}

impl Connecting<'_> {
    /// Connects the group, together with all its members.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a rank has failed or does not come, or NCCL takes too long; another error when NCCL fails.
    pub(super) fn connect(&self, id: UniqueId, scratch: &Scratch) -> Result<Connected, Error> {
        let (device, (me, size)) = (self.device.clone(), self.member);
        let join = move || Communicator::join(&device, me, size, id).map(Connected::new);
        let connected = self.guarded(join, None)?;
        let aborter = connected.aborter();
        let (device, scratch, kinds) = (self.device.clone(), scratch.clone(), self.kinds.clone());
        let use_all = move || {
            let stream = Stream::new(&device)?;
            for (kind, bytes) in kinds
                .iter()
                .flat_map(|&kind| SIZES.map(|bytes| (kind, bytes)))
            {
                let collective = example(kind, bytes, size as usize, scratch.address());
                // SAFETY: operand and result are halves of the scratch memory, which is kept until the stream was waited
                // for.
                unsafe { connected.collective(&stream, &collective) }?;
            }
            stream.synchronize()?;
            Ok(connected)
        };
        self.guarded(use_all, Some(&aborter))
    }

    /// Does what waits for the other members on a thread of its own, which is left behind where they don't come.
    fn guarded<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, NcclError> + Send + 'static,
        aborter: Option<&Aborter>,
    ) -> Result<T, Error> {
        let Self { rank, group, .. } = *self;
        rank.record().set(Activity::Connecting { group });
        let (sender, done) = mpsc::channel();
        // Nobody listens any more if it took too long.
        let body = move || drop(sender.send(work()));
        let thread = thread::Builder::new().name("NCCL".into()).spawn(body);
        thread.map_err(Error::Watchdog)?;
        let (begin, bound) = (Instant::now(), bound(rank.timeout()));
        let failed = loop {
            match done.recv_timeout(LOOK) {
                Ok(done) => return Ok(done?),
                Err(RecvTimeoutError::Timeout) if rank.has_failed() => break None,
                Err(RecvTimeoutError::Timeout) if begin.elapsed() < bound => {}
                Err(RecvTimeoutError::Timeout) => {
                    break Some(Failure::TimedOut {
                        rank: rank.number(),
                        missing: rank.alarm().missing_in_connecting(group),
                        millis: bound.as_millis() as u64,
                        activity: Activity::Connecting { group },
                    });
                }
                Err(RecvTimeoutError::Disconnected) => {
                    break Some(Failure::RankError {
                        rank: rank.number(),
                        message: "the thread that connects NCCL panicked".into(),
                    });
                }
            }
        };
        if let Some(failure) = failed {
            rank.fail(failure);
        }
        if let Some(aborter) = aborter {
            aborter.start();
        }
        Err(Error::Aborted)
    }
}

fn bound(timeout: Duration) -> Duration {
    timeout.max(timeout.saturating_mul(10).min(WORK))
}

/// Describes a collective of so many bytes on `size` ranks.
fn example(kind: CollectiveKind, bytes: usize, size: usize, scratch: u64) -> Collective {
    let part = (bytes / DType::F32.size() / size).max(1);
    let (input_count, output_count) = match kind {
        CollectiveKind::AllGather => (part, part * size),
        CollectiveKind::ReduceScatter => (part * size, part),
        _ => (part * size, part * size),
    };
    Collective {
        kind,
        dtype: DType::F32,
        op: kind.reduces().then_some(ReduceOp::Sum),
        root: 0,
        input: scratch,
        input_count,
        output: scratch + SIZES[3] as u64,
        output_count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_have_kinds() {
        use CollectiveKind::*;
        for (name, expected) in [
            ("c10d.all_reduce", Some(AllReduce)),
            ("c10d.all_gather_into_tensor", Some(AllGather)),
            ("c10d.reduce_scatter_tensor", Some(ReduceScatter)),
            ("c10d.all_to_all_single", Some(AllToAll)),
            ("c10d.broadcast", Some(Broadcast)),
            ("c10d.wait_tensor", None),
            ("broadcast", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn the_largest_examples_fit_the_memory() {
        use CollectiveKind::*;
        for kind in [AllReduce, AllGather, ReduceScatter, AllToAll, Broadcast] {
            for (bytes, size) in SIZES
                .into_iter()
                .flat_map(|bytes| (1..=8).map(move |n| (bytes, n)))
            {
                let Collective {
                    input,
                    input_count,
                    output,
                    output_count,
                    ..
                } = example(kind, bytes, size, 0);
                assert!(input_count > 0 && output_count > 0);
                assert!(input + 4 * input_count as u64 <= output);
                assert!(output + 4 * output_count as u64 <= SCRATCH_BYTES as u64);
            }
        }
    }

    #[test]
    fn connecting_has_longer_than_a_wait() {
        let bound = |seconds| bound(Duration::from_secs(seconds)).as_secs();
        assert_eq!([bound(1), bound(3), bound(30), bound(90)], [10, 30, 30, 90]);
    }
}
