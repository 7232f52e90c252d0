// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Where everything of a program lies on the devices: decided from the manifest alone, hence equal on every rank.
//!
//! Channels lie in the order in which the all-reduces of the manifest first name them.

use super::{Config, library};
use crate::world::DEFAULT_HEAP_BYTES;
use std::collections::HashMap;
use symm_abi::{
    CollectiveKind, Manifest,
    cuda::{AllReduce, Cuda},
    gpu::Channel,
};

/// What a program needs on the devices.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    /// By group.
    pub(super) groups: Vec<GroupPlan>,
    /// By all-reduce.
    pub(super) places: Vec<Place>,
    /// Bytes for the states of all channels.
    pub(super) state_bytes: u64,
}

/// What a group needs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct GroupPlan {
    /// Its channels, in order.
    pub(super) channels: Vec<Channel>,
    /// Bytes of symmetric buffers per rank; 0 with no channel: no symmetric memory.
    pub(super) heap_bytes: u64,
    /// The program has collectives of the group that no kernel was generated for.
    pub(super) library: bool,
    /// Those that are known by their names, each once.
    pub(super) kinds: Vec<CollectiveKind>,
}

/// Where the channel of an all-reduce is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// The group.
    pub(super) group: u32,
    /// The channel's number in the group.
    pub(super) channel: usize,
    /// Offset of the channel's state among the states.
    pub(super) state: u64,
}

impl Plan {
    pub(super) fn new(manifest: &Manifest, cuda: &Cuda, config: &Config) -> Self {
        let mut groups: Vec<GroupPlan> = manifest
            .groups
            .iter()
            .map(|group| GroupPlan {
                heap_bytes: match group.symm_mem {
                    true => config
                        .heap_bytes
                        .or(group.heap_bytes)
                        .unwrap_or(DEFAULT_HEAP_BYTES),
                    false => 0,
                },
                ..GroupPlan::default()
            })
            .collect();
        let mut state_bytes = 0;
        let mut known: HashMap<u32, Place> = HashMap::new();
        let place = |all_reduce: &AllReduce| {
            *known.entry(all_reduce.channel).or_insert_with(|| {
                let group = manifest.ops[all_reduce.op as usize].group;
                let channels = &mut groups[group as usize].channels;
                let channel = cuda.channel(all_reduce);
                let place = Place {
                    group,
                    channel: channels.len(),
                    state: state_bytes,
                };
                channels.push(channel);
                state_bytes += channel.state_bytes.next_multiple_of(Channel::ALIGN);
                place
            })
        };
        let places = cuda.all_reduces.iter().map(place).collect();
        for op in &manifest.ops {
            let generated = cuda.all_reduces.iter().any(|other| other.op == op.id);
            let group = &mut groups[op.group as usize];
            group.library |= !generated;
            let kind =
                library::kind(&op.name).filter(|kind| !generated && !group.kinds.contains(kind));
            group.kinds.extend(kind);
        }
        Self {
            groups,
            places,
            state_bytes,
        }
    }
}

