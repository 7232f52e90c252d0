// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One rank as a member of one group: its heap, its signals, its place in the sequence of collectives.

use super::{Awake, Failed, GroupMemory, Heap, Patience, Rank, Wait};
use crate::failure::{Activity, Failure, Step};
use std::{
    cell::{Cell, RefCell, UnsafeCell},
    sync::atomic::Ordering,
};
use symm_abi::{GroupView, NOT_A_MEMBER, PAD_STRIDE};

/// Smallest piece of heap whose pages are taken from the system at once.
const RESERVE_BYTES: usize = 1 << 20;

/// Largest alignment in a heap: segments are aligned to pages.
const MAX_ALIGN: u64 = 4096;

/// A group as one rank sees it.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) index: u32,
    /// Shared with generated code, which changes the epoch; boxed so that it stays in place.
    view: Box<UnsafeCell<GroupView>>,
    /// Referred to by the view.
    _bases: Box<[*mut u8]>,
    pub(crate) heap: RefCell<Heap>,
    reserved: Cell<usize>,
    /// Steps begun so far.
    sequence: Cell<u64>,
    step: Cell<Option<Step>>,
    /// Rounds of the library so far; each uses the other staging buffer.
    pub(crate) rounds: Cell<u64>,
}

impl Group {
    /// Creates the view of a rank that is `member` of the group, or of one that is not.
    pub(crate) fn new(index: u32, size: usize, member: Option<(usize, &GroupMemory)>) -> Self {
        let bases: Box<[*mut u8]> = match member {
            Some((_, memory)) => (0..size).map(|peer| memory.segment(peer)).collect(),
            None => Box::default(),
        };
        let view = GroupView {
            rank: member.map_or(NOT_A_MEMBER, |(me, _)| me as u32),
            size: size as u32,
            epoch: 0,
            failed: u32::from(member.is_none()),
            bases: if member.is_some() {
                bases.as_ptr()
            } else {
                std::ptr::null()
            },
            pad_offset: 0,
            pad_stride: PAD_STRIDE,
        };
        let capacity = member.map_or(0, |(_, memory)| memory.layout.heap_bytes() as u64);
        Self {
            index,
            view: Box::new(UnsafeCell::new(view)),
            _bases: bases,
            heap: RefCell::new(Heap::new(capacity, 0)),
            reserved: Cell::new(0),
            sequence: Cell::new(0),
            step: Cell::new(None),
            rounds: Cell::new(0),
        }
    }

    /// Returns the view for generated code.
    pub(crate) fn view(&self) -> *mut GroupView {
        self.view.get()
    }

    /// Takes the next epoch.
    pub(crate) fn next_epoch(&self) -> u32 {
        // SAFETY: only this rank's thread touches the view, and no reference into it is held.
        unsafe {
            let epoch = &raw mut (*self.view.get()).epoch;
            *epoch = (*epoch).wrapping_add(1);
            *epoch
        }
    }

    pub(crate) fn mark_failed(&self) {
        // SAFETY: as above.
        unsafe { (*self.view.get()).failed = 1 }
    }
}

/// A group together with this rank's membership in it.
#[derive(Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) rank: &'a Rank,
    pub(crate) group: &'a Group,
    pub(crate) memory: &'a GroupMemory,
    /// World ranks of the members.
    pub(crate) ranks: &'a [u32],
    /// This rank's number in the group.
    pub(crate) me: usize,
}

