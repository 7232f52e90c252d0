// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Walks over buffers in tiles of consecutive innermost elements.
//!
//! Each loop over a tile touches at most two buffers, so LLVM vectorises it with
//! one overlap check at most, however many ranks there are.

use super::Frame;
use crate::builder::{Builder, memref_type};
use melior::ir::{ShapedTypeLike, Value};

/// Elements of a tile: its accumulators stay in the first-level cache.
pub(super) const TILE: i64 = 512;

/// A box of elements: a range of each dimension.
pub(super) struct Space<'c, 'a> {
    bounds: Vec<[Value<'c, 'a>; 2]>,
}

/// Consecutive innermost elements.
pub(super) struct Tile<'c, 'a> {
    outer: Vec<Value<'c, 'a>>,
    start: Value<'c, 'a>,
    length: Value<'c, 'a>,
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
        let chunk = chunk(b, extent, ranks);
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
        mut outer: Vec<Value<'c, 'a>>,
        body: impl FnOnce(&Builder<'c, 'a>, &Tile<'c, 'a>),
    ) {
        let [lower, upper] = bounds[0];
        if bounds.len() == 1 {
            let tile = b.index(TILE);
            b.for_each([lower, upper, tile], |b, start| {
                let length = b.min(b.sub(upper, start), tile);
                body(
                    b,
                    &Tile {
                        outer,
                        start,
                        length,
                    },
                );
            });
        } else {
            b.for_each([lower, upper, b.index(1)], |b, index| {
                outer.push(index);
                Self::nest(b, &bounds[1..], outer, body);
            });
        }
    }
}

/// Builds the size of a shard of dimension 0.
pub(super) fn chunk<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    extent: Value<'c, 'a>,
    ranks: i64,
) -> Value<'c, 'a> {
    b.binary("arith.ceildivui", extent, b.index(ranks))
}

impl<'c: 'a, 'a> Tile<'c, 'a> {
    /// Builds a loop over the elements; `body` gets the number of the element in
    /// the tile and its place in the buffer.
    pub(super) fn for_each(
        &self,
        b: &Builder<'c, 'a>,
        body: impl FnOnce(&Builder<'c, 'a>, Value<'c, 'a>, &[Value<'c, 'a>]),
    ) {
        b.for_each([b.index(0), self.length, b.index(1)], |b, element| {
            let innermost = b.add(self.start, element);
            let place: Vec<_> = self.outer.iter().copied().chain([innermost]).collect();
            body(b, element, &place);
        });
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
            tile.for_each(b, |b, _, place| b.store(b.load(from, place), to, place));
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
}

/// Returns where the element of a buffer at `place` lies in a buffer of slots.
pub(super) fn slot_place<'c: 'a, 'a>(
    b: &Builder<'c, 'a>,
    slot: Value<'c, 'a>,
    origin: Value<'c, 'a>,
    place: &[Value<'c, 'a>],
) -> Vec<Value<'c, 'a>> {
    let first = b.sub(place[0], origin);
    [slot, first]
        .into_iter()
        .chain(place[1..].iter().copied())
        .collect()
}
