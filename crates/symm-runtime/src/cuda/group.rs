// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One group as a member on a GPU has it: heap, channels, and NCCL where it is needed.

use super::{arena::Arena, library::Connected, plan::GroupPlan};
use crate::Error;
use std::cell::{Cell, UnsafeCell};
use symm_abi::{GroupView, Manifest, NOT_A_MEMBER, PAD_STRIDE, cuda::AllReduce};
use symm_cuda::{
    Device, Gpu,
    driver::Uuid,
    exchange::Exchange,
    heap::{Heap, HeapLayout},
    memory::DeviceMemory,
    nccl::{Communicator, Nccl, UniqueId},
    peers,
};

/// A group that this rank is in.
#[derive(Debug)]
pub(super) struct Group {
    /// This rank's number in the group.
    pub(super) me: u32,
    /// World ranks of the members.
    pub(super) ranks: Vec<u32>,
    /// Symmetric buffers, or their stand-ins.
    pub(super) arena: Arena,
    pub(super) memory: Memory,
    pub(super) library: Option<Connected>,
    /// By channel, how many blocks of its kernel fit on every member's GPU.
    pub(super) room: Vec<u32>,
    /// What is known of the collectives that were put into streams.
    pub(super) announced: Announced,
}

/// Counts a group's collectives.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// How many were launched before the first was captured.
    pub(super) launched: Cell<u64>,
    /// One was captured. From then on it is not known which ones the device executes.
    pub(super) captured: Cell<bool>,
    /// How many the entry has had that is running.
    pub(super) in_entry: Cell<u64>,
}

/// What the group's buffers lie in.
#[derive(Debug)]
pub(super) enum Memory {
    /// Memory that every member maps.
    Symmetric(Heap),
    /// Memory of this rank alone: NCCL moves the data.
    Plain { _memory: DeviceMemory },
}

/// A group that was joined, and what its members find each other by in NCCL, if they are to.
pub(super) type Joined = (Group, Option<UniqueId>);

/// What joining a group takes.
pub(super) struct Joining<'a> {
    pub(super) device: &'a Device,
    pub(super) group: &'a symm_abi::Group,
    pub(super) plan: &'a GroupPlan,
    pub(super) manifest: &'a Manifest,
    /// The group's all-reduces that kernels were generated for.
    pub(super) all_reduces: Vec<&'a AllReduce>,
    /// The plan hash of the program.
    pub(super) hash: [u8; 32],
    pub(super) fallback: bool,
}

