// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Failures in words.

use super::{Activity, Failure, FailureReport, Step};
use std::{fmt::Write, time::Duration};
use symm_abi::{Manifest, Op};

impl FailureReport {
    /// Describes the failure for people: the first line says what and where, the lines after it what is known besides.
    pub fn describe(&self, manifest: &Manifest) -> String {
        let words = Words { manifest };
        let mut text = words.headline(&self.failure);
        for note in words.notes(&self.failure, &self.activities) {
            write!(text, "\n  note: {note}").expect("writing to a string does not fail");
        }
        text
    }
}

struct Words<'a> {
    manifest: &'a Manifest,
}

impl Words<'_> {
    fn op(&self, id: u32) -> String {
        match self.manifest.ops.get(id as usize) {
            Some(Op { name, loc, .. }) => format!("'{name}' ({loc})"),
            None => format!("op {id}, which the manifest lacks"),
        }
    }

    fn group(&self, index: u32) -> String {
        match self.manifest.groups.get(index as usize) {
            Some(group) => format!("@{}", group.name),
            None => format!("group {index}, which the manifest lacks"),
        }
    }

    fn phase(&self, op: u32, phase: u32) -> String {
        let phases = self.manifest.ops.get(op as usize).map(|op| &op.phases);
        match phases.and_then(|names| names.get(phase as usize)) {
            Some(name) => format!("phase {phase} ({name})"),
            None => format!("phase {phase}"),
        }
    }

    fn headline(&self, failure: &Failure) -> String {
        match failure {
            Failure::ArenaExhausted {
                rank,
                bytes,
                free,
                capacity,
            } => format!(
                "rank {rank} is out of device memory: a private buffer needs {bytes} bytes, the largest free range of the \
                 arena has {free} of {capacity}: raise --arena-bytes"
            ),
            Failure::BadCall { rank, op, message } => self.bad_call(*rank, *op, message),
            Failure::DifferentPrograms {
                rank,
                other,
                hash,
                other_hash,
            } => format!(
                "ranks have different programs: rank {other} has plan {}, rank {rank} has plan {}: \
                 give every rank the same artifact",
                short(other_hash),
                short(hash)
            ),
            Failure::HeapExhausted {
                rank,
                group,
                bytes,
                free,
                capacity,
            } => format!(
                "symmetric heap of {} is exhausted on rank {rank}: a buffer needs {bytes} bytes, \
                 the largest free range has {free} of {capacity}: raise --heap-bytes (heap_bytes in C)",
                self.group(*group)
            ),
            Failure::HeapMemory {
                rank,
                group,
                bytes,
                reason,
            } => format!(
                "symmetric heap of {} on rank {rank}: the system has no {bytes} bytes for a buffer: {reason}",
                self.group(*group)
            ),
            Failure::HostMemory { rank, bytes } => {
                format!("rank {rank} is out of memory: a private buffer needs {bytes} bytes")
            }
            Failure::Lost => "a rank died while it recorded what had failed".into(),
            Failure::Mismatch {
                rank,
                group,
                step,
                peer,
                peer_step,
            } => self.mismatch(*group, (*rank, *step), (*peer, *peer_step)),
            Failure::NotAMember { rank, group, op } => self.not_a_member(*rank, *group, *op),
            Failure::PeerFinished { rank, peer, op } => format!(
                "{}: rank {rank} waits for rank {peer}, which has finished the program: ranks took different paths",
                self.op(*op)
            ),
            Failure::RankDied { rank, how } => format!("rank {rank} died: {how}"),
            Failure::RankError { rank, message } => format!("rank {rank}: {message}"),
            Failure::TimedOut {
                rank,
                missing,
                millis,
                activity,
            } => self.timed_out(*rank, missing, Duration::from_millis(*millis), activity),
        }
    }

    fn bad_call(&self, rank: u32, op: Option<u32>, message: &str) -> String {
        match op {
            Some(op) => format!(
                "{}: rank {rank} made an invalid call: {message}",
                self.op(op)
            ),
            None => format!("rank {rank} made an invalid call to the runtime: {message}"),
        }
    }

    fn not_a_member(&self, rank: u32, group: u32, op: u32) -> String {
        let described = self.manifest.groups.get(group as usize);
        let members = described.map(|group| &group.ranks[..]).unwrap_or_default();
        format!(
            "{}: rank {rank} is not in {}, whose members are {members:?}",
            self.op(op),
            self.group(group)
        )
    }

    fn mismatch(
        &self,
        group: u32,
        (rank, step): (u32, Step),
        (peer, peer_step): (u32, Step),
    ) -> String {
        let place = self.op(step.op);
        let group = self.group(group);
        if step.op != peer_step.op {
            format!(
                "{place} on {group}: rank {rank} is here, but rank {peer} is at {}",
                self.op(peer_step.op)
            )
        } else if step.bytes != peer_step.bytes {
            format!(
                "{place} on {group}: rank {rank} has {} bytes, but rank {peer} has {}",
                step.bytes, peer_step.bytes
            )
        } else if step.heap != peer_step.heap {
            format!(
                "{place} on {group}: ranks {rank} and {peer} have made different symmetric allocations"
            )
        } else {
            let (what, own, other) = match step.offset == peer_step.offset {
                false => ("bring", step.offset, peer_step.offset),
                true => ("want the result in", step.result, peer_step.result),
            };
            format!(
                "{place} on {group}: ranks {rank} and {peer} {what} different buffers (offsets {own} and {other}): ranks took different paths"
            )
        }
    }

    fn timed_out(
        &self,
        rank: u32,
        missing: &[u32],
        bound: Duration,
        activity: &Activity,
    ) -> String {
        let who = ranks(missing);
        match *activity {
            Activity::Library { op } | Activity::Collective { op } if missing.is_empty() => {
                format!(
                    "{}: NCCL did not end it within {bound:?}, though every rank has come: run with NCCL_DEBUG=INFO for its own account",
                    self.op_on_group(op)
                )
            }
            Activity::Waiting { op, .. }
            | Activity::Library { op }
            | Activity::Collective { op } => format!(
                "{}: {who} did not arrive within {bound:?}",
                self.op_on_group(op)
            ),
            Activity::Connecting { group } if missing.is_empty() => format!(
                "NCCL did not connect the members of {} within {bound:?}, though every rank has come: see that they reach each other's \
                 network interface (NCCL_SOCKET_IFNAME), and run with NCCL_DEBUG=INFO for NCCL's own account",
                self.group(group)
            ),
            Activity::Connecting { group } => format!(
                "{who} did not come to connect {} through NCCL within {bound:?}, rank {rank} did",
                self.group(group)
            ),
            _ => format!(
                "{who} did not come to the start or end of the run within {bound:?}, rank {rank} did"
            ),
        }
    }

    fn op_on_group(&self, op: u32) -> String {
        let group = self.manifest.ops.get(op as usize).map(|op| op.group);
        format!(
            "{} on {}",
            self.op(op),
            self.group(group.unwrap_or(u32::MAX))
        )
    }

    fn notes(&self, failure: &Failure, activities: &[Activity]) -> Vec<String> {
        let mut notes = Vec::new();
        if let Failure::TimedOut { rank, activity, .. } = failure {
            notes.push(format!("rank {rank} was {}", self.doing(activity)));
        }
        let reporter = match failure {
            Failure::TimedOut { rank, .. } => Some(*rank),
            _ => None,
        };
        // A rank that gave up before anything ran says all there is to say.
        if !matches!(
            failure,
            Failure::RankError { .. } | Failure::DifferentPrograms { .. }
        ) {
            let others = (0u32..)
                .zip(activities)
                .filter(|&(rank, _)| Some(rank) != reporter);
            notes.extend(
                others.map(|(rank, activity)| format!("rank {rank} was {}", self.doing(activity))),
            );
        }
        notes.push("the groups of this run can't be used any more".into());
        notes
    }

    fn doing(&self, activity: &Activity) -> String {
        match *activity {
            Activity::Absent => "not there yet".into(),
            Activity::Loading => "loading its program and inputs".into(),
            Activity::Meeting => "waiting for the others at the start or end of a run".into(),
            Activity::Computing { after: None } => "computing, before its first collective".into(),
            Activity::Computing { after: Some(op) } => format!("computing, after {}", self.op(op)),
            Activity::Collective { op } => format!("busy in {}", self.op(op)),
            Activity::Waiting {
                op,
                phase,
                peer,
                epoch,
            } => {
                format!(
                    "waiting for rank {peer} in {}, {}, epoch {epoch}",
                    self.op(op),
                    self.phase(op, phase)
                )
            }
            Activity::Connecting { group } => {
                format!("connecting {} through NCCL", self.group(group))
            }
            Activity::Device => "waiting for its GPU".into(),
            Activity::Library { op } => format!("waiting for its GPU, in {} by NCCL", self.op(op)),
            Activity::Finished => "finished".into(),
        }
    }
}

/// The first digits of a plan's hash: enough to tell two apart.
pub(crate) fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn ranks(ranks: &[u32]) -> String {
    let names: Vec<String> = ranks.iter().map(u32::to_string).collect();
    match names.as_slice() {
        [one] => format!("rank {one}"),
        many => format!("ranks {}", many.join(", ")),
    }
}
