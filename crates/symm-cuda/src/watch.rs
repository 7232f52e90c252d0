// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The records in which kernels say that a bounded wait failed; the host reads them without waiting for the device.
//!
//! A record, an [`ErrorRecord`], lies in pinned host memory that the device writes. Each channel has one of its own: of
//! the threads of a channel whose waits fail, one claims the record, fills it and writes its kind last; all leave, and so
//! do the other ranks, through the group's abort word. The host looks at one word a channel to know that all is well.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use cudarc::driver::sys;
use symm_abi::gpu::{ErrorRecord, RECORD_ABORTED, RECORD_TIMEOUT};

use crate::{
    driver::Device,
    error::{Error, Result},
    memory::HostMapped,
};

const RECORD_BYTES: usize = size_of::<ErrorRecord>();
const WORDS: usize = RECORD_BYTES / 4;

/// One rank's records, in pinned memory that its device writes and its host reads.
#[derive(Debug)]
pub struct Watch {
    page: HostMapped,
    rank: u32,
}

/// The names behind the numbers of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The op, as its user knows it.
    pub op: String,
    /// What the op's protocol was at.
    pub phase: String,
}

impl Watch {
    /// Makes empty records for `rank` on `device`, one for each of `channels` channels.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if memory cannot be pinned.
    pub fn new(device: &Device, rank: u32, channels: usize) -> Result<Self> {
        Ok(Self {
            page: HostMapped::new(device, channels * RECORD_BYTES)?,
            rank,
        })
    }

    /// Returns the address that the kernels of a channel write to.
    ///
    /// # Errors
    ///
    /// [`Error::Range`] if there is no such channel.
    pub fn device_address(&self, channel: usize) -> Result<sys::CUdeviceptr> {
        self.page
            .device_address(channel * RECORD_BYTES, RECORD_BYTES)
    }

    /// Returns what a kernel has recorded, a wait that ran out before one that was given up; `None` while all is well.
    pub fn record(&self) -> Option<ErrorRecord> {
        first(self.page.words32())
    }

    /// Fails if a kernel's wait has failed; costs one load while all is well.
    ///
    /// `bound` is the longest wait that the kernels were given, and `names` says what the record's numbers mean.
    ///
    /// # Errors
    ///
    /// [`Error::WaitTimedOut`] or [`Error::GroupAborted`].
    pub fn check(&self, bound: Duration, names: impl FnOnce(&ErrorRecord) -> Names) -> Result<()> {
        match self.record() {
            None => Ok(()),
            Some(record) => {
                let names = names(&record);
                Err(describe(self.rank, &record, names, bound))
            }
        }
    }

    /// Empties the records once the group is usable again; no kernel of the rank may be running.
    pub fn clear(&self) {
        let words = self.page.words32().iter();
        words.for_each(|word| word.store(0, Ordering::Release));
    }
}

/// Finds what is to be said in the words of some records.
fn first(words: &[AtomicU32]) -> Option<ErrorRecord> {
    let mut given_up = None;
    for words in words.chunks_exact(WORDS) {
        let kind = words[0].load(Ordering::Acquire);
        if kind == 0 {
            continue;
        }
        // What was written before the kind is visible now that the kind is.
        let word = |index: usize| words[index].load(Ordering::Relaxed);
        let record = ErrorRecord {
            kind,
            op: word(1),
            phase: word(2),
            peer: word(3),
            epoch: word(4),
            block: word(5),
            cause: word(6),
            reserved: 0,
        };
        if kind == RECORD_TIMEOUT {
            return Some(record);
        }
        given_up.get_or_insert(record);
    }
    given_up
}

fn describe(rank: u32, record: &ErrorRecord, names: Names, bound: Duration) -> Error {
    let Names { op, phase } = names;
    let peer = record.peer;
    match record.kind {
        RECORD_TIMEOUT => Error::WaitTimedOut {
            rank,
            peer,
            op,
            phase,
            bound,
        },
        RECORD_ABORTED => Error::GroupAborted {
            rank,
            peer,
            op,
            phase,
            cause: record.cause,
        },
        kind => Error::UnknownRecord { rank, kind },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: u32) -> String {
        let record = ErrorRecord {
            kind,
            peer: 3,
            cause: 2,
            ..ErrorRecord::default()
        };
        let names = Names {
            op: "all_reduce_7".into(),
            phase: "gather".into(),
        };
        describe(0, &record, names, Duration::from_millis(1500)).to_string()
    }

    #[test]
    fn errors_name_op_phase_and_rank() {
        assert!(
            text(RECORD_TIMEOUT).starts_with(
                "rank 0: rank 3 did not arrive at op 'all_reduce_7', phase 'gather', within 1.5 s"
            ),
            "{}",
            text(RECORD_TIMEOUT)
        );
        assert!(
            text(RECORD_ABORTED).starts_with("rank 0: left op 'all_reduce_7', phase 'gather', waiting for rank 3, because rank 2 had given up"),
            "{}",
            text(RECORD_ABORTED)
        );
        assert!(text(9).contains("kind 9"));
    }

    #[test]
    fn a_wait_that_ran_out_is_told_before_one_that_was_given_up() {
        let words: Vec<AtomicU32> = (0..3 * WORDS).map(|_| AtomicU32::new(0)).collect();
        assert_eq!(first(&words), None);
        let fill = |record: usize, kind, op| {
            words[record * WORDS + 1].store(op, Ordering::Relaxed);
            words[record * WORDS].store(kind, Ordering::Release);
            first(&words).map(|found| (found.kind, found.op))
        };
        assert_eq!(fill(1, RECORD_ABORTED, 5), Some((RECORD_ABORTED, 5)));
        assert_eq!(fill(2, RECORD_TIMEOUT, 6), Some((RECORD_TIMEOUT, 6)));
    }

    #[test]
    fn the_record_is_words_only() {
        assert_eq!(RECORD_BYTES % 4, 0);
        assert_eq!(std::mem::offset_of!(ErrorRecord, kind), 0);
        assert_eq!(std::mem::offset_of!(ErrorRecord, peer), 12);
        assert_eq!(std::mem::offset_of!(ErrorRecord, cause), 24);
    }
}