impl GroupPlan {
    /// Tells whether the group has symmetric memory.
    pub(super) fn is_symmetric(&self) -> bool {
        self.heap_bytes > 0 || !self.channels.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use symm_abi::{
        ABI_VERSION, DType, Device, Group, Op, ReduceOp,
        cuda::AllReduce,
        gpu::{Algorithm, KernelSpec, Trigger},
    };

    fn all_reduce(op: u32, algorithm: Algorithm) -> AllReduce {
        let spec = KernelSpec {
            algorithm,
            dtype: DType::F32,
            reduce_op: ReduceOp::Sum,
            world_size: 2,
            unroll: 1,
            chip: "sm_90".into(),
        };
        AllReduce {
            op,
            module: 0,
            entry: spec.name(),
            spec,
            max_count: 1000,
            blocks: 3,
            threads: 64,
            trigger: Trigger::Early,
            channel: op,
        }
    }

    fn program() -> (Manifest, Cuda) {
        let group = |name: &str, heap_bytes| Group {
            name: name.into(),
            size: 2,
            ranks: vec![0, 1],
            symm_mem: heap_bytes != Some(0),
            heap_bytes,
        };
        let op = |id, group| Op {
            id,
            name: "c10d.all_reduce".into(),
            loc: "a.mlir:1:1".into(),
            group,
            algorithm: String::new(),
            phases: vec![],
        };
        let manifest = Manifest {
            abi_version: ABI_VERSION,
            device: Device::Cuda,
            arch: "x86_64".into(),
            cpu_features: vec![],
            producer: "test".into(),
            plan_hash: "0".repeat(64),
            world_size: Some(2),
            groups: vec![
                group("a", Some(4096)),
                group("b", None),
                group("c", Some(0)),
            ],
            ops: vec![op(0, 1), op(1, 0), op(2, 1), op(3, 2)],
            entries: vec![],
            buffers: vec![],
            mutable_globals: false,
            cuda: None,
        };
        let cuda = Cuda {
            chip: "sm_90".into(),
            modules: vec![],
            kernels: vec![],
            all_reduces: vec![
                all_reduce(0, Algorithm::OneShotPush),
                all_reduce(1, Algorithm::OneShotPull),
                all_reduce(2, Algorithm::TwoShotPush),
            ],
            matmuls: vec![],
            constants: vec![],
            arena_bytes: None,
        };
        (manifest, cuda)
    }

    fn config(heap_bytes: Option<u64>) -> Config {
        Config {
            heap_bytes,
            arena_bytes: None,
            secret: [0; 32],
            fallback: false,
            share_gpus: false,
            trace: false,
        }
    }

    #[test]
    fn channels_follow_the_ops_and_share_nothing() {
        let (manifest, cuda) = program();
        let plan = Plan::new(&manifest, &cuda, &config(None));
        let places: Vec<_> = plan.places.iter().map(|p| (p.group, p.channel)).collect();
        assert_eq!(places, [(1, 0), (0, 0), (1, 1)]);
        let sizes: Vec<_> = cuda
            .all_reduces
            .iter()
            .map(|a| cuda.channel(a).state_bytes)
            .collect();
        for (index, pair) in plan.places.windows(2).enumerate() {
            assert!(pair[1].state >= pair[0].state + sizes[index]);
            assert_eq!(pair[1].state % Channel::ALIGN, 0);
        }
        assert!(plan.state_bytes >= plan.places[2].state + sizes[2]);
    }

    #[test]
    fn ops_of_one_channel_have_one_place() {
        let (manifest, mut cuda) = program();
        let apart = Plan::new(&manifest, &cuda, &config(None));
        let mut larger = cuda.all_reduces[0].clone();
        (larger.op, larger.max_count) = (2, 5000);
        cuda.all_reduces.insert(1, larger);
        let plan = Plan::new(&manifest, &cuda, &config(None));
        assert_eq!(plan.places[0], plan.places[1]);
        assert_eq!([plan.places[2], plan.places[3]], apart.places[1..]);
        assert_eq!(plan.state_bytes, apart.state_bytes);
        let channels = |plan: &Plan| plan.groups[1].channels.clone();
        assert_eq!(channels(&plan).len(), channels(&apart).len());
        // There is room for the largest of them.
        assert_eq!(channels(&plan)[0].max_count, 5000);
        assert_eq!(channels(&plan)[1], channels(&apart)[1]);
    }

    #[test]
    fn heaps_and_libraries_are_for_those_that_need_them() {
        let (manifest, cuda) = program();
        let plan = Plan::new(&manifest, &cuda, &config(None));
        let heaps: Vec<_> = plan.groups.iter().map(|group| group.heap_bytes).collect();
        assert_eq!(heaps, [4096, DEFAULT_HEAP_BYTES, 0]);
        let symmetric: Vec<_> = plan.groups.iter().map(GroupPlan::is_symmetric).collect();
        assert_eq!(symmetric, [true, true, false]);
        let library: Vec<_> = plan.groups.iter().map(|group| group.library).collect();
        assert_eq!(library, [false, false, true]);
        assert_eq!(plan.groups[2].kinds, [CollectiveKind::AllReduce]);
        let forced = Plan::new(&manifest, &cuda, &config(Some(1 << 20)));
        assert_eq!(forced.groups[0].heap_bytes, 1 << 20);
        assert_eq!(forced.groups[2].heap_bytes, 0);
    }
}
