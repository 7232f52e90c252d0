// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reads and writes of global memory.
//!
//! Addresses are integers, so that no pointer can ever be `noalias` and no load become a non-coherent one (L5).

use melior::{
    dialect::llvm,
    ir::{
        Type, ValueLike,
        attribute::{DenseI32ArrayAttribute, IntegerAttribute, TypeAttribute},
    },
};

use super::{
    emitter::{Cmp, Emitter, Val},
    kernel::Kernel,
};

/// Reads a field of the parameter block.
pub(super) fn load_parameter<'c>(
    e: &Emitter<'c>,
    pointer: Val<'c>,
    offset: usize,
    bits: u32,
) -> Val<'c> {
    let byte = TypeAttribute::new(e.int(8));
    let offset = DenseI32ArrayAttribute::new(e.context(), &[offset as i32]);
    let attributes = [
        ("elem_type", byte.into()),
        ("rawConstantIndices", offset.into()),
    ];
    let field = e.op(
        "llvm.getelementptr",
        &[pointer],
        &[pointer.r#type()],
        &attributes,
        Vec::new(),
    )[0];
    e.op("llvm.load", &[field], &[e.int(bits)], &[], Vec::new())[0]
}

fn global<'c>(e: &Emitter<'c>, address: Val<'c>) -> Val<'c> {
    let pointer = llvm::r#type::pointer(e.context(), 1);
    e.op("llvm.inttoptr", &[address], &[pointer], &[], Vec::new())[0]
}

fn load<'c>(e: &Emitter<'c>, address: Val<'c>, r#type: Type<'c>, bytes: u64) -> Val<'c> {
    let alignment = IntegerAttribute::new(e.int(64), bytes as i64);
    let attributes = [("alignment", alignment.into())];
    e.op(
        "llvm.load",
        &[global(e, address)],
        &[r#type],
        &attributes,
        Vec::new(),
    )[0]
}

fn store<'c>(e: &Emitter<'c>, address: Val<'c>, value: Val<'c>, bytes: u64) {
    let alignment = IntegerAttribute::new(e.int(64), bytes as i64);
    let attributes = [("alignment", alignment.into())];
    e.op(
        "llvm.store",
        &[value, global(e, address)],
        &[],
        &attributes,
        Vec::new(),
    );
}

/// Reads one or two words by one access; the address is aligned to all of it.
fn load_words<'c>(e: &Emitter<'c>, address: Val<'c>, words: usize) -> Vec<Val<'c>> {
    if words == 1 {
        return vec![load(e, address, e.int(64), 8)];
    }
    let pair = load(e, address, Type::vector(&[2], e.int(64)), 16);
    vec![e.extract(pair, 0, e.int(64)), e.extract(pair, 1, e.int(64))]
}

/// Writes the state of a block, all of it at once.
pub(super) fn store_state<'c>(e: &Emitter<'c>, address: Val<'c>, state: [Val<'c>; 4]) {
    let vector = Type::vector(&[4], e.int(32));
    let state = e.op("vector.from_elements", &state, &[vector], &[], Vec::new())[0];
    store(e, address, state, 16);
}

/// Writes one or two words by one access; the address is aligned to all of it.
fn store_words<'c>(e: &Emitter<'c>, address: Val<'c>, words: &[Val<'c>]) {
    match words {
        [word] => store(e, address, *word, 8),
        _ => {
            let vector = Type::vector(&[2], e.int(64));
            let pair = e.op("vector.from_elements", words, &[vector], &[], Vec::new())[0];
            store(e, address, pair, 16);
        }
    }
}

/// Where a packet of a buffer lies.
#[derive(Clone, Copy)]
pub(super) struct Place<'c> {
    /// Address of the buffer.
    pub(super) buffer: Val<'c>,
    /// Number of the packet in it, as `i32`.
    pub(super) packet: Val<'c>,
}

