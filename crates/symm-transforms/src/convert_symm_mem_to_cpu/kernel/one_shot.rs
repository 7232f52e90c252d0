// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! One-shot all-reduce: every rank reduces all data itself.

use super::{Algorithm, Frame, Role, Step, loops::Space, reduce::Source};
use crate::builder::Builder;

/// Reads the peers' buffers.
pub const PULL: Algorithm = Algorithm {
    name: "one_shot pull",
    roles: &[Role::Symmetric, Role::Output],
    shards: false,
    steps: &[
        Step::Barrier("entry barrier"),
        Step::Compute(|frame, b| pull(frame, b, Role::Output)),
        Step::Barrier("exit barrier"),
    ],
};

/// As [`PULL`], where the output may overlap the buffer that peers read.
pub const PULL_STAGED: Algorithm = Algorithm {
    name: "one_shot pull staged",
    roles: &[Role::Symmetric, Role::Staging, Role::Output],
    shards: false,
    steps: &[
        Step::Barrier("entry barrier"),
        Step::Compute(|frame, b| pull(frame, b, Role::Staging)),
        Step::Barrier("exit barrier"),
        Step::Compute(unstage),
    ],
};

/// Copies the data to the symmetric buffer first.
pub const COPY: Algorithm = Algorithm {
    name: "one_shot copy",
    roles: &[Role::Symmetric, Role::Input, Role::Output],
    shards: false,
    steps: &[
        Step::Compute(stage),
        Step::Barrier("entry barrier"),
        Step::Compute(|frame, b| pull(frame, b, Role::Output)),
        Step::Barrier("exit barrier"),
    ],
};

/// As [`COPY`], where the output may overlap the buffer that peers read.
pub const COPY_STAGED: Algorithm = Algorithm {
    name: "one_shot copy staged",
    roles: &[Role::Symmetric, Role::Input, Role::Staging, Role::Output],
    shards: false,
    steps: &[
        Step::Compute(stage),
        Step::Barrier("entry barrier"),
        Step::Compute(|frame, b| pull(frame, b, Role::Staging)),
        Step::Barrier("exit barrier"),
        Step::Compute(unstage),
    ],
};

/// Writes into slots of the peers, which then reduce what is theirs. The slots
/// are this call's own and their peers read nothing of it, so no barrier is
/// needed at the end: the next writer of this memory waits at a barrier first.
pub const PUSH: Algorithm = Algorithm {
    name: "one_shot push",
    roles: &[Role::Input, Role::Slots, Role::Output],
    shards: false,
    steps: &[
        Step::Barrier("entry barrier"),
        Step::Compute(push),
        Step::Barrier("data barrier"),
        Step::Compute(reduce_slots),
    ],
};

fn pull<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>, to: Role) {
    let (from, to) = (frame.buffer(Role::Symmetric), frame.buffer(to));
    let space = Space::whole(b, from);
    frame.reduce(b, &space, Source::Peers(from), |b, tile| {
        frame.end_tile(b, frame.view(b, to, &tile.place, tile.length));
    });
}

fn stage<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let from = frame.buffer(Role::Input);
    frame.copy(
        b,
        &Space::whole(b, from),
        from,
        frame.buffer(Role::Symmetric),
    );
}

fn unstage<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let from = frame.buffer(Role::Staging);
    frame.copy(b, &Space::whole(b, from), from, frame.buffer(Role::Output));
}

fn push<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let from = frame.buffer(Role::Input);
    let (space, origin, rank) = (Space::whole(b, from), b.index(0), frame.rank(b));
    frame.for_each_peer(b, 0, |b, peer| {
        let slots = frame.peer(b, frame.buffer(Role::Slots), peer);
        space.for_each_tile(b, |b, tile| {
            let from = frame.view(b, from, &tile.place, tile.length);
            frame.copy_tile(b, from, frame.slot(b, slots, rank, origin, tile));
        });
    });
}

fn reduce_slots<'c, 'a>(frame: &Frame<'c, 'a>, b: &Builder<'c, 'a>) {
    let to = frame.buffer(Role::Output);
    let source = Source::Slots(frame.buffer(Role::Slots), b.index(0));
    frame.reduce(b, &Space::whole(b, to), source, |b, tile| {
        frame.end_tile(b, frame.view(b, to, &tile.place, tile.length));
    });
}