impl Joining<'_> {
    /// Joins the group as member `me`, together with all other members; NCCL is not connected yet.
    pub(super) fn join(&self, me: u32, exchange: &mut Exchange) -> Result<Joined, Error> {
        let symmetric = self.plan.is_symmetric() && self.reaches_all(exchange)?;
        let (memory, base) = if symmetric {
            let buffers = usize::try_from(self.plan.heap_bytes).unwrap_or(usize::MAX);
            let layout = HeapLayout::new(self.group.size, &self.plan.channels, buffers)?;
            let heap = Heap::join(self.device, &layout, &self.hash, exchange)?;
            let base = heap.base() + layout.buffers() as u64;
            (Memory::Symmetric(heap), base)
        } else {
            let bytes = usize::try_from(self.plan.heap_bytes).unwrap_or(usize::MAX);
            let memory = DeviceMemory::zeroed(self.device, bytes)?;
            let base = memory.address();
            (Memory::Plain { _memory: memory }, base)
        };
        let stands_in = !symmetric && !self.plan.channels.is_empty();
        if stands_in {
            self.check_stand_ins()?;
        }
        let id = (self.plan.library || stands_in)
            .then(|| self.library_id(me, exchange))
            .transpose()?;
        let group = Group {
            me,
            ranks: self.group.ranks.clone(),
            arena: Arena::new(base, self.plan.heap_bytes, self.manifest.buffers.len()),
            memory,
            library: None,
            room: Vec::new(),
            announced: Announced::default(),
        };
        Ok((group, id))
    }

    /// Finds out whether every member's GPU reaches every other's; if not, and there is no fallback, every member gets the
    /// same error, which names the pair.
    fn reaches_all(&self, exchange: &mut Exchange) -> Result<bool, Error> {
        let uuid = self.device.uuid()?;
        let shares = exchange
            .all_gather("compare the GPUs", &uuid.0, &[])
            .map_err(symm_cuda::Error::from)?;
        let uuids: Vec<Uuid> = shares
            .iter()
            .filter_map(|share| Some(Uuid(share.bytes.as_slice().try_into().ok()?)))
            .collect();
        let verdict = match self.check_peers(exchange.rank(), &uuids) {
            Ok(()) => String::new(),
            Err(error) => error.among(&self.group.ranks).to_string(),
        };
        let verdicts = exchange
            .all_gather("check peer access", verdict.as_bytes(), &[])
            .map_err(symm_cuda::Error::from)?;
        match verdicts.iter().find(|share| !share.bytes.is_empty()) {
            None => Ok(true),
            Some(_) if self.fallback => Ok(false),
            Some(share) => Err(Error::PeerAccess(
                String::from_utf8_lossy(&share.bytes).into_owned(),
            )),
        }
    }

    fn check_peers(&self, me: u32, uuids: &[Uuid]) -> Result<(), symm_cuda::Error> {
        let visible = Gpu::all()?;
        let known = visible
            .iter()
            .map(Gpu::uuid)
            .collect::<Result<Vec<_>, _>>()?;
        let find = |(peer, uuid): (usize, &Uuid)| {
            let place = known.iter().position(|other| other == uuid);
            place
                .map(|index| visible[index])
                .ok_or_else(|| symm_cuda::Error::HiddenDevice {
                    rank: me,
                    peer: peer as u32,
                    uuid: uuid.to_string(),
                })
        };
        let gpus: Vec<Gpu> = uuids
            .iter()
            .enumerate()
            .map(find)
            .collect::<Result<_, _>>()?;
        peers::require_from(self.device, &gpus)
    }

    /// Checks that NCCL can do what no kernel will.
    fn check_stand_ins(&self) -> Result<(), Error> {
        let check = |all_reduce: &&AllReduce| {
            let AllReduce { spec, op, .. } = all_reduce;
            let supported = Communicator::supports(spec.dtype, spec.reduce_op);
            supported.map_err(|error| {
                let op = &self.manifest.ops[*op as usize];
                Error::Fallback {
                    op: format!("'{}' ({}) on @{}", op.name, op.loc, self.group.name),
                    reason: error.to_string(),
                }
            })
        };
        self.all_reduces.iter().try_for_each(check)
    }

    /// Agrees on what the members find each other by in NCCL.
    fn library_id(&self, me: u32, exchange: &mut Exchange) -> Result<UniqueId, Error> {
        // Every member finds out by itself that the library is missing, instead of waiting for the first.
        Nccl::load()?;
        let id = match me {
            0 => UniqueId::new()?.to_bytes().to_vec(),
            _ => Vec::new(),
        };
        let shares = exchange
            .all_gather("connect NCCL", &id, &[])
            .map_err(symm_cuda::Error::from)?;
        let bytes = shares[0].bytes.as_slice().try_into().map_err(|_| {
            Error::PeerAccess(
                "expected an id of NCCL's from the first member, got another size".into(),
            )
        })?;
        Ok(UniqueId::from_bytes(bytes))
    }
}

/// A group as generated code sees it.
#[derive(Debug)]
pub(super) struct View {
    view: Box<UnsafeCell<GroupView>>,
    /// Referred to by the view.
    _bases: Box<[*mut u8]>,
}

impl View {
    /// Builds the view of a group of `size` ranks that this rank is in, or is not.
    pub(super) fn new(size: u32, group: Option<&Group>) -> Self {
        let bases: Box<[*mut u8]> = match group.map(|group| &group.memory) {
            Some(Memory::Symmetric(heap)) => {
                heap.bases().iter().map(|&base| base as *mut u8).collect()
            }
            _ => Box::default(),
        };
        let view = GroupView {
            rank: group.map_or(NOT_A_MEMBER, |group| group.me),
            size,
            epoch: 0,
            failed: u32::from(group.is_none()),
            bases: if bases.is_empty() {
                std::ptr::null()
            } else {
                bases.as_ptr()
            },
            pad_offset: 0,
            pad_stride: PAD_STRIDE,
        };
        Self {
            view: Box::new(UnsafeCell::new(view)),
            _bases: bases,
        }
    }

    pub(super) fn get(&self) -> *mut GroupView {
        self.view.get()
    }
}
