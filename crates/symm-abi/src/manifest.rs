// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The manifest: what an artifact says of itself.

use crate::{ABI_VERSION, DType, ENTRY_PREFIX, NOT_A_MEMBER, cuda::Cuda};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Machine that an artifact's kernels run on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The host: ranks are threads or processes.
    Cpu,
    /// One NVIDIA GPU per rank.
    Cuda,
}

impl Device {
    /// Returns the spelling on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Description of an artifact, held as JSON in [`MANIFEST_SECTION`](crate::MANIFEST_SECTION).
///
/// Unknown fields are ignored, so that a newer compiler of the same ABI version may say more.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Manifest {
    /// [`ABI_VERSION`] of the compiler.
    pub abi_version: u32,
    /// Machine that runs the program.
    pub device: Device,
    /// Host architecture, as [`std::env::consts::ARCH`] spells it.
    pub arch: String,
    /// CPU features beyond the architecture's baseline that the host code uses, as Rust and LLVM spell them (`avx2`).
    #[serde(default)]
    pub cpu_features: Vec<String>,
    /// Name and version of the compiler.
    pub producer: String,
    /// SHA-256 of the lowered module with its groups, in lower-case hex: ranks with different hashes don't start.
    pub plan_hash: String,
    /// Number of ranks the program was compiled for, if it says so.
    #[serde(default)]
    pub world_size: Option<u32>,
    /// Process groups; their index here is the `group` of the runtime table.
    pub groups: Vec<Group>,
    /// Collectives; their index here is their id.
    pub ops: Vec<Op>,
    /// Functions that can be run.
    pub entries: Vec<Entry>,
    /// What was allocated where, for people.
    #[serde(default)]
    pub buffers: Vec<Buffer>,
    /// The program has globals that it writes: each rank needs its own copy of the artifact's data, also ranks that are
    /// threads of one process.
    #[serde(default)]
    pub mutable_globals: bool,
    /// What the program asks of the GPUs; present if `device` is [`Device::Cuda`], and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuda: Option<Cuda>,
}

/// A process group.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Group {
    /// Symbol name, without `@`.
    pub name: String,
    /// Number of members.
    pub size: u32,
    /// World ranks of the members, in group order; always `size` of them.
    pub ranks: Vec<u32>,
    /// Symmetric memory is enabled.
    pub symm_mem: bool,
    /// Bytes of symmetric heap that the plan needs per rank; absent: not planned, the runtime's default applies.
    #[serde(default)]
    pub heap_bytes: Option<u64>,
}

/// A collective of the program.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Op {
    /// Index of this op in [`Manifest::ops`].
    pub id: u32,
    /// Name of the op, like `symm_mem.one_shot_all_reduce`.
    pub name: String,
    /// Source location, like `block.mlir:12:8`.
    pub loc: String,
    /// Index of the group.
    pub group: u32,
    /// How it runs, like `one_shot pull` or `library`.
    pub algorithm: String,
    /// What the waits of the op wait for, like `entry barrier`; indexed by the `phase` of a wait.
    #[serde(default)]
    pub phases: Vec<String>,
}

/// A function that can be run.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Name in the source.
    pub name: String,
    /// Exported symbol of type [`EntryFn`](crate::EntryFn).
    pub symbol: String,
    /// Arguments, in order.
    pub args: Vec<Value>,
    /// Results, in order; they follow the arguments in the call.
    pub results: Vec<Value>,
}

/// An argument or a result.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Value {
    /// Name for command lines and reports, unique among the entry's arguments or results, like `x` or `out0`.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extent of each dimension, on one rank; empty: a scalar.
    pub shape: Vec<u64>,
}

impl Value {
    /// Returns the size in bytes of a contiguous buffer of this type, if it fits `usize` and `isize`.
    pub fn bytes(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        let size = u64::try_from(self.dtype.size()).ok()?;
        let bytes = self
            .shape
            .iter()
            .try_fold(size, |product, &extent| product.checked_mul(extent))?;
        isize::try_from(bytes).ok()?;
        usize::try_from(bytes).ok()
    }
}

/// A buffer of the program.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Buffer {
    /// Name for people.
    pub name: String,
    /// Source location.
    pub loc: String,
    /// Size on one rank.
    pub bytes: u64,
    /// Where it lives: `symm_mem @group` or `private`.
    pub space: String,
}

/// Reason why bytes are not a usable manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The bytes are not JSON, or not of the manifest's form.
    #[error("manifest is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The artifact follows another version of this crate.
    #[error(
        "artifact has ABI version {found}, expected {ABI_VERSION}: compile the program again with this version of Symm"
    )]
    AbiVersion {
        /// Version in the artifact.
        found: u32,
    },
    /// The fields contradict each other.
    #[error("manifest is inconsistent: {0}")]
    Inconsistent(String),
}

