// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One rank of a world, bound to the thread that runs its code.

mod alarm;
mod heap;
mod layout;
mod member;
mod session;
mod steps;
mod wait;

pub(crate) use alarm::Alarm;
pub(crate) use heap::Heap;
pub(crate) use layout::{GroupMemory, Layout, STAGE_BYTES};
pub(crate) use member::{Group, Member};
pub use session::Session;
pub(crate) use session::check_types;
pub(crate) use steps::{Place, Steps};
pub(crate) use wait::{Awake, Failed, Patience, Wait};

use crate::{
    Error, Program,
    failure::{Activity, Failure, Step},
    world::{Record, Shared},
};
use std::{
    cell::Cell,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use symm_abi::Device;

/// One rank of a [`World`](crate::World); it may move between threads, but not while an entry runs.
#[derive(Debug)]
pub struct Rank {
    shared: Arc<Shared>,
    number: u32,
    groups: Vec<Group>,
    /// Meetings that this rank has called.
    meetings: Cell<u32>,
}

// SAFETY: the raw pointers inside lead to memory that `shared` keeps mapped, valid on every thread of the process.
unsafe impl Send for Rank {}

impl Rank {
    /// Makes a rank that its world has and nobody else has taken.
    pub(crate) fn new(shared: Arc<Shared>, number: u32) -> Self {
        shared.control.record(number).set(Activity::Loading);
        let groups = (0..).zip(shared.spec.groups.iter().zip(&shared.groups));
        let groups = groups
            .map(|(index, (spec, memory))| {
                let me = spec.ranks.iter().position(|&rank| rank == number);
                Group::new(index, spec.ranks.len(), me.zip(memory.as_ref()))
            })
            .collect();
        Self {
            shared,
            number,
            groups,
            meetings: Cell::new(0),
        }
    }

    /// Returns the number of this rank in the world.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Meets all other ranks and checks that they have the same program.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a rank has another program, does not come within the time-out, or fails;
    /// [`Error::OtherProgram`] when all have one that the world is not for; [`Error::Device`] for a program for GPUs, which [`cuda::Session`](crate::cuda::Session) starts.
    pub fn start<'a>(&'a self, program: &'a Program) -> Result<Session<'a>, Error> {
        program.artifact().require(Device::Cpu)?;
        self.agree_on(program)?;
        Ok(Session::new(self, program))
    }

    /// Meets all other ranks and compares the plans of their programs.
    pub(crate) fn agree_on(&self, program: &Program) -> Result<(), Error> {
        let plan = &program.manifest().plan_hash;
        self.record().set_plan(plan);
        self.meet().map_err(|Failed| Error::Aborted)?;
        let other_plan = |other| self.shared.control.record(other).plan();
        if let Some(other) = (0..self.shared.spec.size).find(|&other| other_plan(other) != *plan) {
            self.fail(Failure::DifferentPrograms {
                rank: self.number,
                other,
                hash: plan.clone(),
                other_hash: other_plan(other),
            });
            return Err(Error::Aborted);
        }
        self.shared.spec.check(program)
    }

    /// Returns the UUIDs of all ranks' GPUs, which they published before they met.
    pub(crate) fn gpus(&self) -> Vec<[u8; 16]> {
        let ranks = 0..self.shared.spec.size;
        let gpu = |rank| self.shared.control.record(rank).gpu();
        ranks.map(gpu).collect()
    }

    /// Returns the bound of every wait.
    pub(crate) fn timeout(&self) -> Duration {
        self.shared.spec.timeout
    }

    pub(crate) fn record(&self) -> &Record {
        self.shared.control.record(self.number)
    }

    /// Returns what another thread learns and tells of failures by.
    pub(crate) fn alarm(&self) -> Alarm {
        Alarm {
            shared: self.shared.clone(),
            number: self.number,
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.shared.control.has_failed()
    }

    pub(crate) fn set_computing(&self, after: u32) {
        self.record()
            .set(Activity::Computing { after: Some(after) });
    }

    /// Records that generated code asked for something that can't be.
    pub(crate) fn bad_call(&self, message: String) -> Failed {
        self.fail(Failure::BadCall {
            rank: self.number,
            op: None,
            message,
        })
    }

    /// Returns a group, if there is one with this index.
    pub(crate) fn group(&self, index: u32) -> Option<&Group> {
        self.groups.get(index as usize)
    }

    /// Returns a group that this rank is in.
    pub(crate) fn member(&self, index: u32) -> Option<Member<'_>> {
        let group = self.group(index)?;
        let memory = self.shared.groups[index as usize].as_ref()?;
        let ranks = &self.shared.spec.groups[index as usize].ranks;
        let me = ranks.iter().position(|&rank| rank == self.number)?;
        Some(Member {
            rank: self,
            group,
            memory,
            ranks,
            me,
        })
    }

    /// Publishes a collective of a group for a rank whose device does the work, and compares it with those of the members
    /// that are there already. The last one to come sees all others, so a mismatch is seen unless too much has come since.
    pub(crate) fn announce(&self, group: u32, place: Place, step: Step) -> Result<(), Failed> {
        let groups = &self.shared.spec.groups;
        let number = place.number() * groups.len() as u64 + u64::from(group);
        let steps = |rank| place.steps(self.shared.control.record(rank));
        steps(self.number).publish(number, step);
        let other_step = |&peer: &u32| {
            let peer_step = steps(peer).step(number);
            peer_step
                .filter(|&other| other != step)
                .map(|step| (peer, step))
        };
        let members = groups.get(group as usize).map(|group| &group.ranks);
        match members.into_iter().flatten().find_map(other_step) {
            None => Ok(()),
            Some((peer, peer_step)) => Err(self.fail(Failure::Mismatch {
                rank: self.number,
                group,
                step,
                peer,
                peer_step,
            })),
        }
    }

    /// Waits until every rank of the world has come to the meeting of the same number.
    pub(crate) fn meet(&self) -> Result<(), Failed> {
        self.meet_awake(Awake::Briefly)
    }

    /// As [`meet`](Self::meet), but all ranks go on within microseconds of each other, so that what they do together can be
    /// timed. Who waited long for a meeting has slept, and leaves it late by up to a sixteenth of that time: a second one,
    /// of which nobody sleeps, makes up for it.
    pub(crate) fn line_up(&self) -> Result<(), Failed> {
        self.meet()?;
        self.meet_awake(Awake::UntilAllWake)
    }

    fn meet_awake(&self, awake: Awake) -> Result<(), Failed> {
        let number = self.meetings.get().wrapping_add(1);
        self.meetings.set(number);
        self.record().set(Activity::Meeting);
        self.record().meetings.store(number, Ordering::Release);
        let size = self.shared.spec.size;
        let absent = |&rank: &u32| (self.meetings_of(rank).wrapping_sub(number) as i32) < 0;
        self.wait_until(&Wait {
            activity: Activity::Meeting,
            awake,
            reached: &|| (0..size).all(|rank| !absent(&rank)),
            trouble: &|| None,
            late: &|| self.missed_meeting((0..size).filter(absent).collect()),
            patience: &|| self.patience_with((0..size).filter(absent)),
        })?;
        if self.has_failed() {
            Err(Failed)
        } else {
            Ok(())
        }
    }

    /// Says what has failed where ranks have not come to a meeting. If NCCL holds one of them up, whoever it waits for is
    /// to blame.
    fn missed_meeting(&self, missing: Vec<u32>) -> Failure {
        let millis = self.timeout().as_millis() as u64;
        let held_up = missing.iter().find_map(|&rank| {
            let (group, op) = self.shared.control.record(rank).library()?;
            Some(Failure::TimedOut {
                rank,
                missing: self.shared.missing_in_library(rank, group, op),
                millis,
                activity: Activity::Library { op },
            })
        });
        held_up.unwrap_or(Failure::TimedOut {
            rank: self.number,
            missing,
            millis,
            activity: Activity::Meeting,
        })
    }

    fn patience_with(&self, absent: impl Iterator<Item = u32>) -> Patience {
        let activity = |rank| self.shared.control.record(rank).activity();
        absent
            .map(activity)
            .fold(Patience::Over, |patience, activity| match activity {
                Activity::Connecting { .. } => Patience::Renewed,
                _ if activity.is_bounded_wait() && patience == Patience::Over => Patience::Moment,
                _ => patience,
            })
    }

    /// Tells whether a rank has come to a meeting that this rank has not called yet: it has left the run.
    pub(crate) fn has_finished_run(&self, rank: u32) -> bool {
        self.meetings_of(rank).wrapping_sub(self.meetings.get()) as i32 > 0
    }

    fn meetings_of(&self, rank: u32) -> u32 {
        self.shared
            .control
            .record(rank)
            .meetings
            .load(Ordering::Acquire)
    }
}
