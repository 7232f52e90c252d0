// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The library of collectives, over the staging buffers of a group's shared memory.
//!
//! Everything is made of [rounds](Round): each member writes into one of its two staging buffers, all meet at a barrier,
//! each reads the others' buffers. Rounds use the buffers in turn, so one barrier is enough: a member that writes a
//! buffer for round `k + 2` has passed the barrier of round `k + 1`, to which every peer came after it had read for
//! round `k`. That holds across collectives too, since all members go through the same rounds.

mod call;
mod element;
mod fold;

use crate::rank::{Failed, Member, STAGE_BYTES};
pub(crate) use call::{Call, overlap, span};
use fold::Fold;
use std::{borrow::Cow, ops::Range};
use symm_abi::{CollectiveCall, CollectiveKind};

/// Data of one round, per rank, from which an all-reduce splits the work among the members: below it, a second barrier
/// costs more than reducing everything on every member.
const SPLIT_BYTES: usize = 32 << 10;

/// The only phase of the library's waits.
const BARRIER: u32 = 0;

/// Runs one collective, with its announcement and checks.
///
/// # Safety
/// The buffers of the call are readable and writable for their counts, and used by nobody else meanwhile.
pub(crate) unsafe fn run(member: &Member<'_>, call: &CollectiveCall) -> Result<(), Failed> {
    let op = call.op_id;
    let checked =
        Call::check(call, member.size()).map_err(|message| member.bad_collective(op, message))?;
    member.enter(op, checked.input_bytes() as u64, None)?;
    let copied: Cow<'_, [u8]> = match checked.needs_copy() {
        // SAFETY: the caller vouches for the input.
        true => unsafe { std::slice::from_raw_parts(checked.input, checked.input_bytes()) }
            .to_vec()
            .into(),
        false => Cow::Borrowed(&[]),
    };
    let input = if copied.is_empty() {
        checked.input
    } else {
        copied.as_ptr()
    };
    let transfer = Transfer {
        member,
        call: Call { input, ..checked },
    };
    // SAFETY: passed on from the caller; a copied input lives until the end.
    unsafe { transfer.run() }?;
    member.leave(op)
}

/// One collective under way.
struct Transfer<'a> {
    member: &'a Member<'a>,
    call: Call,
}

