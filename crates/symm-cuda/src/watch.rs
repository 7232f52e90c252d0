// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The record in which a kernel says that a bounded wait failed; the host reads it without waiting for the device.
//!
//! The record, an [`ErrorRecord`], lies in pinned host memory that the device writes. Of the threads whose waits fail, one
//! claims the record, fills it and writes its kind last; all leave, and so do the other ranks, through the group's abort
//! word. The host looks at one word to know that all is well.

use std::{sync::atomic::Ordering, time::Duration};

use cudarc::driver::sys;
use symm_abi::gpu::{ErrorRecord, RECORD_ABORTED, RECORD_TIMEOUT};

use crate::{
    driver::Device,
    error::{Error, Result},
    memory::HostMapped,
};

const RECORD_BYTES: usize = size_of::<ErrorRecord>();
const WORDS: usize = RECORD_BYTES / 4;

/// One rank's record, in pinned memory that its device writes and its host reads.
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
    /// Makes an empty record for `rank` on `device`.
    ///
    /// # Errors
    ///
    /// [`Error::Call`] if memory cannot be pinned.
    pub fn new(device: &Device, rank: u32) -> Result<Self> {
        Ok(Self {
            page: HostMapped::new(device, RECORD_BYTES)?,
            rank,
        })
    }

    /// Returns the address that kernels write to.
    pub fn device_address(&self) -> sys::CUdeviceptr {
        self.page
            .device_address(0, RECORD_BYTES)
            .expect("the record is as large as its page")
    }

    /// Returns what a kernel has recorded; `None` while all is well.
    pub fn record(&self) -> Option<ErrorRecord> {
        let kind = self.word(0).load(Ordering::Acquire);
        // What was written before the kind is visible now that the kind is.
        let word = |index| self.word(index).load(Ordering::Relaxed);
        (kind != 0).then(|| ErrorRecord {
            kind,
            op: word(1),
            phase: word(2),
            peer: word(3),
            epoch: word(4),
            block: word(5),
            cause: word(6),
            reserved: 0,
        })
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

    /// Empties the record once the group is usable again; no kernel of the rank may be running.
    pub fn clear(&self) {
        (0..WORDS).for_each(|index| self.word(index).store(0, Ordering::Release));
    }

    fn word(&self, index: usize) -> &std::sync::atomic::AtomicU32 {
        self.page
            .word32(index * 4)
            .expect("the word lies inside the record")
    }
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
    fn the_record_is_words_only() {
        assert_eq!(RECORD_BYTES % 4, 0);
        assert_eq!(std::mem::offset_of!(ErrorRecord, kind), 0);
        assert_eq!(std::mem::offset_of!(ErrorRecord, peer), 12);
        assert_eq!(std::mem::offset_of!(ErrorRecord, cause), 24);
    }
}
