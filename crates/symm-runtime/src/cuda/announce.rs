// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Telling the other ranks of each collective, so that ranks which take different paths get an error instead of a wrong
//! sum.

use super::{calls::Running, group::Announced};
use crate::{
    failure::Step,
    rank::{Failed, Place},
};

impl Running<'_> {
    /// Tells the group's members which collective comes next, and compares with those that have told. The addresses are of
    /// the buffers that peers read and write, which lie at the same places of every member's arena.
    pub(super) fn announce(
        &self,
        index: u32,
        op: u32,
        bytes: u64,
        (read, written): (Option<u64>, Option<u64>),
    ) -> Result<(), Failed> {
        let group = self.group(index).ok_or_else(|| self.not_a_member(op))?;
        let offset =
            |address: Option<u64>| address.map_or(0, |address| address - group.arena.base());
        let step = Step {
            op,
            bytes,
            offset: offset(read),
            result: offset(written),
            heap: group.arena.trace(),
        };
        match self.place(&group.announced) {
            Some(place) => self.rank.announce(index, place, step),
            None => Ok(()),
        }
    }

    /// Counts a collective, and returns by which place it can be compared with those of other ranks.
    ///
    /// Until a rank captures, it executes what it puts into streams, once and in this order. What it captures, it executes
    /// as often as it likes, so from then on only what an entry consists of is comparable: that depends on nothing, unless
    /// the program has globals.
    fn place(&self, announced: &Announced) -> Option<Place> {
        let index = announced.in_entry.get();
        announced.in_entry.set(index + 1);
        if self.is_captured {
            announced.captured.set(true);
        }
        if !announced.captured.get() {
            let number = announced.launched.get() + 1;
            announced.launched.set(number);
            return Some(Place::Nth(number));
        }
        let entry = (self.entry, self.manifest.entries.len() as u32);
        (!self.manifest.mutable_globals).then_some(Place::InEntry { entry, index })
    }
}
