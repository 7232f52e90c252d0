// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reduction in rank order (law L11), tile by tile.

use super::{
    Frame,
    loops::{Space, TILE, Tile, slot_place},
};
use crate::{builder::Builder, convert_symm_mem_to_cpu::element::Element};
use melior::ir::{Value, r#type::MemRefType};

/// Where the ranks' values are.
#[derive(Clone, Copy)]
pub(super) enum Source<'c, 'a> {
    /// In each peer's copy of a buffer.
    Peers(Value<'c, 'a>),
    /// In this rank's own slots, one per rank; the index of dimension 0 that
    /// begins a slot.
    Slots(Value<'c, 'a>, Value<'c, 'a>),
}

/// Builds the accumulators of a kernel.
pub(super) fn accumulators<'c: 'a, 'a>(b: &Builder<'c, 'a>, element: Element<'c>) -> Value<'c, 'a> {
    let r#type = MemRefType::new(element.accumulator, &[TILE], None, None);
    b.allocate("memref.alloca", r#type, &[])
}

impl<'c: 'a, 'a> Frame<'c, 'a> {
    /// Builds the reduction of `space`; `write` gets each tile when its result can
    /// be read with [`Self::reduced`].
    pub(super) fn reduce(
        &self,
        b: &Builder<'c, 'a>,
        space: &Space<'c, 'a>,
        source: Source<'c, 'a>,
        write: impl FnOnce(&Builder<'c, 'a>, &Tile<'c, 'a>),
    ) {
        let (element, reduce) = self.reduction();
        let accumulators = self.accumulators.expect("the algorithm reduces");
        space.for_each_tile(b, |b, tile| {
            self.for_each_element_of(b, tile, source, b.index(0), |b, index, value| {
                b.store(element.widen(b, value), accumulators, &[index]);
            });
            self.for_each_peer(b, 1, |b, peer| {
                self.for_each_element_of(b, tile, source, peer, |b, index, value| {
                    let before = b.load(accumulators, &[index]);
                    let value = element.widen(b, value);
                    let sum = element.combine(b, reduce, before, value);
                    b.store(sum, accumulators, &[index]);
                });
            });
            write(b, tile);
        });
    }

    /// Builds the result of one element of a tile.
    pub(super) fn reduced(&self, b: &Builder<'c, 'a>, index: Value<'c, 'a>) -> Value<'c, 'a> {
        let (element, reduce) = self.reduction();
        let accumulators = self.accumulators.expect("the algorithm reduces");
        let value = b.load(accumulators, &[index]);
        element.narrow(b, element.finish(b, reduce, self.ranks, value))
    }

    fn for_each_element_of(
        &self,
        b: &Builder<'c, 'a>,
        tile: &Tile<'c, 'a>,
        source: Source<'c, 'a>,
        rank: Value<'c, 'a>,
        body: impl FnOnce(&Builder<'c, 'a>, Value<'c, 'a>, Value<'c, 'a>),
    ) {
        let buffer = match source {
            Source::Peers(buffer) => self.peer(b, buffer, rank),
            Source::Slots(buffer, _) => buffer,
        };
        tile.for_each(b, |b, index, place| {
            let value = match source {
                Source::Peers(_) => b.load(buffer, place),
                Source::Slots(_, origin) => b.load(buffer, &slot_place(b, rank, origin, place)),
            };
            body(b, index, value);
        });
    }
}
