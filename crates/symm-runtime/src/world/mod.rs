// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A world: the ranks of one run and the memory that they share.

mod control;
mod spec;

pub(crate) use control::{Control, Record};
pub use spec::{DEFAULT_HEAP_BYTES, GroupSpec, MAX_RANKS, WorldSpec};

use crate::{
    Error, Rank,
    failure::{Activity, Failure, FailureReport},
    rank::GroupMemory,
};
use std::{
    os::fd::{BorrowedFd, OwnedFd},
    sync::{Arc, Weak},
};

/// The ranks of a run and what they share: a control block, and per group the memory with every member's heap.
///
/// A world is created once, by the host, and [joined](Self::join) by every process that runs ranks of it. It can run
/// entries any number of times until something fails; from then on every rank leaves with an error, and the world
/// [reports](Self::report) the failure that came first.
#[derive(Clone, Debug)]
pub struct World {
    shared: Arc<Shared>,
}

/// A world, as long as somebody else keeps it.
pub(crate) struct WeakWorld(Weak<Shared>);

impl WeakWorld {
    pub(crate) fn upgrade(&self) -> Option<World> {
        let shared = self.0.upgrade()?;
        Some(World { shared })
    }
}

/// The mapped memory of a world.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) spec: WorldSpec,
    pub(crate) control: Control,
    /// By group; `None` where this process has no member.
    pub(crate) groups: Vec<Option<GroupMemory>>,
}

impl World {
    /// Creates the memory of a world.
    ///
    /// # Errors
    /// When the system does not give the memory.
    pub fn create(spec: WorldSpec) -> Result<Self, Error> {
        let control = Control::create(spec.size).map_err(Error::Control)?;
        let groups = spec
            .groups
            .iter()
            .map(|group| GroupMemory::create(group).map(Some))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            shared: Arc::new(Shared {
                spec,
                control,
                groups,
            }),
        })
    }

    /// Returns the files to hand to the processes that join: the control block, then one per group.
    pub fn files(&self) -> Vec<BorrowedFd<'_>> {
        let groups = self.shared.groups.iter().flatten().map(GroupMemory::file);
        std::iter::once(self.shared.control.file())
            .chain(groups)
            .collect()
    }

    /// Maps the memory of a world that another process created, as far as `rank` needs it.
    ///
    /// # Errors
    /// When the files are not those of such a world, or can't be mapped.
    pub fn join(spec: WorldSpec, files: Vec<OwnedFd>, rank: u32) -> Result<Self, Error> {
        if files.len() != spec.groups.len() + 1 || rank >= spec.size {
            return Err(Error::Control(std::io::Error::other(
                "files do not fit the world",
            )));
        }
        let mut files = files.into_iter();
        let control = files.next().ok_or(std::io::ErrorKind::InvalidInput);
        let control = control.map_err(|kind| Error::Control(kind.into()))?;
        let control = Control::join(control, spec.size).map_err(Error::Control)?;
        let member = |(group, file): (&GroupSpec, OwnedFd)| {
            group
                .ranks
                .contains(&rank)
                .then(|| GroupMemory::join(group, file))
                .transpose()
        };
        let groups = spec
            .groups
            .iter()
            .zip(files)
            .map(member)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            shared: Arc::new(Shared {
                spec,
                control,
                groups,
            }),
        })
    }

    /// Returns what the world was created from.
    pub fn spec(&self) -> &WorldSpec {
        &self.shared.spec
    }

    /// Takes the part of one rank; to be done once per rank.
    ///
    /// # Panics
    /// When the world has no such rank.
    pub fn rank(&self, rank: u32) -> Rank {
        Rank::new(self.shared.clone(), rank)
    }

    /// Tells whether anything has failed; a failed world can't be used again.
    pub fn has_failed(&self) -> bool {
        self.shared.control.has_failed()
    }

    /// Returns a hold on the world that does not keep it.
    pub(crate) fn downgrade(&self) -> WeakWorld {
        WeakWorld(Arc::downgrade(&self.shared))
    }

    /// Tells whether a rank is done with everything.
    pub(crate) fn has_finished(&self, rank: u32) -> bool {
        self.shared.control.record(rank).activity() == Activity::Finished
    }

    /// Records a failure that the host found, unless another one came first; every rank leaves soon after.
    pub fn fail(&self, failure: Failure) {
        self.shared.control.fail(failure);
    }

    /// Returns the failure that came first, with what every rank was doing then.
    pub fn report(&self) -> Option<FailureReport> {
        self.shared.control.report()
    }
}
