// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What any thread of a rank learns and tells of failures by.

use super::Failed;
use crate::{
    failure::{Activity, Failure},
    world::{Record, Shared},
};
use std::{sync::Arc, time::Duration};

/// A rank of a world as another thread of its process sees it: what has failed, and what the others are at.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    pub(super) shared: Arc<Shared>,
    pub(super) number: u32,
}

impl Alarm {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.shared.spec.timeout
    }

    pub(crate) fn record(&self) -> &Record {
        self.shared.control.record(self.number)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.shared.control.has_failed()
    }

    /// Records a failure, unless one came first.
    pub(crate) fn fail(&self, failure: Failure) -> Failed {
        self.shared.control.fail(failure);
        Failed
    }

    /// Waits until something has failed or [`wake`](Self::wake) was called after `look`, or for that time.
    pub(crate) fn wait(&self, bound: Duration, look: impl FnOnce() -> bool) {
        let seen = self.shared.control.alarms();
        if look() {
            self.shared.control.wait_for_alarm(seen, bound);
        }
    }

    /// Wakes every thread of every process that waits for an alarm of this world.
    pub(crate) fn wake(&self) {
        self.shared.control.wake();
    }

    /// Names the members of a group that have not come to a collective of NCCL's which this rank is in.
    pub(crate) fn missing_in_library(&self, group: u32, op: u32) -> Vec<u32> {
        self.shared.missing_in_library(self.number, group, op)
    }

    /// Names the members of a group that have not come to where this rank connects it through NCCL, or to later.
    pub(crate) fn missing_in_connecting(&self, group: u32) -> Vec<u32> {
        let activity = |rank| self.shared.control.record(rank).activity();
        let has_come = |&rank: &u32| match activity(rank) {
            Activity::Connecting { group: other } => other >= group,
            activity => activity == Activity::Meeting,
        };
        let members = self.shared.spec.groups.get(group as usize);
        let members = members.into_iter().flat_map(|group| &group.ranks).copied();
        members.filter(|rank| !has_come(rank)).collect()
    }
}

impl Shared {
    /// Names the members of a group that have not come to a collective of NCCL's which `rank` is in.
    ///
    /// Those are the ones whose devices are not seen in it. Some may have left it already, as the source of a broadcast
    /// does: if any has not even put as many collectives into its stream as the rank has, it is to blame.
    pub(super) fn missing_in_library(&self, rank: u32, group: u32, op: u32) -> Vec<u32> {
        let members = self.spec.groups.get(group as usize);
        let members = members.into_iter().flat_map(|group| &group.ranks).copied();
        let is_away = |&other: &u32| {
            let record = self.control.record(other);
            let is_there = record.library() == Some((group, op))
                || record.activity() == Activity::Collective { op };
            other != rank && !is_there
        };
        let away: Vec<u32> = members.filter(is_away).collect();
        let count = self.spec.groups.len() as u64;
        let own = self
            .control
            .record(rank)
            .steps
            .last(|number| number % count == u64::from(group));
        let is_behind = |other: &u32| self.control.record(*other).steps.is_before(own);
        let behind: Vec<u32> = away.iter().copied().filter(is_behind).collect();
        if behind.is_empty() { away } else { behind }
    }
}
