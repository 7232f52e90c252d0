// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What went wrong in a world: one failure, the first, and what every rank was doing at that moment.

mod report;

pub(crate) use report::short;

use serde::{Deserialize, Serialize};

/// The first failure of a world; ranks are world ranks, ops and groups are indices in the manifest.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Failure {
    /// The arena of a GPU has no room for an ordinary buffer.
    ArenaExhausted {
        rank: u32,
        bytes: u64,
        free: u64,
        capacity: u64,
    },
    /// Generated code asked the runtime for something that can't be: a defect of the compiler or of a hand-made artifact.
    BadCall {
        rank: u32,
        op: Option<u32>,
        message: String,
    },
    /// Two ranks loaded programs with different plan hashes.
    DifferentPrograms {
        rank: u32,
        other: u32,
        hash: String,
        other_hash: String,
    },
    /// A symmetric heap has no room for a buffer.
    HeapExhausted {
        rank: u32,
        group: u32,
        bytes: u64,
        free: u64,
        capacity: u64,
    },
    /// The system has no memory behind a symmetric heap.
    HeapMemory {
        rank: u32,
        group: u32,
        bytes: u64,
        reason: String,
    },
    /// The system has no memory for an ordinary buffer.
    HostMemory { rank: u32, bytes: u64 },
    /// A rank died while it recorded a failure, which nobody can read now.
    Lost,
    /// Two members of a group are at different collectives.
    Mismatch {
        rank: u32,
        group: u32,
        step: Step,
        peer: u32,
        peer_step: Step,
    },
    /// A rank called a collective of a group that it is not in.
    NotAMember { rank: u32, group: u32, op: u32 },
    /// A rank came to the end of the program while a peer waits for it in a collective.
    PeerFinished { rank: u32, peer: u32, op: u32 },
    /// The process of a rank ended before the rank was done.
    RankDied { rank: u32, how: String },
    /// A rank gave up with an error of its own.
    RankError { rank: u32, message: String },
    /// A wait ran out.
    TimedOut {
        rank: u32,
        missing: Vec<u32>,
        millis: u64,
        activity: Activity,
    },
}

/// What a member of a group says of the collective it is at.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Index of the op.
    pub op: u32,
    /// Bytes of the member's own data.
    pub bytes: u64,
    /// Where the buffer that peers read lies in the member's segment; 0 where there is none.
    pub offset: u64,
    /// Where the buffer that peers write lies in the member's segment; 0 where there is none.
    pub result: u64,
    /// Hash of every symmetric allocation and free so far.
    pub heap: u64,
}

/// What a rank is doing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[allow(missing_docs)]
pub enum Activity {
    /// Not there yet: no thread or process has joined for the rank.
    Absent,
    /// Loading its program and inputs.
    Loading,
    /// Waiting for the others before a run begins or after it ended.
    Meeting,
    /// Running code of its own, after this op.
    Computing { after: Option<u32> },
    /// Inside a collective, not waiting.
    Collective { op: u32 },
    /// Waiting inside a collective; `peer` is a world rank.
    Waiting {
        op: u32,
        phase: u32,
        peer: u32,
        epoch: u32,
    },
    /// Connecting the members of a group through NCCL.
    Connecting { group: u32 },
    /// Waiting for the work that it gave its GPU.
    Device,
    /// Waiting for its GPU, which is in a collective of NCCL's.
    Library { op: u32 },
    /// Done with everything.
    Finished,
}

impl Activity {
    /// Tells whether the rank may be in a wait inside a collective, on the host or on its GPU, which has a bound of its own.
    pub(crate) fn is_bounded_wait(self) -> bool {
        matches!(
            self,
            Self::Waiting { .. } | Self::Device | Self::Library { .. }
        )
    }
}

/// A failure with what surrounded it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FailureReport {
    /// What went wrong first.
    pub failure: Failure,
    /// What each rank was doing when it was recorded, by rank.
    pub activities: Vec<Activity>,
}
