// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What a rank has on its GPU: everything that its program's runs need, made when the program is loaded.

use super::{
    Config, DEFAULT_ARENA_BYTES,
    arena::{ALIGN, Arena},
    group::{Group, Joined, Joining, Memory, View},
    join,
    library::{self, Connected, Connecting},
    plan::{Place, Plan},
    room,
};
use crate::{Error, Program, Rank, rank::Failed};
use std::sync::Arc;
use symm_abi::{
    CollectiveKind, Manifest,
    cuda::{AllReduce, Cuda},
    gpu::{Chip, KernelParams},
};
use symm_cuda::{
    Device, Gpu as Visible, Stream, cublaslt,
    cublaslt::Blas,
    launch::LaunchShape,
    mark::Mark,
    memory::DeviceMemory,
    module::{Function, Module},
    watch::Watch,
};

/// More bytes than any GPU can address.
const ADDRESS_SPACE: u64 = 1 << 48;

/// A rank's GPU with everything on it.
#[derive(Debug)]
pub(super) struct Gpu {
    pub(super) device: Device,
    /// Ordinary buffers.
    pub(super) arena: Arena,
    /// By group, in the order of the manifest.
    pub(super) views: Vec<View>,
    /// By group; `None` where this rank is not a member.
    pub(super) groups: Vec<Option<Group>>,
    pub(super) kernels: Vec<Function>,
    /// By all-reduce; `None` where this rank is not a member.
    pub(super) all_reduces: Vec<Option<Prepared>>,
    pub(super) blas: Option<Products>,
    /// Addresses.
    pub(super) constants: Vec<u64>,
    /// What the kernels of each all-reduce record.
    pub(super) watch: Arc<Watch>,
    /// What is said of NCCL's collectives.
    pub(super) mark: Arc<Mark>,
    /// Referred to by addresses in the fields above.
    _memory: [DeviceMemory; 3],
}

/// Matrix products, by index.
#[derive(Debug)]
pub(super) struct Products {
    pub(super) plans: Vec<cublaslt::Plan>,
    pub(super) blas: Blas,
}

/// An all-reduce, ready but for its operands.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) group: u32,
    /// `None`: NCCL stands in.
    pub(super) kernel: Option<Kernel>,
}

/// A generated kernel with its channel.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) function: Function,
    pub(super) shape: LaunchShape,
    /// All but input, output and count.
    pub(super) params: KernelParams,
}

/// Opens the GPU of a rank that is the `local_rank`th on this host.
pub(super) fn open(local_rank: u32, config: &Config) -> Result<Device, Error> {
    let ordinal = match Visible::count()? {
        count if config.share_gpus && count > 0 => local_rank as usize % count,
        _ => local_rank as usize,
    };
    Ok(Device::open(ordinal)?)
}

/// Gathers what a rank's GPU has to hold.
pub(super) struct Loader<'a> {
    pub(super) rank: &'a Rank,
    pub(super) program: &'a Program,
    pub(super) cuda: &'a Cuda,
    pub(super) config: &'a Config,
    pub(super) device: Device,
}

/// What a rank prepares by itself.
struct Own {
    states: DeviceMemory,
    arena: DeviceMemory,
    constants: DeviceMemory,
    /// Addresses, by constant.
    addresses: Vec<u64>,
    modules: Vec<Arc<Module>>,
    kernels: Vec<Function>,
    blas: Option<Products>,
    watch: Watch,
}

impl Own {
    /// Returns the function of a name in a module of the program, by the module's number.
    fn function(&self, module: u32, entry: &str) -> symm_cuda::Result<Function> {
        self.modules[module as usize].function(entry)
    }
}