/// Whether packets may be moved by one access each.
#[derive(Clone, Copy)]
pub(super) enum Whole<'c> {
    /// They may: they are aligned, and all their elements exist.
    Yes,
    /// They may if this holds.
    If(Val<'c>),
    /// They may if this holds; if not, some of them may.
    Each(Val<'c>),
}

impl<'c> Kernel<'c> {
    /// 64-bit words of data in a packet.
    pub(super) fn words(&self) -> usize {
        self.spec.packet_payload() as usize / 8
    }

    /// Reads packets: each by one access if it is whole, else element by element, with zeros for those that do not exist.
    pub(super) fn load_packets(
        &self,
        e: &Emitter<'c>,
        places: &[Place<'c>],
        whole: Whole<'c>,
    ) -> Vec<Vec<Val<'c>>> {
        let words = |e: &Emitter<'c>, place: &Place<'c>| {
            load_words(e, self.packet_address(e, place), self.words())
        };
        let elements = |e: &Emitter<'c>, place: &Place<'c>| self.load_elements(e, place);
        let types = vec![e.int(64); self.words()];
        let either = |e: &Emitter<'c>, place: &Place<'c>| {
            let whole = self.is_whole(e, place);
            e.if_else(whole, &types, |e| words(e, place), |e| elements(e, place))
        };
        let all = |e: &Emitter<'c>, load: &dyn Fn(&Emitter<'c>, &Place<'c>) -> Vec<Val<'c>>| {
            places.iter().flat_map(|place| load(e, place)).collect()
        };
        let otherwise: &dyn Fn(&Emitter<'c>, &Place<'c>) -> Vec<Val<'c>> = match whole {
            Whole::Each(_) => &either,
            _ => &elements,
        };
        let loaded: Vec<_> = match whole {
            Whole::Yes => all(e, &words),
            Whole::If(whole) | Whole::Each(whole) => {
                let types = vec![e.int(64); places.len() * self.words()];
                let whole = e.expect(whole, true);
                e.if_else(whole, &types, |e| all(e, &words), |e| all(e, otherwise))
            }
        };
        loaded.chunks(self.words()).map(<[_]>::to_vec).collect()
    }

    /// Writes packets: each by one access if it is whole, else those elements that exist, one by one.
    pub(super) fn store_packets(
        &self,
        e: &Emitter<'c>,
        packets: &[(Place<'c>, Vec<Val<'c>>)],
        whole: Whole<'c>,
    ) {
        let words = |e: &Emitter<'c>, place: &Place<'c>, words: &[Val<'c>]| {
            store_words(e, self.packet_address(e, place), words);
        };
        let elements = |e: &Emitter<'c>, place: &Place<'c>, words: &[Val<'c>]| {
            self.store_elements(e, place, words);
        };
        let either = |e: &Emitter<'c>, place: &Place<'c>, data: &[Val<'c>]| {
            let whole = self.is_whole(e, place);
            e.either(
                whole,
                |e| words(e, place, data),
                |e| elements(e, place, data),
            );
        };
        let all = |e: &Emitter<'c>, store: &dyn Fn(&Emitter<'c>, &Place<'c>, &[Val<'c>])| {
            packets
                .iter()
                .for_each(|(place, data)| store(e, place, data));
        };
        let otherwise: &dyn Fn(&Emitter<'c>, &Place<'c>, &[Val<'c>]) = match whole {
            Whole::Each(_) => &either,
            _ => &elements,
        };
        match whole {
            Whole::Yes => all(e, &words),
            Whole::If(whole) | Whole::Each(whole) => {
                let whole = e.expect(whole, true);
                e.either(whole, |e| all(e, &words), |e| all(e, otherwise));
            }
        }
    }

    /// Tells whether a packet may be moved by one access.
    fn is_whole(&self, e: &Emitter<'c>, place: &Place<'c>) -> Val<'c> {
        e.cmp(Cmp::Ult, place.packet, self.whole_packets)
    }

    fn packet_address(&self, e: &Emitter<'c>, place: &Place<'c>) -> Val<'c> {
        e.add(
            place.buffer,
            e.mul(e.zext(place.packet, 64), e.i64(self.spec.packet_payload())),
        )
    }

    /// Calls `body` with the position in the packet and the address of each element that exists.
    fn for_elements(
        &self,
        e: &Emitter<'c>,
        place: &Place<'c>,
        initial: &[Val<'c>],
        body: impl FnOnce(&Emitter<'c>, Val<'c>, Val<'c>, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let size = self.spec.dtype.size() as u64;
        let lanes = e.i64(self.spec.packet_payload() / size);
        let first = e.mul(e.zext(e.opaque(place.packet), 64), lanes);
        let left = e.sub(
            e.umin(e.add(first, lanes), self.count),
            e.umin(first, self.count),
        );
        let start = e.add(place.buffer, e.mul(first, e.i64(size)));
        let results = e.while_loop(
            &[&[e.i64(0)], initial].concat(),
            |e, carried| (e.cmp(Cmp::Ult, carried[0], left), carried.to_vec()),
            |e, carried| {
                let address = e.add(start, e.mul(carried[0], e.i64(size)));
                let next = body(e, carried[0], address, &carried[1..]);
                [vec![e.add(carried[0], e.i64(1))], next].concat()
            },
        );
        results[1..].to_vec()
    }

    /// Splits the position of an element into its word and its shift in the word.
    fn locate(&self, e: &Emitter<'c>, position: Val<'c>) -> [Val<'c>; 2] {
        let bits = e.mul(position, e.i64(8 * self.spec.dtype.size() as u64));
        [e.shr(bits, e.i64(6)), e.and(bits, e.i64(63))]
    }

    fn load_elements(&self, e: &Emitter<'c>, place: &Place<'c>) -> Vec<Val<'c>> {
        let size = self.spec.dtype.size() as u64;
        let zeros = vec![e.i64(0); self.words()];
        self.for_elements(e, place, &zeros, |e, position, address, words| {
            let element = load(e, address, e.int(8 * size as u32), size);
            let [word, shift] = self.locate(e, position);
            let element = if size == 8 {
                element
            } else {
                e.shl(e.zext(element, 64), shift)
            };
            let put = |(index, &old): (usize, &Val<'c>)| {
                let here = e.cmp(Cmp::Eq, word, e.i64(index as u64));
                e.select(here, e.or(old, element), old)
            };
            words.iter().enumerate().map(put).collect()
        })
    }

    fn store_elements(&self, e: &Emitter<'c>, place: &Place<'c>, words: &[Val<'c>]) {
        let size = self.spec.dtype.size() as u64;
        self.for_elements(e, place, &[], |e, position, address, _| {
            let [word, shift] = self.locate(e, position);
            let first = e.cmp(Cmp::Eq, word, e.i64(0));
            let word = e.select(first, words[0], words[words.len() - 1]);
            let element = if size == 8 {
                word
            } else {
                e.trunc(e.shr(word, shift), 8 * size as u32)
            };
            store(e, address, element, size);
            Vec::new()
        });
    }
}
