// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Two-shot all-reduce in place: rank r reduces shard r and gives it to all.

use super::{
    Algorithm, Frame, Role, Step,
    loops::{Space, slot_place},
    reduce::Source,
};
use crate::builder::Builder;
use melior::ir::Value;

/// Reads shard r of the peers' buffers and writes the result back there: between
/// the barriers, nobody but rank r touches shard r of any buffer.
pub const PULL: Algorithm = Algorithm {
    name: "two_shot pull",
    roles: &[Role::Symmetric],
    shards: false,
    steps: &[
        Step::Barrier("entry barrier"),
        Step::Compute(reduce_shard_in_place),
        Step::Barrier("exit barrier"),
    ],
};

/// Writes shard p into a slot of rank p, which reduces it and writes the result
/// into a slot of every rank.
pub const PUSH: Algorithm = Algorithm {
    name: "two_shot push",
    roles: &[Role::Input, Role::Slots, Role::Gathered],
    shards: true,
    steps: &[
        Step::Barrier("entry barrier"),
        Step::Compute(scatter),
        Step::Barrier("scatter barrier"),
        Step::Compute(reduce_shard),
        Step::Barrier("gather barrier"),
        Step::Compute(gather),
    ],
};

fn reduce_shard_in_place<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let buffer = frame.buffer(Role::Symmetric);
    let space = shard(frame, b, buffer, frame.rank(b));
    frame.reduce(b, &space, Source::Peers(buffer), |b, tile| {
        tile.for_each(b, |b, index, place| {
            b.store(frame.reduced(b, index), buffer, place)
        });
        frame.for_each_peer(b, 0, |b, peer| {
            let to = frame.peer(b, buffer, peer);
            tile.for_each(b, |b, _, place| b.store(b.load(buffer, place), to, place));
        });
    });
}

fn scatter<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let from = frame.buffer(Role::Input);
    let rank = frame.rank(b);
    frame.for_each_peer(b, 0, |b, peer| {
        let slots = frame.peer(b, frame.buffer(Role::Slots), peer);
        let space = shard(frame, b, from, peer);
        space.for_each_tile(b, |b, tile| {
            tile.for_each(b, |b, _, place| {
                let to = slot_place(b, rank, space.start(), place);
                b.store(b.load(from, place), slots, &to);
            });
        });
    });
}

fn reduce_shard<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let rank = frame.rank(b);
    let space = shard(frame, b, frame.buffer(Role::Input), rank);
    let gathered = frame.buffer(Role::Gathered);
    let source = Source::Slots(frame.buffer(Role::Slots), space.start());
    frame.reduce(b, &space, source, |b, tile| {
        tile.for_each(b, |b, index, place| {
            let to = slot_place(b, rank, space.start(), place);
            b.store(frame.reduced(b, index), gathered, &to);
        });
        frame.for_each_peer(b, 0, |b, peer| {
            let to = frame.peer(b, gathered, peer);
            tile.for_each(b, |b, _, place| {
                let place = slot_place(b, rank, space.start(), place);
                b.store(b.load(gathered, &place), to, &place);
            });
        });
    });
}

fn gather<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let to = frame.buffer(Role::Input);
    let gathered = frame.buffer(Role::Gathered);
    frame.for_each_peer(b, 0, |b, peer| {
        let space = shard(frame, b, to, peer);
        space.for_each_tile(b, |b, tile| {
            tile.for_each(b, |b, _, place| {
                let from = slot_place(b, peer, space.start(), place);
                b.store(b.load(gathered, &from), to, place);
            });
        });
    });
}

fn shard<'c, 'a>(
    frame: &Frame<'c, 'a>,
    b: &Builder<'c, 'a>,
    buffer: Value<'c, 'a>,
    rank: Value<'c, 'a>,
) -> Space<'c, 'a> {
    Space::shard(b, buffer, frame.ranks, rank)
}
