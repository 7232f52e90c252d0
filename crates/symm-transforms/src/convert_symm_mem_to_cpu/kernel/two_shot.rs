// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Two-shot all-reduce in place: rank r reduces shard r and gives it to all.

use super::{Algorithm, Frame, Role, Step, loops::Space, reduce::Source};
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
        let own = frame.view(b, buffer, &tile.place, tile.length);
        frame.end_tile(b, own);
        frame.for_each_peer(b, 0, |b, peer| {
            let to = frame.peer(b, buffer, peer);
            frame.copy_tile(b, own, frame.view(b, to, &tile.place, tile.length));
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
            let from = frame.view(b, from, &tile.place, tile.length);
            frame.copy_tile(b, from, frame.slot(b, slots, rank, space.start(), tile));
        });
    });
}

fn reduce_shard<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let rank = frame.rank(b);
    let space = shard(frame, b, frame.buffer(Role::Input), rank);
    let gathered = frame.buffer(Role::Gathered);
    let source = Source::Slots(frame.buffer(Role::Slots), space.start());
    frame.reduce(b, &space, source, |b, tile| {
        let own = frame.slot(b, gathered, rank, space.start(), tile);
        frame.end_tile(b, own);
        frame.for_each_peer(b, 0, |b, peer| {
            let to = frame.peer(b, gathered, peer);
            frame.copy_tile(b, own, frame.slot(b, to, rank, space.start(), tile));
        });
    });
}

fn gather<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let to = frame.buffer(Role::Input);
    let gathered = frame.buffer(Role::Gathered);
    frame.for_each_peer(b, 0, |b, peer| {
        let space = shard(frame, b, to, peer);
        space.for_each_tile(b, |b, tile| {
            let from = frame.slot(b, gathered, peer, space.start(), tile);
            frame.copy_tile(b, from, frame.view(b, to, &tile.place, tile.length));
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
