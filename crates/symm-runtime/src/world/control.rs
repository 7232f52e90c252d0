// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The control block of a world: one page range of shared memory that says how every rank is doing.

use super::record::Record;
use crate::{
    failure::{Activity, Failure, FailureReport},
    shm::{PAGE, SharedMemory},
};
use rustix::{
    event::Timespec,
    thread::futex::{self, Flags},
};
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// Room for the report of a failure, as JSON: 256 ranks with long messages.
const REPORT_BYTES: usize = 256 << 10;

/// Longest message that is kept of a failure.
const MESSAGE_BYTES: usize = 4 << 10;

/// Values of [`Header::state`].
const HEALTHY: u32 = 0;
const RECORDING: u32 = 1;
const FAILED: u32 = 2;

#[repr(C, align(128))]
struct Header {
    state: AtomicU32,
    report_bytes: AtomicU32,
    /// Counts what wakes those who wait for an alarm, in any process.
    alarms: AtomicU32,
}

/// The mapped control block.
#[derive(Debug)]
pub(crate) struct Control {
    memory: SharedMemory,
    ranks: u32,
}

impl Control {
    fn report_offset(ranks: u32) -> usize {
        (size_of::<Header>() + ranks as usize * size_of::<Record>()).next_multiple_of(PAGE)
    }

    pub(crate) fn create(ranks: u32) -> io::Result<Self> {
        let length = Self::report_offset(ranks) + REPORT_BYTES;
        let memory = SharedMemory::create("symm-control", length)?;
        memory.reserve(0..length)?;
        Ok(Self { memory, ranks })
    }

    pub(crate) fn join(file: OwnedFd, ranks: u32) -> io::Result<Self> {
        let memory = SharedMemory::join(file, Self::report_offset(ranks) + REPORT_BYTES)?;
        Ok(Self { memory, ranks })
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.memory.file()
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a header; all of its fields are atomics, valid for any bytes.
        unsafe { &*self.memory.base().cast() }
    }

    /// Returns the record of a rank.
    pub(crate) fn record(&self, rank: u32) -> &Record {
        assert!(rank < self.ranks, "rank {rank} of {}", self.ranks);
        // SAFETY: `ranks` records follow the header; all of their fields are atomics, valid for any bytes.
        unsafe {
            &*self
                .memory
                .base()
                .add(size_of::<Header>())
                .cast::<Record>()
                .add(rank as usize)
        }
    }

    /// Tells whether anything has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.header().state.load(Ordering::Acquire) != HEALTHY
    }

    /// Records a failure, unless another one was first.
    pub(crate) fn fail(&self, failure: Failure) {
        let state = &self.header().state;
        if state
            .compare_exchange(HEALTHY, RECORDING, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            return;
        }
        tracing::debug!(?failure, "recorded");
        let activities = (0..self.ranks)
            .map(|rank| self.record(rank).activity())
            .collect();
        let report = FailureReport {
            failure: failure.clipped(),
            activities,
        };
        let json = serde_json::to_vec(&report).unwrap_or_default();
        let length = json.len().min(REPORT_BYTES);
        // SAFETY: the report area has REPORT_BYTES bytes; only the rank that changed the state to RECORDING writes it.
        unsafe {
            let area = self.memory.base().add(Self::report_offset(self.ranks));
            area.copy_from_nonoverlapping(json.as_ptr(), length);
        }
        self.header()
            .report_bytes
            .store(length as u32, Ordering::Relaxed);
        state.store(FAILED, Ordering::Release);
        self.wake();
    }

    /// Returns a number that changes with every alarm, for [`wait_for_alarm`](Self::wait_for_alarm).
    pub(crate) fn alarms(&self) -> u32 {
        self.header().alarms.load(Ordering::Acquire)
    }

    /// Waits until something has failed or [`wake`](Self::wake) was called since there were `seen` alarms, or for that
    /// time.
    pub(crate) fn wait_for_alarm(&self, seen: u32, bound: Duration) {
        let bound = Timespec {
            tv_sec: bound.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: bound.subsec_nanos().into(),
        };
        // Woken, too late or interrupted: the caller looks for itself.
        let _ = futex::wait(&self.header().alarms, Flags::empty(), seen, Some(&bound));
    }

    /// Wakes all who wait for an alarm.
    pub(crate) fn wake(&self) {
        self.header().alarms.fetch_add(1, Ordering::AcqRel);
        let _ = futex::wake(&self.header().alarms, Flags::empty(), i32::MAX as u32);
    }

    /// Returns the recorded failure, if there is one.
    pub(crate) fn report(&self) -> Option<FailureReport> {
        let deadline = Instant::now() + Duration::from_secs(1);
        while self.header().state.load(Ordering::Acquire) == RECORDING && Instant::now() < deadline
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        match self.header().state.load(Ordering::Acquire) {
            HEALTHY => None,
            FAILED => {
                let mut report = self.read_report().unwrap_or_else(|| self.lost_report());
                self.add_evidence(&mut report);
                Some(report)
            }
            _ => Some(self.lost_report()),
        }
    }

    fn read_report(&self) -> Option<FailureReport> {
        let length = self.header().report_bytes.load(Ordering::Relaxed) as usize;
        // SAFETY: the area is written once, before the state became FAILED, which was read with acquire order.
        let json = unsafe {
            let area = self.memory.base().add(Self::report_offset(self.ranks));
            std::slice::from_raw_parts(area, length.min(REPORT_BYTES))
        };
        serde_json::from_slice(json).ok()
    }

    /// Adds what ranks have learned since of the work that they had given their GPUs.
    fn add_evidence(&self, report: &mut FailureReport) {
        for (rank, activity) in (0..self.ranks).zip(&mut report.activities) {
            let now = self.record(rank).activity();
            let knows_more = matches!(now, Activity::Waiting { .. } | Activity::Library { .. });
            if *activity == Activity::Device && knows_more {
                *activity = now;
            }
        }
    }

    /// Stands in for a report whose writer was killed while writing it.
    fn lost_report(&self) -> FailureReport {
        let activities = (0..self.ranks)
            .map(|rank| self.record(rank).activity())
            .collect();
        FailureReport {
            failure: Failure::Lost,
            activities,
        }
    }
}

