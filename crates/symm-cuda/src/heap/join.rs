// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The heap of ranks that are processes: agree, allocate, pass descriptors, map.

use std::{os::fd::AsFd, sync::Arc};

use super::{Arena, Heap, HeapLayout};
use crate::{
    driver::{Device, Gpu, Uuid},
    error::{Error, Result},
    exchange::{Exchange, Share},
    peers,
    vmm::{PhysicalAllocation, granularity, round_up},
};

/// What each rank says before anything is allocated.
struct Card {
    plan: [u8; 32],
    layout: [u8; 32],
    granule: u64,
    uuid: [u8; 16],
}

impl Card {
    const BYTES: usize = 32 + 32 + 8 + 16;

    fn encode(&self) -> Vec<u8> {
        [
            &self.plan[..],
            &self.layout,
            &self.granule.to_le_bytes(),
            &self.uuid,
        ]
        .concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        let (plan, rest) = bytes.split_first_chunk()?;
        let (layout, rest) = rest.split_first_chunk()?;
        let (granule, uuid) = rest.split_first_chunk()?;
        Some(Self {
            plan: *plan,
            layout: *layout,
            granule: u64::from_le_bytes(*granule),
            uuid: uuid.try_into().ok()?,
        })
    }
}

pub(super) fn join(
    device: &Device,
    layout: &HeapLayout,
    plan: &[u8; 32],
    exchange: &mut Exchange,
) -> Result<Heap> {
    let rank = exchange.rank();
    let mine = Card {
        plan: *plan,
        layout: layout.hash(),
        granule: granularity(device)? as u64,
        uuid: device.uuid()?.0,
    };
    let shares = exchange.all_gather("agree on the plan", &mine.encode(), &[])?;
    let cards = agree(rank, &mine, &shares)?;
    check_peers(rank, device, &cards)?;

    let granule = cards.iter().map(|card| card.granule).max().unwrap_or(1) as usize;
    let bytes = round_up(layout.bytes(), granule);
    let arena = Arena::new(device, layout, bytes)?;
    let fd = arena.memory.export()?;
    let shares = exchange.all_gather("exchange the heap", &[], &[fd.as_fd()])?;
    let memories = import(rank, device, &arena.memory, shares)?;
    let heap = arena.map_all(rank, layout, &memories)?;
    exchange.barrier("map the heap")?;
    Ok(heap)
}

/// Reads the ranks' cards and refuses to go on if one runs something else.
fn agree(rank: u32, mine: &Card, shares: &[Share]) -> Result<Vec<Card>> {
    let read = |(peer, share): (usize, &Share)| {
        let differ = |what, mine, theirs| {
            Err(Error::RanksDiffer {
                what,
                rank,
                mine,
                peer: peer as u32,
                theirs,
            })
        };
        let Some(card) = Card::decode(&share.bytes) else {
            return differ(
                "a card of the plan",
                format!("{} bytes", Card::BYTES),
                format!("{} bytes", share.bytes.len()),
            );
        };
        if card.plan != mine.plan {
            return differ("plan", hex(&mine.plan), hex(&card.plan));
        }
        if card.layout != mine.layout {
            return differ("heap layout", hex(&mine.layout), hex(&card.layout));
        }
        Ok(card)
    };
    shares.iter().enumerate().map(read).collect()
}

/// Finds every rank's GPU in this process and checks that `device` reaches it.
fn check_peers(rank: u32, device: &Device, cards: &[Card]) -> Result<()> {
    let visible = Gpu::all()?;
    let uuids = visible.iter().map(Gpu::uuid).collect::<Result<Vec<_>>>()?;
    let find = |(peer, card): (usize, &Card)| {
        let place = uuids.iter().position(|uuid| uuid.0 == card.uuid);
        let hidden = || Error::HiddenDevice {
            rank,
            peer: peer as u32,
            uuid: Uuid(card.uuid).to_string(),
        };
        place.map(|index| visible[index]).ok_or_else(hidden)
    };
    let gpus = cards
        .iter()
        .enumerate()
        .map(find)
        .collect::<Result<Vec<_>>>()?;
    peers::require_from(device, &gpus)
}

/// Takes hold of every rank's memory, by rank.
fn import(
    rank: u32,
    device: &Device,
    own: &Arc<PhysicalAllocation>,
    shares: Vec<Share>,
) -> Result<Vec<Arc<PhysicalAllocation>>> {
    let take = |(peer, share): (usize, Share)| {
        if peer as u32 == rank {
            return Ok(own.clone());
        }
        let mut fds = share.fds.into_iter();
        let (Some(fd), None) = (fds.next(), fds.next()) else {
            let (mine, theirs) = ("one descriptor".to_owned(), "another number".to_owned());
            return Err(Error::RanksDiffer {
                what: "a heap of",
                rank,
                mine,
                peer: peer as u32,
                theirs,
            });
        };
        PhysicalAllocation::import(device, fd, own.bytes()).map(Arc::new)
    };
    shares.into_iter().enumerate().map(take).collect()
}

/// The first bytes of a hash: enough to tell two apart.
fn hex(hash: &[u8; 32]) -> String {
    hash[..6].iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(plan: u8, layout: u8) -> Card {
        Card {
            plan: [plan; 32],
            layout: [layout; 32],
            granule: 2 << 20,
            uuid: [7; 16],
        }
    }

    fn share(card: &Card) -> Share {
        Share {
            bytes: card.encode(),
            fds: Vec::new(),
        }
    }

    #[test]
    fn equal_ranks_agree() {
        let mine = card(1, 2);
        let cards = agree(0, &mine, &[share(&mine), share(&card(1, 2))]).unwrap();
        assert_eq!((cards[1].granule, cards[1].uuid), (2 << 20, [7; 16]));
    }

    #[test]
    fn a_rank_that_differs_is_named() {
        let mine = card(1, 2);
        let refused = |other: Share| {
            agree(0, &mine, &[share(&mine), other])
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        let plan = refused(share(&card(9, 2)));
        assert!(
            plan.contains("expected plan 010101010101 as on rank 0, got 090909090909 on rank 1"),
            "{plan}"
        );
        assert!(refused(share(&card(1, 9))).contains("heap layout"));
        assert!(
            refused(Share {
                bytes: vec![1],
                fds: Vec::new()
            })
            .contains("got 1 bytes on rank 1")
        );
    }
}
