// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reduction in rank order (law L11), tile by tile.

use super::{
    Frame,
    loops::{Space, Tile},
};
use crate::builder::Builder;
use melior::ir::Value;

/// Where the ranks' values are.
#[derive(Clone, Copy)]
pub(super) enum Source<'c, 'a> {
    /// In each peer's copy of a buffer.
    Peers(Value<'c, 'a>),
    /// In this rank's own slots, one per rank; the index of dimension 0 that
    /// begins a slot.
    Slots(Value<'c, 'a>, Value<'c, 'a>),
}

impl<'c: 'a, 'a> Frame<'c, 'a> {
    /// Builds the reduction of `space`; `write` gets each tile when its result can
    /// be taken with [`Self::end_tile`].
    pub(super) fn reduce(
        &self,
        b: &Builder<'c, 'a>,
        space: &Space<'c, 'a>,
        source: Source<'c, 'a>,
        write: impl FnOnce(&Builder<'c, 'a>, &Tile<'c, 'a>),
    ) {
        space.for_each_tile(b, |b, tile| {
            let first = self.contribution(b, tile, source, b.index(0));
            self.begin_tile(b, first);
            self.for_each_peer(b, 1, |b, rank| {
                let next = self.contribution(b, tile, source, rank);
                self.add_tile(b, next);
            });
            write(b, tile);
        });
    }

    /// Builds the view of what a rank contributes to a tile.
    fn contribution(
        &self,
        b: &Builder<'c, 'a>,
        tile: &Tile<'c, 'a>,
        source: Source<'c, 'a>,
        rank: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        match source {
            Source::Peers(buffer) => {
                let buffer = self.peer(b, buffer, rank);
                self.view(b, buffer, &tile.place, tile.length)
            }
            Source::Slots(slots, origin) => self.slot(b, slots, rank, origin, tile),
        }
    }
}