#[derive(Deserialize)]
struct VersionOnly {
    abi_version: u32,
}

impl Manifest {
    /// Reads a manifest from the bytes of its section and checks that its parts agree.
    ///
    /// # Errors
    /// When the bytes are not a manifest, are one of another ABI version, or contradict themselves.
    pub fn parse(section: &[u8]) -> Result<Self, ManifestError> {
        let end = section
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        let json = &section[..end];
        let VersionOnly { abi_version } = serde_json::from_slice(json)?;
        if abi_version != ABI_VERSION {
            return Err(ManifestError::AbiVersion { found: abi_version });
        }
        let manifest: Self = serde_json::from_slice(json)?;
        manifest.check().map_err(ManifestError::Inconsistent)?;
        Ok(manifest)
    }

    /// Writes the manifest as the bytes of its section.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest has string keys only, which JSON can hold")
    }

    /// Returns the smallest number of ranks that the groups allow.
    pub fn min_world_size(&self) -> u32 {
        let last = self.groups.iter().flat_map(|group| &group.ranks).max();
        self.world_size
            .unwrap_or_else(|| last.map_or(1, |rank| rank + 1))
    }

    /// Returns the entry with this name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn check(&self) -> Result<(), String> {
        if self.plan_hash.len() != 64
            || !self
                .plan_hash
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err("plan_hash is not 64 lower-case hex digits".into());
        }
        unique("group", self.groups.iter().map(|group| &group.name))?;
        unique("entry", self.entries.iter().map(|entry| &entry.name))?;
        self.groups
            .iter()
            .try_for_each(|group| group.check(self.world_size))?;
        self.ops
            .iter()
            .enumerate()
            .try_for_each(|(index, op)| op.check(index, self.groups.len()))?;
        self.entries.iter().try_for_each(Entry::check)?;
        match (self.device, &self.cuda) {
            (Device::Cpu, None) => Ok(()),
            (Device::Cuda, Some(cuda)) => cuda.check(&self.groups, &self.ops),
            (Device::Cpu, Some(_)) => Err("a program for the CPU has a section 'cuda'".into()),
            (Device::Cuda, None) => Err("a program for CUDA has no section 'cuda'".into()),
        }
    }
}

impl Group {
    fn check(&self, world_size: Option<u32>) -> Result<(), String> {
        let name = &self.name;
        if self.size == 0 || self.ranks.len() != self.size as usize {
            return Err(format!(
                "group @{name} of size {} has {} ranks",
                self.size,
                self.ranks.len()
            ));
        }
        let limit = world_size.unwrap_or(NOT_A_MEMBER);
        if let Some(rank) = self.ranks.iter().find(|&&rank| rank >= limit) {
            return Err(format!(
                "group @{name} has rank {rank}, expected less than {limit}"
            ));
        }
        unique("rank", &self.ranks).map_err(|message| format!("group @{name}: {message}"))
    }
}

impl Op {
    fn check(&self, index: usize, groups: usize) -> Result<(), String> {
        if self.id as usize != index {
            return Err(format!("op {index} has id {}", self.id));
        }
        if self.group as usize >= groups {
            return Err(format!(
                "op {index} ({}) names group {} of {groups}",
                self.name, self.group
            ));
        }
        Ok(())
    }
}

impl Entry {
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if !self.symbol.starts_with(ENTRY_PREFIX) || self.symbol.contains('\0') {
            return Err(format!(
                "entry '{name}' has symbol '{}', expected '{ENTRY_PREFIX}…'",
                self.symbol
            ));
        }
        unique("argument", self.args.iter().map(|value| &value.name))
            .map_err(|message| format!("entry '{name}': {message}"))?;
        unique("result", self.results.iter().map(|value| &value.name))
            .map_err(|message| format!("entry '{name}': {message}"))?;
        match self
            .args
            .iter()
            .chain(&self.results)
            .find(|value| value.bytes().is_none())
        {
            Some(value) => Err(format!(
                "entry '{name}': '{}' is larger than an address space",
                value.name
            )),
            None => Ok(()),
        }
    }
}

fn unique<T: Eq + std::hash::Hash + std::fmt::Display>(
    what: &str,
    names: impl IntoIterator<Item = T>,
) -> Result<(), String> {
    let mut seen = HashSet::new();
    match names.into_iter().find_map(|name| seen.replace(name)) {
        Some(twice) => Err(format!("{what} '{twice}' occurs twice")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