impl Loader<'_> {
    pub(super) fn load(self, stream: &Stream) -> Result<Gpu, Error> {
        self.check_chip()?;
        let manifest = self.program.manifest();
        let plan = Plan::new(manifest, self.cuda, self.config);
        let own = self.own(&plan, stream)?;
        // Whoever failed above has said so: nobody waits for it in an exchange.
        self.rank.meet().map_err(|Failed| Error::Aborted)?;
        let groups = self.groups(manifest, &plan, &own)?;
        let views = groups.iter().zip(&manifest.groups);
        let views = views
            .map(|(group, described)| View::new(described.size, group.as_ref()))
            .collect();
        let all_reduces = self.all_reduces(&plan, &own, &groups)?;
        let arena_bytes = self.arena_bytes()?;
        Ok(Gpu {
            arena: Arena::new(own.arena.address(), arena_bytes, manifest.buffers.len()),
            views,
            groups,
            kernels: own.kernels,
            all_reduces,
            blas: own.blas,
            constants: own.addresses,
            watch: Arc::new(own.watch),
            mark: Arc::new(Mark::new(&self.device)?),
            device: self.device,
            _memory: [own.states, own.arena, own.constants],
        })
    }

    /// Prepares what takes no other rank.
    fn own(&self, plan: &Plan, stream: &Stream) -> Result<Own, Error> {
        let states = DeviceMemory::zeroed(&self.device, plan.state_bytes as usize)?;
        let channels = self.cuda.all_reduces.len();
        let watch = Watch::new(&self.device, self.rank.number(), channels)?;
        let arena = DeviceMemory::zeroed(&self.device, self.arena_bytes()? as usize)?;
        let (addresses, constants) = self.constants()?;
        let mut own = Own {
            states,
            arena,
            constants,
            addresses,
            modules: self.modules()?,
            kernels: Vec::new(),
            blas: self.products(stream)?,
            watch,
        };
        let kernels = self.cuda.kernels.iter();
        own.kernels = kernels
            .map(|kernel| own.function(kernel.module, &kernel.entry))
            .collect::<Result<_, _>>()?;
        Ok(own)
    }

    /// Prepares the all-reduces of the groups that this rank is in.
    fn all_reduces(
        &self,
        plan: &Plan,
        own: &Own,
        groups: &[Option<Group>],
    ) -> Result<Vec<Option<Prepared>>, Error> {
        let sharing = room::sharing(self.rank, &self.device)?;
        let places = (0..).zip(self.cuda.all_reduces.iter().zip(&plan.places));
        let prepare = |(index, (all_reduce, place)): (usize, (&AllReduce, &Place))| {
            let Some(group) = &groups[place.group as usize] else {
                return Ok(None);
            };
            let kernel = match &group.memory {
                Memory::Plain { .. } => None,
                Memory::Symmetric(heap) => Some(Kernel {
                    function: own.function(all_reduce.module, &all_reduce.entry)?,
                    shape: room::shape(all_reduce, group.room[place.channel], sharing)?,
                    params: KernelParams {
                        peers: heap.peers(heap.layout().channels()[place.channel].offset),
                        state: own.states.address() + place.state,
                        stride: plan.groups[place.group as usize].channels[place.channel].stride,
                        abort: heap.abort_word(),
                        record: own.watch.device_address(index)?,
                        timeout_ns: self.timeout_ns(),
                        rank: group.me,
                        op: all_reduce.op,
                        flags: all_reduce.trigger.flags(),
                        ..KernelParams::default()
                    },
                }),
            };
            Ok(Some(Prepared {
                group: place.group,
                kernel,
            }))
        };
        places.map(prepare).collect()
    }

    fn check_chip(&self) -> Result<(), Error> {
        let (major, minor) = self.device.compute_capability()?;
        let needed = Chip::named(&self.cuda.chip);
        if needed.is_some_and(|needed| needed.runs_on(major as u32, minor as u32)) {
            return Ok(());
        }
        Err(Error::Chip {
            rank: self.rank.number(),
            needed: self.cuda.chip.clone(),
            gpu: self.device.name()?,
            found: format!("sm_{major}{minor}"),
        })
    }

    fn timeout_ns(&self) -> u64 {
        self.rank
            .timeout()
            .as_nanos()
            .try_into()
            .unwrap_or(u64::MAX)
    }

    fn arena_bytes(&self) -> Result<u64, Error> {
        let bytes = self.config.arena_bytes.or(self.cuda.arena_bytes);
        let bytes = bytes.unwrap_or(DEFAULT_ARENA_BYTES);
        let rounded = bytes.checked_next_multiple_of(ALIGN);
        let fits = rounded.filter(|&bytes| bytes <= ADDRESS_SPACE);
        fits.ok_or(Error::ArenaTooLarge { bytes })
    }

    fn modules(&self) -> Result<Vec<Arc<Module>>, Error> {
        let artifact = self.program.artifact();
        let load = |section: &str| {
            let bytes = artifact.section(section)?;
            let end = bytes
                .iter()
                .rposition(|&byte| byte != 0)
                .map_or(0, |last| last + 1);
            let text = str::from_utf8(&bytes[..end])
                .map_err(|_| artifact.bad_section(section, "is no PTX text"))?;
            Ok(Module::from_ptx(&self.device, text)?)
        };
        let modules = self.cuda.modules.iter();
        modules.map(|module| load(&module.section)).collect()
    }

    fn constants(&self) -> Result<(Vec<u64>, DeviceMemory), Error> {
        let artifact = self.program.artifact();
        let mut total = 0;
        let mut offsets = Vec::new();
        for constant in &self.cuda.constants {
            offsets.push(total as usize);
            let bytes = artifact.section(&constant.section)?;
            if (bytes.len() as u64) < constant.bytes {
                return Err(artifact.bad_section(&constant.section, "is too short"));
            }
            total += constant.bytes.next_multiple_of(ALIGN);
        }
        let memory = DeviceMemory::zeroed(&self.device, total as usize)?;
        for (constant, &offset) in self.cuda.constants.iter().zip(&offsets) {
            let bytes = artifact.section(&constant.section)?;
            memory.write(offset, &bytes[..constant.bytes as usize])?;
        }
        let addresses = offsets
            .into_iter()
            .map(|offset| memory.address() + offset as u64);
        Ok((addresses.collect(), memory))
    }

    fn products(&self, stream: &Stream) -> Result<Option<Products>, Error> {
        if self.cuda.matmuls.is_empty() {
            return Ok(None);
        }
        let blas = Blas::new(&self.device)?;
        let plan = |matmul| cublaslt::Plan::new(&blas, matmul, stream);
        let plans = self
            .cuda
            .matmuls
            .iter()
            .map(plan)
            .collect::<Result<_, _>>()?;
        Ok(Some(Products { plans, blas }))
    }

    /// Joins every group that this rank is in, and connects those that need NCCL.
    fn groups(
        &self,
        manifest: &Manifest,
        plan: &Plan,
        own: &Own,
    ) -> Result<Vec<Option<Group>>, Error> {
        let joined = self.join_groups(manifest, plan, own)?;
        let needs_library = joined.iter().flatten().any(|(_, id)| id.is_some());
        let scratch = needs_library.then(|| library::scratch(&self.device));
        let scratch = scratch.transpose()?;
        let meet = || self.rank.meet().map_err(|Failed| Error::Aborted);
        // Nobody takes or frees memory between these while another rank's device waits for this one's.
        meet()?;
        let connect = |(index, joined): (u32, Option<Joined>)| {
            let Some((mut group, id)) = joined else {
                return Ok(None);
            };
            if let (Some(id), Some(scratch)) = (id, &scratch) {
                let connecting = self.connecting(index, &group, &plan.groups[index as usize].kinds);
                group.library = Some(connecting.connect(id, scratch)?);
            }
            Ok(Some(group))
        };
        let groups: Result<_, Error> = (0..).zip(joined).map(connect).collect();
        let groups = groups?;
        meet()?;
        Ok(groups)
    }

    fn connecting(&self, index: u32, group: &Group, kinds: &[CollectiveKind]) -> Connecting<'_> {
        let mut kinds = kinds.to_vec();
        if matches!(group.memory, Memory::Plain { .. })
            && !kinds.contains(&CollectiveKind::AllReduce)
        {
            // NCCL stands in for kernels.
            kinds.push(CollectiveKind::AllReduce);
        }
        Connecting {
            rank: self.rank,
            device: &self.device,
            group: index,
            member: (group.me, group.ranks.len() as u32),
            kinds,
        }
    }

    fn join_groups(
        &self,
        manifest: &Manifest,
        plan: &Plan,
        own: &Own,
    ) -> Result<Vec<Option<Joined>>, Error> {
        let hash = plan_hash(&manifest.plan_hash);
        let groups = (0..).zip(manifest.groups.iter().zip(&plan.groups));
        let join = |(index, (group, group_plan)): (u32, (&symm_abi::Group, _))| {
            let Some(me) = group
                .ranks
                .iter()
                .position(|&rank| rank == self.rank.number())
            else {
                return Ok(None);
            };
            let me = me as u32;
            let place = (me, group.size);
            let settle = |error| join::settle(self.rank, &group.ranks, error);
            let mut exchange = join::local_exchange(self.config, index, place, self.rank.timeout())
                .map_err(|error| settle(symm_cuda::Error::from(error).into()))?;
            let all_reduces = self.cuda.all_reduces.iter();
            let is_own =
                |all_reduce: &&AllReduce| manifest.ops[all_reduce.op as usize].group == index;
            let joining = Joining {
                device: &self.device,
                group,
                plan: group_plan,
                manifest,
                all_reduces: all_reduces.filter(is_own).collect(),
                hash,
                fallback: self.config.fallback,
            };
            let fits = self.room(plan, index, own);
            let joined = joining.join(me, &mut exchange).and_then(|mut joined| {
                joined.0.room = room::everywhere(&mut exchange, &fits?)?;
                Ok(joined)
            });
            Ok(Some(joined.map_err(settle)?))
        };
        groups.map(join).collect()
    }

    /// Returns, for each channel of a group, how many blocks of its kernel fit on this rank's GPU.
    fn room(&self, plan: &Plan, group: u32, own: &Own) -> Result<Vec<u32>, Error> {
        let sharing = room::sharing(self.rank, &self.device)?;
        let mut room = Vec::new();
        for (all_reduce, place) in self.cuda.all_reduces.iter().zip(&plan.places) {
            if (place.group, place.channel) == (group, room.len()) {
                let kernel = own.function(all_reduce.module, &all_reduce.entry)?;
                room.push(room::here(&kernel, all_reduce, sharing)?);
            }
        }
        Ok(room)
    }
}

/// Turns the hex digits of a manifest that was checked into bytes.
fn plan_hash(hex: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (byte, index) in bytes.iter_mut().zip((0..hex.len()).step_by(2)) {
        *byte = hex
            .get(index..index + 2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .unwrap_or(0);
    }
    bytes
}

impl Gpu {
    /// Lets the communicators be destroyed when they are dropped, which waits for all members.
    pub(super) fn part(&self) {
        let groups = self.groups.iter().flatten();
        let libraries = groups.filter_map(|group| group.library.as_ref());
        libraries.for_each(Connected::part);
    }

    /// Frees what an entry left allocated, and ends its count of collectives.
    pub(super) fn end_entry(&self) {
        self.arena.reset();
        for group in self.groups.iter().flatten() {
            group.arena.reset();
            group.announced.in_entry.set(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_become_bytes() {
        let hash = plan_hash(&format!("ff01{}", "0".repeat(60)));
        assert_eq!((hash[0], hash[1], hash[2]), (255, 1, 0));
    }
}
