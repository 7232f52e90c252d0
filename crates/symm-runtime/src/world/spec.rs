// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a world is made of.

use crate::{Error, Program, rank::Layout};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use symm_abi::Manifest;

/// Largest number of ranks in a world of this device.
pub const MAX_RANKS: u32 = 256;

/// Symmetric heap per rank and group where the program has no plan and the user gave no size.
pub const DEFAULT_HEAP_BYTES: u64 = 256 << 20;

/// Longer waits are waits for ever; their ends could not be told on any clock.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Description of a world, equal on all of its ranks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WorldSpec {
    /// Number of ranks.
    pub size: u32,
    /// Process groups, in the order of the manifest.
    pub groups: Vec<GroupSpec>,
    /// Bound of every wait.
    pub timeout: Duration,
    /// Hash of the plan of the program that the world is for.
    pub plan_hash: String,
    /// The groups' heaps are in the host's memory; those of ranks on GPUs are on the GPUs.
    pub host_heaps: bool,
}

/// Description of a process group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GroupSpec {
    /// Name, without `@`.
    pub name: String,
    /// World ranks of the members, in group order.
    pub ranks: Vec<u32>,
    /// Bytes of symmetric heap per member.
    pub heap_bytes: u64,
}

impl WorldSpec {
    /// Describes the world that a program needs, on `size` ranks; `heap_bytes` overrides the size of every heap.
    ///
    /// # Errors
    /// When the program's groups do not fit that many ranks, or a heap is smaller than the program's plan.
    pub fn new(
        manifest: &Manifest,
        size: u32,
        timeout: Duration,
        heap_bytes: Option<u64>,
    ) -> Result<Self, Error> {
        let least = manifest.min_world_size();
        if size < least || manifest.world_size.is_some_and(|exact| exact != size) {
            let expected = if manifest.world_size.is_some() {
                ""
            } else {
                "at least "
            };
            return Err(Error::WorldSize {
                found: size,
                expected: format!("{expected}{least}"),
            });
        }
        if size > MAX_RANKS {
            return Err(Error::WorldSize {
                found: size,
                expected: format!("at most {MAX_RANKS}"),
            });
        }
        let group = |group: &symm_abi::Group| {
            let planned = group.heap_bytes.unwrap_or(0);
            let bytes = heap_bytes
                .or(group.heap_bytes)
                .unwrap_or(DEFAULT_HEAP_BYTES);
            if bytes < planned {
                return Err(Error::HeapTooSmall {
                    group: group.name.clone(),
                    found: bytes,
                    needed: planned,
                });
            }
            Ok(GroupSpec {
                name: group.name.clone(),
                ranks: group.ranks.clone(),
                heap_bytes: bytes,
            })
        };
        let groups = manifest
            .groups
            .iter()
            .map(group)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            size,
            groups,
            timeout: timeout.min(LONGEST_TIMEOUT),
            plan_hash: manifest.plan_hash.clone(),
            host_heaps: true,
        })
    }

    /// Returns the world without heaps in the host's memory, as ranks on GPUs need it.
    #[must_use]
    pub fn without_heaps(mut self) -> Self {
        self.host_heaps = false;
        self
    }

    /// Checks that the world is for this program: groups and heaps of another one lie elsewhere.
    pub(crate) fn check(&self, program: &Program) -> Result<(), Error> {
        let found = &program.manifest().plan_hash;
        if *found == self.plan_hash {
            return Ok(());
        }
        Err(Error::OtherProgram {
            path: program.artifact().path().to_owned(),
            found: found.clone(),
            expected: self.plan_hash.clone(),
        })
    }
}

impl GroupSpec {
    /// Returns where everything lies in the group's shared memory.
    pub(crate) fn layout(&self) -> Result<Layout, Error> {
        let members = self.ranks.len();
        Layout::new(members, self.heap_bytes).ok_or_else(|| Error::Heap {
            group: self.name.clone(),
            bytes: self.heap_bytes,
            members,
            reason: "it does not fit an address space".into(),
        })
    }
}
