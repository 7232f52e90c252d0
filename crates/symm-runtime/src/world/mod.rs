// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A world: the ranks of one run and the memory that they share.

mod control;
mod record;
mod spec;

pub(crate) use control::Control;
pub(crate) use record::Record;
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
    /// By group; `None` where this process has no member, or the heaps are not in the host's memory.
    pub(crate) groups: Vec<Option<GroupMemory>>,
}

impl World {
    /// Creates the memory of a world.
    ///
    /// # Errors
    /// When the system does not give the memory.
    pub fn create(spec: WorldSpec) -> Result<Self, Error> {
        let control = Control::create(spec.size).map_err(Error::Control)?;
        let memory = |group| {
            spec.host_heaps
                .then(|| GroupMemory::create(group))
                .transpose()
        };
        let groups = spec.groups.iter().map(memory).collect::<Result<_, _>>()?;
        Ok(Self {
            shared: Arc::new(Shared {
                spec,
                control,
                groups,
            }),
        })
    }

    /// Returns the files to hand to the processes that join: the control block, then one per group with a heap in the host's memory.
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
        let heaps = if spec.host_heaps {
            spec.groups.len()
        } else {
            0
        };
        if files.len() != heaps + 1 || rank >= spec.size {
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
        let groups = if spec.host_heaps {
            let groups = spec.groups.iter().zip(files);
            groups.map(member).collect::<Result<_, _>>()?
        } else {
            spec.groups.iter().map(|_| None).collect()
        };
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

    /// Takes the part of one rank; to be done once per rank. Whoever takes it says in the end, with [`finish`](Self::finish),
    /// that all went well.
    ///
    /// # Panics
    /// When the world has no such rank, or it was taken before, by whichever process.
    pub fn rank(&self, rank: u32) -> Rank {
        self.take(rank).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Takes the part of one rank, unless it was taken before: what the ranks have counted since can't be caught up with.
    pub(crate) fn take(&self, rank: u32) -> Result<Rank, Error> {
        let size = self.shared.spec.size;
        if rank >= size {
            return Err(Error::NoRank { rank, size });
        }
        if !self.shared.control.record(rank).take() {
            return Err(Error::RankTaken { rank });
        }
        Ok(Rank::new(self.shared.clone(), rank))
    }

    /// Says that a rank is done with everything, without an error: from now on its process may end.
    ///
    /// [`launch`](crate::launch) does it for the ranks that it runs. A rank that is only dropped may have been so because of
    /// an error, which the others are to hear of.
    pub fn finish(&self, rank: u32) {
        // After a failure the record stays as evidence of what the rank was doing.
        if !self.has_failed() {
            self.shared.control.record(rank).set(Activity::Finished);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch;
    use std::time::Duration;

    fn spec(groups: u32) -> WorldSpec {
        let group = |index| GroupSpec {
            name: format!("g{index}"),
            ranks: vec![0, 1],
            heap_bytes: 4096,
        };
        WorldSpec {
            size: 2,
            groups: (0..groups).map(group).collect(),
            timeout: Duration::from_secs(1),
            plan_hash: String::new(),
            host_heaps: true,
        }
    }

    /// The files of a world, as another process gets them.
    fn files(world: &World) -> Vec<OwnedFd> {
        let files = world.files().into_iter();
        files
            .map(|file| file.try_clone_to_owned().unwrap())
            .collect()
    }

    #[test]
    fn heaps_on_gpus_are_no_files_here() {
        let world = World::create(spec(20).without_heaps()).unwrap();
        assert_eq!(world.files().len(), 1);
        let joined = World::join(world.spec().clone(), files(&world), 1).unwrap();
        joined.rank(1).record().set(Activity::Finished);
        assert!(world.has_finished(1));
        let with_heaps = World::create(spec(20)).unwrap();
        assert_eq!(with_heaps.files().len(), 21);
        assert!(World::join(spec(20), files(&world), 1).is_err());
    }

    #[test]
    fn a_rank_that_is_dropped_has_not_finished() {
        let world = World::create(spec(1)).unwrap();
        drop(world.rank(0));
        assert!(!world.has_finished(0));
        world.finish(0);
        assert!(world.has_finished(0));
        world.fail(Failure::Lost);
        world.finish(1);
        assert!(!world.has_finished(1));
    }

    #[test]
    fn ranks_are_launched_once() {
        let world = World::create(spec(1)).unwrap();
        launch::threads(&world, |_| Ok(())).unwrap();
        let error = launch::threads(&world, |_| Ok(())).unwrap_err();
        let Failure::RankError { message, .. } = error.report.failure else {
            panic!("{error:?}")
        };
        assert!(
            message.contains("of this world was started before"),
            "{message}"
        );
    }

    #[test]
    fn a_rank_is_taken_once_by_all_processes() {
        let world = World::create(spec(1)).unwrap();
        let joined = World::join(world.spec().clone(), files(&world), 1).unwrap();
        drop(world.take(1).unwrap());
        let error = joined.take(1).unwrap_err().to_string();
        assert!(
            error.contains("rank 1 of this world was started before"),
            "{error}"
        );
        assert!(joined.take(0).is_ok());
        assert!(matches!(
            joined.take(2),
            Err(Error::NoRank { rank: 2, size: 2 })
        ));
    }
}