impl Member<'_> {
    pub(crate) fn size(&self) -> usize {
        self.ranks.len()
    }

    /// Allocates symmetric memory; on failure, which is recorded, there is none.
    pub(crate) fn alloc(&self, bytes: u64, align: u64) -> Result<*mut u8, Failed> {
        if !align.is_power_of_two() || align > MAX_ALIGN {
            let message = format!(
                "expected an alignment that is a power of two up to {MAX_ALIGN}, got {align}"
            );
            return Err(self.rank.bad_call(message));
        }
        let mut heap = self.group.heap.borrow_mut();
        let Some(offset) = heap.alloc(bytes, align) else {
            return Err(self.rank.fail(Failure::HeapExhausted {
                rank: self.rank.number,
                group: self.group.index,
                bytes,
                free: heap.largest_free(),
                capacity: heap.capacity(),
            }));
        };
        self.reserve(offset as usize + bytes as usize)?;
        Ok(self
            .memory
            .segment(self.me)
            .wrapping_add(self.memory.layout.heap + offset as usize))
    }

    /// Makes sure that pages stand behind the first `end` bytes of this rank's heap.
    fn reserve(&self, end: usize) -> Result<(), Failed> {
        let begin = self.group.reserved.get();
        if end <= begin {
            return Ok(());
        }
        let layout = self.memory.layout;
        let target = end.next_multiple_of(RESERVE_BYTES).min(layout.heap_bytes());
        self.take_pages(layout.heap + begin, layout.heap + target)?;
        self.group.reserved.set(target);
        Ok(())
    }

    /// Takes pages of this rank's segment from the system; failure is recorded.
    pub(crate) fn take_pages(&self, begin: usize, end: usize) -> Result<(), Failed> {
        self.memory.reserve(self.me, begin..end).map_err(|error| {
            self.rank.fail(Failure::HeapMemory {
                rank: self.rank.number,
                group: self.group.index,
                bytes: (end - begin) as u64,
                reason: error.to_string(),
            })
        })
    }

    /// Frees symmetric memory; false if the address is none of this rank's segment.
    pub(crate) fn free(&self, address: *mut u8) -> bool {
        let layout = self.memory.layout;
        let offset = (address as usize).wrapping_sub(self.memory.segment(self.me) as usize);
        if offset >= layout.stride {
            return false;
        }
        let start = offset.checked_sub(layout.heap);
        if !start.is_some_and(|start| self.group.heap.borrow_mut().free(start as u64)) {
            self.rank.bad_call(format!(
                "freed offset {offset} of a symmetric segment, where nothing is allocated"
            ));
        }
        true
    }

    /// Records that the call of a collective can't be.
    pub(crate) fn bad_collective(&self, op: u32, message: String) -> Failed {
        self.rank.fail(Failure::BadCall {
            rank: self.rank.number,
            op: Some(op),
            message,
        })
    }

    /// Begins a collective: publishes it and compares with members that are there already. `buffer` is the address of
    /// the buffer that peers access.
    pub(crate) fn enter(&self, op: u32, bytes: u64, buffer: Option<usize>) -> Result<(), Failed> {
        let segment = self.memory.segment(self.me) as usize;
        let step = Step {
            op,
            bytes,
            offset: buffer.map_or(0, |address| address.wrapping_sub(segment) as u64),
            result: 0,
            heap: self.group.heap.borrow().trace(),
        };
        let sequence = self.group.sequence.get() + 1;
        self.group.sequence.set(sequence);
        self.group.step.set(Some(step));
        self.memory.steps(self.me).publish(sequence, step);
        self.rank.record().set(Activity::Collective { op });
        self.check_steps()
    }

    /// Ends a collective: by now every member has published its step, so a mismatch can't go unseen.
    pub(crate) fn leave(&self, op: u32) -> Result<(), Failed> {
        let result = self.check_steps();
        self.group.step.set(None);
        self.rank.set_computing(op);
        result
    }

    fn check_steps(&self) -> Result<(), Failed> {
        match self.step_trouble() {
            Some(failure) => Err(self.rank.fail(failure)),
            None => Ok(()),
        }
    }

    /// Looks for a member whose step of the same number is another one.
    fn step_trouble(&self) -> Option<Failure> {
        let step = self.group.step.get()?;
        let sequence = self.group.sequence.get();
        (0..self.size()).find_map(|peer| {
            let peer_step = self
                .memory
                .steps(peer)
                .step(sequence)
                .filter(|&other| other != step)?;
            let (rank, peer) = (self.rank.number, self.ranks[peer]);
            Some(Failure::Mismatch {
                rank,
                group: self.group.index,
                step,
                peer,
                peer_step,
            })
        })
    }

    /// Stores an epoch, with release order, in this rank's signal word at every member.
    pub(crate) fn signal_all(&self, epoch: u32) {
        for peer in 0..self.size() {
            self.memory
                .signal(peer, self.me)
                .store(epoch, Ordering::Release);
        }
    }

    /// Waits until a member's signal word here reaches an epoch.
    pub(crate) fn wait(&self, peer: usize, epoch: u32, phase: u32) -> Result<(), Failed> {
        let op = self.group.step.get().map_or(u32::MAX, |step| step.op);
        let peer_rank = self.ranks[peer];
        let word = self.memory.signal(self.me, peer);
        let reached = || word.load(Ordering::Acquire).wrapping_sub(epoch) as i32 >= 0;
        let trouble = || {
            self.step_trouble()
                .or_else(|| self.finished_trouble(peer_rank, op, &reached))
        };
        let activity = Activity::Waiting {
            op,
            phase,
            peer: peer_rank,
            epoch,
        };
        let result = self.rank.wait_until(&Wait {
            activity,
            awake: Awake::Briefly,
            reached: &reached,
            trouble: &trouble,
            late: &|| Failure::TimedOut {
                rank: self.rank.number,
                missing: self.missing(peer),
                millis: self.rank.timeout().as_millis() as u64,
                activity,
            },
            patience: &|| Patience::Over,
        });
        self.rank.record().set(Activity::Collective { op });
        result
    }

    fn finished_trouble(&self, peer: u32, op: u32, reached: &dyn Fn() -> bool) -> Option<Failure> {
        // The peer signalled before it finished, if at all: look at the signal once more after that.
        let finished = self.rank.has_finished_run(peer) && !reached();
        finished.then_some(Failure::PeerFinished {
            rank: self.rank.number,
            peer,
            op,
        })
    }

    /// Names the awaited member and all that have not come to this step.
    fn missing(&self, awaited: usize) -> Vec<u32> {
        let sequence = self.group.sequence.get();
        let is_missing =
            |&peer: &usize| peer == awaited || self.memory.steps(peer).is_before(sequence);
        (0..self.size())
            .filter(is_missing)
            .map(|peer| self.ranks[peer])
            .collect()
    }
}
