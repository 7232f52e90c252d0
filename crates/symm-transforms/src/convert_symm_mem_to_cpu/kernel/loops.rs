// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Walks over buffers, tile by tile.

use super::{Frame, tile::TILE};
use crate::builder::{Builder, memref_type};
use melior::ir::{ShapedTypeLike, Value};

/// A box of elements: a range of each dimension.
pub(super) struct Space<'c, 'a> {
    bounds: Vec<[Value<'c, 'a>; 2]>,
}

/// Consecutive innermost elements.
pub(super) struct Tile<'c, 'a> {
    /// Where the first one is.
    pub(super) place: Vec<Value<'c, 'a>>,
    /// How many there are.
    pub(super) length: Value<'c, 'a>,
}

/// Builds the extents of a buffer.
pub(super) fn extents<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    buffer: Value<'c, 'a>,
) -> Vec<Value<'c, 'a>> {
    (0..memref_type(buffer).rank())
        .map(|dimension| b.dim(buffer, dimension))
        .collect()
}

impl<'c: 'a, 'a> Space<'c, 'a> {
    /// All of a buffer.
    pub(super) fn whole(b: &Builder<'c, 'a>, buffer: Value<'c, 'a>) -> Self {
        let bounds = extents(b, buffer)
            .into_iter()
            .map(|extent| [b.index(0), extent])
            .collect();
        Self { bounds }
    }

    /// The shard of a buffer that belongs to a rank: a part of dimension 0, the
    /// same on every rank, empty where there is nothing left.
    pub(super) fn shard(
        b: &Builder<'c, 'a>,
        buffer: Value<'c, 'a>,
        ranks: i64,
        rank: Value<'c, 'a>,
    ) -> Self {
        let mut whole = Self::whole(b, buffer);
        let extent = whole.bounds[0][1];
        let chunk = b.binary("arith.ceildivui", extent, b.index(ranks));
        let lower = b.min(b.mul(rank, chunk), extent);
        whole.bounds[0] = [lower, b.min(b.add(lower, chunk), extent)];
        whole
    }

    /// Returns the first index of dimension 0.
    pub(super) fn start(&self) -> Value<'c, 'a> {
        self.bounds[0][0]
    }

    /// Builds a loop over the tiles.
    pub(super) fn for_each_tile(
        &self,
        b: &Builder<'c, 'a>,
        body: impl FnOnce(&Builder<'c, 'a>, &Tile<'c, 'a>),
    ) {
        Self::nest(b, &self.bounds, Vec::new(), body);
    }

    fn nest(
        b: &Builder<'c, 'a>,
        bounds: &[[Value<'c, 'a>; 2]],
        mut place: Vec<Value<'c, 'a>>,
        body: impl FnOnce(&Builder<'c, 'a>, &Tile<'c, 'a>),
    ) {
        let [lower, upper] = bounds[0];
        if bounds.len() == 1 {
            let tile = b.index(TILE);
            b.for_each([lower, upper, tile], |b, start| {
                place.push(start);
                let length = b.min(b.sub(upper, start), tile);
                body(b, &Tile { place, length });
            });
        } else {
            b.for_each([lower, upper, b.index(1)], |b, index| {
                place.push(index);
                Self::nest(b, &bounds[1..], place, body);
            });
        }
    }
}

impl<'c: 'a, 'a> Frame<'c, 'a> {
    /// Builds a copy of `space`; both buffers are indexed alike.
    pub(super) fn copy(
        &self,
        b: &Builder<'c, 'a>,
        space: &Space<'c, 'a>,
        from: Value<'c, 'a>,
        to: Value<'c, 'a>,
    ) {
        space.for_each_tile(b, |b, tile| {
            let [from, to] = [from, to].map(|one| self.view(b, one, &tile.place, tile.length));
            self.copy_tile(b, from, to);
        });
    }

    /// Builds a peer's copy of a symmetric buffer.
    pub(super) fn peer(
        &self,
        b: &Builder<'c, 'a>,
        buffer: Value<'c, 'a>,
        peer: Value<'c, 'a>,
    ) -> Value<'c, 'a> {
        b.value(
            "comm.peer",
            &[buffer, peer],
            memref_type(buffer).into(),
            &[],
        )
    }

    /// Builds the view of a tile in a buffer of slots, where slots begin at the
    /// element of a buffer that has `origin` as its index of dimension 0.
    pub(super) fn slot(
        &self,
        b: &Builder<'c, 'a>,
        slots: Value<'c, 'a>,
        slot: Value<'c, 'a>,
        origin: Value<'c, 'a>,
        tile: &Tile<'c, 'a>,
    ) -> Value<'c, 'a> {
        let mut place = tile.place.clone();
        place[0] = b.sub(place[0], origin);
        place.insert(0, slot);
        self.view(b, slots, &place, tile.length)
    }
}
