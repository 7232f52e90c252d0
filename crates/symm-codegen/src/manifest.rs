// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What an artifact says of itself.

use crate::error::{Error, Result};
use melior::ir::{Module, OperationRef, attribute::IntegerAttribute, operation::OperationLike};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use symm_abi::{ABI_VERSION, Device, Entry, Group, Manifest, Op, Value, cuda::Cuda};
use symm_ir::{
    diagnostics::Failure,
    edit::{remove_attribute, set_attribute},
};
use symm_transforms::{buffer_table, cuda_table, entry_table, group, op_table};

/// What is known of a program before it is lowered: lowering uses it up.
pub struct Plan {
    groups: Vec<group::Group>,
    world_size: Option<u32>,
}

impl Plan {
    /// Reads the groups of a program.
    ///
    /// # Errors
    ///
    /// Fails, with a diagnostic, where a group is too large to be lowered.
    pub fn of(module: &Module<'_>) -> Result<Self> {
        let op = module.as_operation();
        let world_size = op
            .attribute("comm.world_size")
            .and_then(IntegerAttribute::try_from);
        Ok(Self {
            groups: group::groups(op).map_err(|_| Error::Diagnosed)?,
            world_size: world_size
                .ok()
                .and_then(|size| u32::try_from(size.signed_value()).ok()),
        })
    }

    /// Returns the manifest of the lowered program.
    ///
    /// # Errors
    ///
    /// Fails, with a diagnostic, where the program had tables of its own in the module's
    /// attributes, in a form that is not the compiler's.
    pub fn manifest(&self, lowered: &Module<'_>, cpu_features: Vec<String>) -> Result<Manifest> {
        let op = lowered.as_operation();
        let diagnosed = |failure: Failure| {
            failure.emit_at(&op);
            Error::Diagnosed
        };
        let ops = op_table::read(op).map_err(diagnosed)?;
        let entries = entry_table::read(op).map_err(diagnosed)?;
        let buffers = buffer_table::read(op).map_err(diagnosed)?;
        Ok(Manifest {
            abi_version: ABI_VERSION,
            device: Device::Cpu,
            arch: std::env::consts::ARCH.to_owned(),
            cpu_features,
            producer: concat!("symm-compile ", env!("CARGO_PKG_VERSION")).to_owned(),
            plan_hash: self.hash(lowered),
            world_size: self.world_size,
            groups: self.groups.iter().map(to_group).collect(),
            ops: ops
                .into_iter()
                .zip(0..)
                .map(|(op, id)| self.op(op, id))
                .collect(),
            entries: entries.into_iter().map(to_entry).collect(),
            buffers,
            mutable_globals: false,
            cuda: None,
        })
    }

    fn op(&self, op: op_table::Entry, id: u32) -> Op {
        let group = self.groups.iter().find(|group| group.name == op.group);
        Op {
            id,
            name: op.name,
            loc: op.place,
            group: group.map_or(0, |group| group.index),
            algorithm: op.algorithm,
            phases: op.phases,
        }
    }

    /// Hashes the lowered program and its groups. Where things are in the source
    /// and how the program is called do not matter, what it does does.
    fn hash(&self, lowered: &Module<'_>) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("{:?} {:?}\n", self.world_size, self.groups));
        hasher.update(without_places(lowered.as_operation()));
        hasher
            .finalize()
            .iter()
            .fold(String::new(), |mut hash, byte| {
                let _ = write!(hash, "{byte:02x}");
                hash
            })
    }
}

/// Returns a module as MLIR prints it, without the tables that say where things
/// are in the source.
fn without_places<'c: 'a, 'a>(module: OperationRef<'c, 'a>) -> String {
    let tables = [
        op_table::ATTRIBUTE,
        buffer_table::ATTRIBUTE,
        cuda_table::ATTRIBUTE,
    ];
    let gpu = cuda_table::read(module, "").map(without_gpu_places);
    let saved = tables.map(|name| (name, module.attribute(name).ok()));
    for name in tables {
        remove_attribute(module, name);
    }
    let mut printed = module.to_string();
    if let Ok(gpu) = gpu {
        printed.push_str(&gpu);
    }
    for (name, value) in saved {
        if let Some(value) = value {
            set_attribute(module, name, value);
        }
    }
    printed
}

/// Describes what a program asks of the GPU, but not where that is in the source.
fn without_gpu_places(mut cuda: Cuda) -> String {
    cuda.kernels
        .iter_mut()
        .for_each(|kernel| kernel.loc.clear());
    cuda.matmuls
        .iter_mut()
        .for_each(|matmul| matmul.loc.clear());
    format!("{cuda:?}")
}

fn to_group(group: &group::Group) -> Group {
    Group {
        name: group.name.clone(),
        size: group.size as u32,
        ranks: group.ranks.iter().map(|rank| *rank as u32).collect(),
        symm_mem: group.symm_mem,
        heap_bytes: None,
    }
}

fn to_entry(entry: entry_table::Entry) -> Entry {
    Entry {
        name: entry.name,
        symbol: entry.symbol,
        args: entry.arguments.into_iter().map(to_value).collect(),
        results: entry.results.into_iter().map(to_value).collect(),
    }
}

fn to_value(value: entry_table::Value) -> Value {
    Value {
        name: value.name,
        dtype: value.dtype,
        shape: value
            .shape
            .into_iter()
            .map(|extent| extent as u64)
            .collect(),
    }
}