impl Failure {
    /// Shortens a message so that the report fits its area.
    fn clipped(mut self) -> Self {
        if let Self::BadCall { message: text, .. }
        | Self::RankError { message: text, .. }
        | Self::RankDied { how: text, .. }
        | Self::HeapMemory { reason: text, .. } = &mut self
        {
            let end = (0..=MESSAGE_BYTES.min(text.len())).rfind(|&end| text.is_char_boundary(end));
            text.truncate(end.unwrap_or(0));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_is_kept_with_its_surroundings() {
        let control = Control::create(3).unwrap();
        assert!(!control.has_failed());
        assert_eq!(control.report(), None);
        let waiting = Activity::Waiting {
            op: 1,
            phase: 2,
            peer: 0,
            epoch: 9,
        };
        control.record(1).set(waiting);
        control.record(2).set(Activity::Computing { after: None });
        let first = Failure::RankDied {
            rank: 0,
            how: "killed by signal 9".into(),
        };
        control.fail(first.clone());
        control.fail(Failure::HostMemory { rank: 1, bytes: 1 });
        let report = control.report().unwrap();
        assert_eq!(report.failure, first);
        assert_eq!(
            report.activities,
            [
                Activity::Absent,
                waiting,
                Activity::Computing { after: None }
            ]
        );
    }

    #[test]
    fn what_a_gpu_was_at_is_learned_after_the_failure() {
        let control = Control::create(2).unwrap();
        control.record(0).set(Activity::Device);
        control.record(1).set(Activity::Loading);
        control.fail(Failure::RankDied {
            rank: 1,
            how: "killed by SIGKILL".into(),
        });
        let waiting = Activity::Waiting {
            op: 3,
            phase: 1,
            peer: 1,
            epoch: 7,
        };
        control.record(0).set(waiting);
        control.record(1).set(waiting);
        let activities = control.report().unwrap().activities;
        assert_eq!(activities, [waiting, Activity::Loading]);
    }

    #[test]
    fn a_failure_wakes_who_waits_for_it() {
        let control = Control::create(1).unwrap();
        let seen = control.alarms();
        let (begin, bound) = (Instant::now(), Duration::from_secs(30));
        std::thread::scope(|scope| {
            scope.spawn(|| control.wait_for_alarm(seen, bound));
            control.fail(Failure::HostMemory { rank: 0, bytes: 1 });
        });
        control.wait_for_alarm(seen, bound);
        assert!(begin.elapsed() < bound);
        let begin = Instant::now();
        control.wait_for_alarm(control.alarms(), Duration::from_millis(20));
        assert!(begin.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn the_longest_report_fits() {
        let control = Control::create(256).unwrap();
        let wait = Activity::Waiting {
            op: u32::MAX - 1,
            phase: u32::MAX,
            peer: u32::MAX,
            epoch: u32::MAX,
        };
        (0..256).for_each(|rank| control.record(rank).set(wait));
        control.fail(Failure::RankError {
            rank: 7,
            message: "\u{1}é".repeat(10_000),
        });
        let report = control.report().unwrap();
        assert!(matches!(report.failure, Failure::RankError { rank: 7, .. }));
        assert_eq!(report.activities, [wait; 256]);
    }

    #[test]
    fn a_report_that_nobody_finished_is_not_waited_for_long() {
        let control = Control::create(1).unwrap();
        control.header().state.store(RECORDING, Ordering::Release);
        control.fail(Failure::HostMemory { rank: 0, bytes: 1 });
        assert_eq!(control.report().unwrap().failure, Failure::Lost);
    }
}
