// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What can go wrong between the ranks of one host.

use std::{path::PathBuf, time::Duration};

/// Why the ranks could not meet or exchange.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Rank 0 gave up for a reason of its own, or an earlier step failed.
    #[error("step '{step}' was given up: {reason}")]
    Aborted {
        /// What the ranks were doing.
        step: String,
        /// Why it was given up.
        reason: String,
    },
    /// Another job already listens at the same place.
    #[error("another job listens at {}; give each job its own MASTER_PORT or SYMM_JOB_TOKEN", path.display())]
    Busy {
        /// The socket.
        path: PathBuf,
    },
    /// A rank speaks for another group, or does another step.
    #[error(
        "expected {expected} from rank {rank}, got {got}; start the same program with the same options on every rank"
    )]
    Disagree {
        /// The rank that differs.
        rank: u32,
        /// What this rank expected.
        expected: String,
        /// What came.
        got: String,
    },
    /// The folder of the socket is not this user's alone.
    #[error("expected {} to be a folder that only user {uid} can enter (mode 0700), got {found}; remove it or set SYMM_SOCKET_DIR", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The user that should own it.
        uid: u32,
        /// What was found.
        found: String,
    },
    /// The operating system refused a call.
    #[error("{call} failed on {}: {source}", path.display())]
    Io {
        /// The system call.
        call: &'static str,
        /// The socket.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A rank ended before the exchange did.
    #[error("rank {rank} left before step '{step}' was done; its own output says why")]
    Left {
        /// The rank that is gone.
        rank: u32,
        /// What the ranks were doing.
        step: String,
    },
    /// A message was not what the protocol allows.
    #[error(
        "a message from rank {rank} is malformed: {reason}; every rank must run the same build"
    )]
    Malformed {
        /// The rank it came from.
        rank: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Ranks did not arrive within the bound.
    #[error("{} did not arrive at step '{step}' within {:.1} s; check that every rank was started and is alive, or raise the timeout", ranks_text(ranks), waited.as_secs_f64())]
    Missing {
        /// The ranks that did not arrive.
        ranks: Vec<u32>,
        /// What the ranks were doing.
        step: String,
        /// How long this rank waited.
        waited: Duration,
    },
    /// Rank 0, which the others meet at, was not there within the bound or is not to be trusted.
    #[error("no rank 0 of this job at {} within {:.1} s: {reason}; check that rank 0 was started with the same user, MASTER_PORT and job token", path.display(), waited.as_secs_f64())]
    NoHub {
        /// The socket.
        path: PathBuf,
        /// How long this rank waited.
        waited: Duration,
        /// The last thing that happened.
        reason: String,
    },
    /// More was given to send than one message holds.
    #[error("expected at most {limit} {what} in one exchange, got {got}")]
    TooMuch {
        /// Bytes or descriptors.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// What was asked for.
        got: usize,
    },
    /// The operating system refused to make the socket where it should be.
    #[error("{call} failed on {}: {source}; set SYMM_SOCKET_DIR to a folder of yours in which sockets can be made", path.display())]
    Place {
        /// The system call.
        call: &'static str,
        /// The socket, or its folder.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// The socket's path is longer than the system allows.
    #[error("the path {} is too long for a socket; set SYMM_SOCKET_DIR to a shorter folder", path.display())]
    LongPath {
        /// The path.
        path: PathBuf,
    },
}

impl ExchangeError {
    /// Names ranks as the world does, where an exchange was among the members of a group: member `m` is rank `ranks[m]`.
    pub fn among(mut self, ranks: &[u32]) -> Self {
        let rename = |member: &mut u32| *member = *ranks.get(*member as usize).unwrap_or(member);
        match &mut self {
            Self::Disagree { rank, .. }
            | Self::Left { rank, .. }
            | Self::Malformed { rank, .. } => {
                rename(rank);
            }
            Self::Missing { ranks: missing, .. } => missing.iter_mut().for_each(rename),
            _ => {}
        }
        self
    }
}

/// Names ranks in a sentence: "rank 3", "ranks 1, 3".
fn ranks_text(ranks: &[u32]) -> String {
    let list: Vec<_> = ranks.iter().map(u32::to_string).collect();
    let noun = if ranks.len() == 1 { "rank" } else { "ranks" };
    format!("{noun} {}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_as_ranks_of_the_world() {
        let missing = ExchangeError::Missing {
            ranks: vec![0, 2],
            step: "join".into(),
            waited: Duration::from_secs(1),
        };
        let text = missing.among(&[5, 3, 4]).to_string();
        assert!(text.starts_with("ranks 5, 4 did not arrive"), "{text}");
        let left = ExchangeError::Left {
            rank: 1,
            step: "join".into(),
        };
        let text = left.among(&[5, 3, 4]).to_string();
        assert!(text.starts_with("rank 3 left"), "{text}");
    }
}
