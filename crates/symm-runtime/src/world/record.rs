// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a rank publishes of itself in the control block, for ranks and hosts that can't ask it.

use crate::{failure::Activity, rank::Steps};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Marks an absent op.
const NONE: u32 = u32::MAX;

/// What one rank publishes of itself.
#[repr(C, align(128))]
pub(crate) struct Record {
    taken: AtomicU32,
    kind: AtomicU32,
    op: AtomicU32,
    phase: AtomicU32,
    peer: AtomicU32,
    epoch: AtomicU32,
    /// Number of meetings that the rank has come to.
    pub(crate) meetings: AtomicU32,
    /// Plan hash of the rank's program; valid from the first meeting on.
    plan: [AtomicU64; 4],
    /// UUID of the rank's GPU; valid from the first meeting on.
    gpu: [AtomicU64; 2],
    /// What the rank's device is in of NCCL's: group, counted from 1, and op; 0 is nothing.
    library: AtomicU64,
    /// What a rank on a GPU says of the collectives that it launches, all groups together. Its host may be far ahead of
    /// the device, and so of its peers.
    pub(crate) steps: Steps<256>,
    /// What it says of those that it captures, by entry; a place may be taken by another one of a large program.
    pub(crate) entry_steps: Steps<256>,
}

impl Record {
    /// Takes the rank; false if it was taken before.
    pub(crate) fn take(&self) -> bool {
        self.taken.swap(1, Ordering::AcqRel) == 0
    }

    /// Publishes what the rank does now.
    pub(crate) fn set(&self, activity: Activity) {
        let (kind, op, wait) = match activity {
            Activity::Absent => (0, NONE, None),
            Activity::Loading => (1, NONE, None),
            Activity::Meeting => (2, NONE, None),
            Activity::Computing { after } => (3, after.unwrap_or(NONE), None),
            Activity::Collective { op } => (4, op, None),
            Activity::Waiting {
                op,
                phase,
                peer,
                epoch,
            } => (5, op, Some((phase, peer, epoch))),
            Activity::Finished => (6, NONE, None),
            Activity::Device => (7, NONE, None),
            Activity::Connecting { group } => (8, group, None),
            Activity::Library { op } => (9, op, None),
        };
        if let Some((phase, peer, epoch)) = wait {
            self.phase.store(phase, Ordering::Relaxed);
            self.peer.store(peer, Ordering::Relaxed);
            self.epoch.store(epoch, Ordering::Relaxed);
        }
        self.op.store(op, Ordering::Relaxed);
        self.kind.store(kind, Ordering::Release);
    }

    /// Reads what the rank does; while it changes, the parts may be of two moments, which a report can bear.
    pub(crate) fn activity(&self) -> Activity {
        let kind = self.kind.load(Ordering::Acquire);
        let op = self.op.load(Ordering::Relaxed);
        match kind {
            1 => Activity::Loading,
            2 => Activity::Meeting,
            3 => Activity::Computing {
                after: (op != NONE).then_some(op),
            },
            4 => Activity::Collective { op },
            5 => Activity::Waiting {
                op,
                phase: self.phase.load(Ordering::Relaxed),
                peer: self.peer.load(Ordering::Relaxed),
                epoch: self.epoch.load(Ordering::Relaxed),
            },
            6 => Activity::Finished,
            7 => match self.library() {
                Some((_, op)) => Activity::Library { op },
                None => Activity::Device,
            },
            8 => Activity::Connecting { group: op },
            9 => Activity::Library { op },
            _ => Activity::Absent,
        }
    }

    /// Publishes which collective of which group the rank's device is in by NCCL, if it is in one.
    pub(crate) fn set_library(&self, place: Option<(u32, u32)>) {
        let word = place.map_or(0, |(group, op)| {
            (u64::from(group) + 1) << 32 | u64::from(op)
        });
        self.library.store(word, Ordering::Release);
    }

    /// Returns the group and the op that the rank's device was last seen in by NCCL.
    pub(crate) fn library(&self) -> Option<(u32, u32)> {
        let word = self.library.load(Ordering::Acquire);
        let group = (word >> 32) as u32;
        Some((group.checked_sub(1)?, word as u32))
    }

    /// Publishes the plan hash, given as hex digits; visible to others with the next meeting.
    pub(crate) fn set_plan(&self, hex: &str) {
        for (word, digits) in self.plan.iter().zip(hex.as_bytes().chunks(16)) {
            let digits = str::from_utf8(digits).unwrap_or_default();
            word.store(
                u64::from_str_radix(digits, 16).unwrap_or_default(),
                Ordering::Relaxed,
            );
        }
    }

    /// Publishes the UUID of the rank's GPU; visible to others with the next meeting.
    pub(crate) fn set_gpu(&self, uuid: [u8; 16]) {
        let number = u128::from_ne_bytes(uuid);
        self.gpu[0].store(number as u64, Ordering::Relaxed);
        self.gpu[1].store((number >> 64) as u64, Ordering::Relaxed);
    }

    /// Returns the UUID of the rank's GPU.
    pub(crate) fn gpu(&self) -> [u8; 16] {
        let half = |index: usize| u128::from(self.gpu[index].load(Ordering::Relaxed));
        (half(0) | half(1) << 64).to_ne_bytes()
    }

    /// Returns the plan hash as hex digits.
    pub(crate) fn plan(&self) -> String {
        self.plan
            .iter()
            .map(|word| format!("{:016x}", word.load(Ordering::Relaxed)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Control;

    #[test]
    fn what_a_gpu_is_in_by_nccl_is_what_its_rank_does() {
        let control = Control::create(1).unwrap();
        let record = control.record(0);
        record.set(Activity::Device);
        assert_eq!(
            (record.library(), record.activity()),
            (None, Activity::Device)
        );
        record.set_library(Some((0, 0)));
        assert_eq!(record.library(), Some((0, 0)));
        assert_eq!(record.activity(), Activity::Library { op: 0 });
        record.set(Activity::Meeting);
        assert_eq!(record.activity(), Activity::Meeting);
        record.set_library(None);
        assert_eq!(record.library(), None);
    }

    #[test]
    fn plans_come_back() {
        let control = Control::create(1).unwrap();
        let plan = "0123456789abcdef".repeat(4);
        control.record(0).set_plan(&plan);
        assert_eq!(control.record(0).plan(), plan);
    }
}