impl Transfer<'_> {
    /// # Safety
    /// As [`run`], for the buffers of the call, which don't need a copy.
    unsafe fn run(&self) -> Result<(), Failed> {
        let size = self.member.size();
        let count = self.call.output_count;
        // SAFETY: passed on from the caller; every range lies within the counts that were checked.
        unsafe {
            match self.call.kind {
                CollectiveKind::AllReduce => self.pieces(count, 1, |range| self.all_reduce(range)),
                CollectiveKind::AllGather => {
                    self.pieces(count / size, 1, |range| self.all_gather(range))
                }
                CollectiveKind::ReduceScatter => {
                    self.pieces(count, size, |range| self.reduce_scatter(range))
                }
                CollectiveKind::AllToAll => {
                    self.pieces(count / size, size, |range| self.all_to_all(range))
                }
                CollectiveKind::Broadcast => self.pieces(count, 1, |range| self.broadcast(range)),
            }
        }
    }

    /// Cuts `count` elements into ranges of which `parts` fit a staging buffer; at least one, so that empty collectives meet too.
    fn pieces(
        &self,
        count: usize,
        parts: usize,
        mut piece: impl FnMut(Range<usize>) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let step = (STAGE_BYTES / parts / self.call.dtype.size()).max(1);
        let mut begin = 0usize;
        loop {
            let end = count.min(begin.saturating_add(step));
            piece(begin..end)?;
            begin = end;
            if begin >= count {
                return Ok(());
            }
        }
    }

    unsafe fn all_reduce(&self, range: Range<usize>) -> Result<(), Failed> {
        let (size, me) = (self.member.size(), self.member.me);
        let length = range.len();
        let share = |member: usize| length * member / size..length * (member + 1) / size;
        let mine = if length * self.call.dtype.size() < SPLIT_BYTES {
            0..length
        } else {
            share(me)
        };
        // SAFETY: the range lies within both buffers, and shares within the range.
        unsafe {
            let round = Round::begin(self.member)?;
            self.stage(&round, 0, range.clone());
            let peers = round.exchange()?;
            self.fold(&peers, mine.start, range.start + mine.start, mine.len());
            if mine.len() == length {
                return Ok(());
            }
            let round = Round::begin(self.member)?;
            let own = self.output(range.start + mine.start).cast_const();
            self.copy(own, round.stage, mine.len());
            let peers = round.exchange()?;
            for (member, &peer) in peers.iter().enumerate().filter(|&(member, _)| member != me) {
                let share = share(member);
                self.copy(peer, self.output(range.start + share.start), share.len());
            }
        }
        Ok(())
    }

    unsafe fn all_gather(&self, range: Range<usize>) -> Result<(), Failed> {
        // SAFETY: the range lies within the input, and within each member's part of the output.
        unsafe {
            let round = Round::begin(self.member)?;
            self.stage(&round, 0, range.clone());
            for (member, &peer) in round.exchange()?.iter().enumerate() {
                self.copy(
                    peer,
                    self.output(member * self.call.input_count + range.start),
                    range.len(),
                );
            }
        }
        Ok(())
    }

    unsafe fn reduce_scatter(&self, range: Range<usize>) -> Result<(), Failed> {
        // SAFETY: the range lies within the output, and within each member's part of the input.
        unsafe {
            let round = Round::begin(self.member)?;
            self.stage_parts(&round, self.call.output_count, &range);
            let peers = round.exchange()?;
            self.fold(
                &peers,
                self.member.me * range.len(),
                range.start,
                range.len(),
            );
        }
        Ok(())
    }

    unsafe fn all_to_all(&self, range: Range<usize>) -> Result<(), Failed> {
        let part = self.call.input_count / self.member.size();
        // SAFETY: the range lies within each member's part of both buffers.
        unsafe {
            let round = Round::begin(self.member)?;
            self.stage_parts(&round, part, &range);
            for (member, &peer) in round.exchange()?.iter().enumerate() {
                let source = self.element(peer, self.member.me * range.len());
                self.copy(
                    source,
                    self.output(member * part + range.start),
                    range.len(),
                );
            }
        }
        Ok(())
    }

    unsafe fn broadcast(&self, range: Range<usize>) -> Result<(), Failed> {
        // SAFETY: the range lies within both buffers.
        unsafe {
            let round = Round::begin(self.member)?;
            if self.member.me == self.call.root {
                self.stage(&round, 0, range.clone());
            }
            let peers = round.exchange()?;
            self.copy(peers[self.call.root], self.output(range.start), range.len());
        }
        Ok(())
    }

    /// Copies a range of the input to element `at` of the staging buffer.
    unsafe fn stage(&self, round: &Round<'_>, at: usize, range: Range<usize>) {
        // SAFETY: `pieces` cut the range so that it fits.
        unsafe {
            let source = self.element(self.call.input, range.start);
            self.copy(
                source,
                round.stage.add(at * self.call.dtype.size()),
                range.len(),
            );
        }
    }

    /// Stages a range of each member's part of the input, one after the other.
    unsafe fn stage_parts(&self, round: &Round<'_>, part: usize, range: &Range<usize>) {
        for member in 0..self.member.size() {
            let source = member * part + range.start..member * part + range.end;
            // SAFETY: `pieces` cut the range so that one per member fits.
            unsafe { self.stage(round, member * range.len(), source) };
        }
    }

    /// Reduces `count` elements, from element `at` of every peer's buffer, to element `to` of the output.
    unsafe fn fold(&self, peers: &[*const u8], at: usize, to: usize, count: usize) {
        let reduction = self
            .call
            .reduction
            .expect("checked: this collective reduces");
        // SAFETY: the caller keeps within the staging buffers and the output.
        unsafe {
            let inputs: Vec<*const u8> = peers.iter().map(|&peer| self.element(peer, at)).collect();
            Fold {
                inputs: &inputs,
                output: self.output(to),
                count,
            }
            .run(self.call.dtype, reduction);
        }
    }

    unsafe fn element(&self, base: *const u8, index: usize) -> *const u8 {
        // An empty buffer may be null: no pointer arithmetic on it beyond zero.
        base.wrapping_add(index * self.call.dtype.size())
    }

    unsafe fn output(&self, index: usize) -> *mut u8 {
        self.call
            .output
            .wrapping_add(index * self.call.dtype.size())
    }

    unsafe fn copy(&self, from: *const u8, to: *mut u8, count: usize) {
        if count > 0 {
            // SAFETY: the caller keeps within both buffers; staging and program buffers are distinct memory.
            unsafe { to.copy_from_nonoverlapping(from, count * self.call.dtype.size()) };
        }
    }
}

/// One exchange over the staging buffers; see the module's description.
struct Round<'a> {
    member: &'a Member<'a>,
    /// Offset of the buffer of this round in every segment.
    offset: usize,
    /// This member's buffer, free to write.
    stage: *mut u8,
}

impl<'a> Round<'a> {
    fn begin(member: &'a Member<'a>) -> Result<Self, Failed> {
        let number = member.group.rounds.get();
        let first = member.memory.layout.stage;
        if number == 0 {
            member.take_pages(first, first + 2 * STAGE_BYTES)?;
        }
        member.group.rounds.set(number + 1);
        let offset = first + (number % 2) as usize * STAGE_BYTES;
        Ok(Self {
            member,
            offset,
            stage: member.memory.segment(member.me).wrapping_add(offset),
        })
    }

    /// Lets all members see what was staged; returns their buffers, readable until the round after the next begins.
    fn exchange(self) -> Result<Vec<*const u8>, Failed> {
        let epoch = self.member.group.next_epoch();
        self.member.signal_all(epoch);
        let members = 0..self.member.size();
        members
            .clone()
            .try_for_each(|peer| self.member.wait(peer, epoch, BARRIER))?;
        Ok(members
            .map(|peer| {
                self.member
                    .memory
                    .segment(peer)
                    .wrapping_add(self.offset)
                    .cast_const()
            })
            .collect())
    }
}

#[cfg(test)]
mod definition;
#[cfg(test)]
mod tests;
