// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a rank learns of failures without asking its device, on any of its threads.

use super::abort::Abort;
use crate::{
    Program,
    failure::{Activity, Failure},
    rank::{Alarm, Failed},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};
use symm_abi::gpu::{ErrorRecord, RECORD_TIMEOUT};
use symm_cuda::{
    Stream,
    mark::{Look, Mark},
    watch::Watch,
};

/// Time that the rank which gave up first has to say so.
const EXPLANATION: Duration = Duration::from_secs(2);

const SLEEP: Duration = Duration::from_micros(50);

/// Looks at what kernels record, at what NCCL is in, and at whether the world has failed.
pub(super) struct Lookout {
    pub(super) alarm: Alarm,
    program: Program,
    watch: Arc<Watch>,
    /// Says which op the device is in by NCCL, counted from 1.
    pub(super) mark: Arc<Mark>,
    call: Mutex<Option<Call>>,
    pub(super) abort: Abort,
}

/// A call of NCCL's that lasts.
struct Call {
    op: u32,
    begun: Instant,
    /// Where it puts work, unless that is captured.
    stream: Option<Stream>,
}

/// A call of NCCL's that lasts until this is dropped.
pub(super) struct InCall<'a>(&'a Lookout);

/// Since when a device has been in what it is in by NCCL.
#[derive(Debug, Default)]
pub(super) struct Since(Option<Instant>);

impl Since {
    /// Takes note of a look; tells whether the device has been in the same collective for longer than the bound.
    fn is_late(&mut self, look: Look, now: Instant, bound: Duration) -> bool {
        let since = match self.0 {
            Some(since) if look.lasts => since,
            _ => now,
        };
        self.0 = (look.value != 0).then_some(since);
        look.value != 0 && now.duration_since(since) > bound
    }
}

impl Lookout {
    pub(super) fn new(
        alarm: Alarm,
        program: &Program,
        (watch, mark): (Arc<Watch>, Arc<Mark>),
        abort: Abort,
    ) -> Self {
        Self {
            alarm,
            program: program.clone(),
            watch,
            mark,
            call: Mutex::default(),
            abort,
        }
    }

    /// Begins a call of NCCL's, for an op, that puts work into a stream or, without one, into a graph.
    pub(super) fn call(&self, op: u32, stream: Option<&Stream>) -> InCall<'_> {
        *self.lasting() = Some(Call {
            op,
            begun: Instant::now(),
            stream: stream.cloned(),
        });
        InCall(self)
    }

    fn lasting(&self) -> MutexGuard<'_, Option<Call>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for a failure on any rank. While all is well this waits for nothing; where a kernel has left because another
    /// rank had given up, that rank has a moment to say why.
    pub(super) fn check(&self) -> Result<(), Failed> {
        if let Some(record) = self.watch.record() {
            return Err(self.explain(&record));
        }
        if self.alarm.has_failed() {
            return Err(Failed);
        }
        Ok(())
    }

    /// Looks at what NCCL is at, for the one thread that does; it has the world's time-out for each collective, from when
    /// the device has begun it.
    pub(super) fn check_library(&self, since: &mut Since) -> Result<(), Failed> {
        let look = self.mark.look();
        let place = look.value.checked_sub(1).map(|op| (self.group(op), op));
        self.alarm.record().set_library(place);
        let bound = self.alarm.timeout();
        if since.is_late(look, Instant::now(), bound) {
            let op = look.value - 1;
            return Err(self.late(op, Activity::Library { op }));
        }
        let lasting = self.lasting();
        let late = lasting.as_ref().filter(|call| call.begun.elapsed() > bound);
        match late {
            Some(&Call { op, ref stream, .. }) if !is_busy(stream.as_ref()) => {
                Err(self.late(op, Activity::Collective { op }))
            }
            _ => Ok(()),
        }
    }

    fn late(&self, op: u32, activity: Activity) -> Failed {
        self.alarm.fail(Failure::TimedOut {
            rank: self.alarm.number(),
            missing: self.alarm.missing_in_library(self.group(op), op),
            millis: self.alarm.timeout().as_millis() as u64,
            activity,
        })
    }

    fn group(&self, op: u32) -> u32 {
        let op = self.program.manifest().ops.get(op as usize);
        op.map_or(u32::MAX - 1, |op| op.group)
    }

    /// Returns what a kernel of this rank was doing that recorded a failure.
    pub(super) fn evidence(&self) -> Option<Activity> {
        self.watch.record().map(|record| self.activity(&record))
    }

    /// Returns the world rank of a member of an op's group.
    fn world_rank(&self, op: u32, member: u32) -> u32 {
        let groups = &self.program.manifest().groups;
        let group = groups.get(self.group(op) as usize);
        let rank = group.and_then(|group| group.ranks.get(member as usize));
        rank.copied().unwrap_or(member)
    }

    fn activity(&self, record: &ErrorRecord) -> Activity {
        Activity::Waiting {
            op: record.op,
            phase: record.phase,
            peer: self.world_rank(record.op, record.peer),
            epoch: record.epoch,
        }
    }

    /// Turns what a kernel recorded into the failure of the world.
    fn explain(&self, record: &ErrorRecord) -> Failed {
        let alarm = &self.alarm;
        let peer = self.world_rank(record.op, record.peer);
        let activity = self.activity(record);
        alarm.record().set(activity);
        if record.kind == RECORD_TIMEOUT {
            return alarm.fail(Failure::TimedOut {
                rank: alarm.number(),
                missing: vec![peer],
                millis: alarm.timeout().as_millis() as u64,
                activity,
            });
        }
        let begin = Instant::now();
        while begin.elapsed() < EXPLANATION {
            if alarm.has_failed() {
                return Failed;
            }
            sleep(SLEEP);
        }
        alarm.fail(Failure::RankError {
            rank: alarm.number(),
            message: format!(
                "left op {}, waiting for rank {peer}, because rank {} had given up without saying why",
                record.op,
                self.world_rank(record.op, record.cause)
            ),
        })
    }
}

/// Tells whether a stream has work still: a call may wait for room in it, as long as that takes.
fn is_busy(stream: Option<&Stream>) -> bool {
    stream.is_some_and(|stream| matches!(stream.is_done(), Ok(false)))
}

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        *self.0.lasting() = None;
    }
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookout({})", self.alarm.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_without_a_break_is_late() {
        let (begin, bound) = (Instant::now(), Duration::from_secs(10));
        let mut since = Since::default();
        let mut late_after = |seconds, value, lasts| {
            let now = begin + Duration::from_secs(seconds);
            since.is_late(Look { value, lasts }, now, bound)
        };
        assert!(!late_after(0, 0, false));
        assert!(!late_after(100, 5, false));
        assert!(!late_after(105, 5, true));
        // The same op again: a loop.
        assert!(!late_after(111, 5, false));
        assert!(!late_after(121, 5, true));
        assert!(late_after(122, 5, true));
        assert!(!late_after(123, 0, false));
        assert!(!late_after(140, 6, false));
    }
}
