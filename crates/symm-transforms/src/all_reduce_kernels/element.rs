// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Elements inside 64-bit words: taken apart, reduced, put together again.
//!
//! A word holds its elements from the lowest bits up. Floats of at most 32 bits are reduced in `f32` and rounded once at
//! the end, `f64` in `f64`, integers of at most 32 bits in 32 bits of which the upper ones do not matter to sums and
//! products. Bitwise reductions take whole words.

use symm_abi::{DType, ReduceOp};

use super::{
    emitter::{Emitter, Val},
    small_float,
};

/// A reduction of words of elements.
#[derive(Clone, Copy)]
pub(super) struct Reducer {
    pub(super) dtype: DType,
    pub(super) op: ReduceOp,
    pub(super) world_size: u32,
    /// Whether the chip converts f8 by itself.
    pub(super) converts_f8: bool,
}

impl Reducer {
    /// Reduces the words of all ranks, given in the order of the ranks.
    pub(super) fn reduce<'c>(&self, e: &Emitter<'c>, ranks: &[Val<'c>]) -> Val<'c> {
        if let Some(bitwise) = self.bitwise() {
            return ranks[1..]
                .iter()
                .fold(ranks[0], |sum, &word| e.binary(bitwise, sum, word));
        }
        let mut sum = self.unpack(e, ranks[0]);
        for &word in &ranks[1..] {
            let next = self.unpack(e, word);
            sum = sum
                .iter()
                .zip(&next)
                .map(|(&a, &b)| e.binary(self.combine(), a, b))
                .collect();
        }
        if self.op == ReduceOp::Avg {
            sum = sum.iter().map(|&lane| self.divide(e, lane)).collect();
        }
        self.pack(e, &sum)
    }

    fn is_integer(&self) -> bool {
        matches!(
            self.dtype,
            DType::I1 | DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64
        )
    }

    fn is_signed(&self) -> bool {
        self.dtype != DType::U8
    }

    fn bits(&self) -> u32 {
        8 * self.dtype.size() as u32
    }

    fn bitwise(&self) -> Option<&'static str> {
        match self.op {
            ReduceOp::BAnd => Some("arith.andi"),
            ReduceOp::BOr => Some("arith.ori"),
            ReduceOp::BXor => Some("arith.xori"),
            _ => None,
        }
    }

    fn combine(&self) -> &'static str {
        match (self.op, self.is_integer()) {
            (ReduceOp::Min, false) => "arith.minimumf",
            (ReduceOp::Max, false) => "arith.maximumf",
            (ReduceOp::Product, false) => "arith.mulf",
            (_, false) => "arith.addf",
            // Unsigned elements are zero-extended and thus positive: the signed order is theirs.
            (ReduceOp::Min, true) => "arith.minsi",
            (ReduceOp::Max, true) => "arith.maxsi",
            (ReduceOp::Product, true) => "arith.muli",
            (_, true) => "arith.addi",
        }
    }

    /// Divides a sum by the number of ranks; an integer wraps in its own width before.
    fn divide<'c>(&self, e: &Emitter<'c>, sum: Val<'c>) -> Val<'c> {
        match self.dtype {
            DType::F64 => e.binary("arith.divf", sum, e.float(e.f64(), self.world_size.into())),
            _ if !self.is_integer() => {
                e.binary("arith.divf", sum, e.float(e.f32(), self.world_size.into()))
            }
            DType::I64 => e.binary("arith.divsi", sum, e.i64(self.world_size.into())),
            _ => {
                let wrapped = if self.bits() < 32 {
                    self.widen(e, e.trunc(sum, self.bits()))
                } else {
                    sum
                };
                e.binary("arith.divsi", wrapped, e.i32(self.world_size))
            }
        }
    }

    fn widen<'c>(&self, e: &Emitter<'c>, narrow: Val<'c>) -> Val<'c> {
        let extend = if self.is_signed() {
            "arith.extsi"
        } else {
            "arith.extui"
        };
        e.cast(extend, narrow, e.int(32))
    }

    fn unpack<'c>(&self, e: &Emitter<'c>, word: Val<'c>) -> Vec<Val<'c>> {
        match self.dtype {
            DType::I64 => vec![word],
            DType::F64 => vec![e.bitcast(word, e.f64())],
            _ => halves(e, word)
                .into_iter()
                .flat_map(|half| self.unpack_half(e, half))
                .collect(),
        }
    }

    fn unpack_half<'c>(&self, e: &Emitter<'c>, half: Val<'c>) -> Vec<Val<'c>> {
        match self.dtype {
            DType::I32 => vec![half],
            DType::F32 => vec![e.bitcast(half, e.f32())],
            // A bf16 is the upper half of an f32.
            DType::BF16 => [e.shl(half, e.i32(16)), e.and(half, e.i32(0xFFFF_0000))]
                .map(|bits| e.bitcast(bits, e.f32()))
                .to_vec(),
            DType::F16 => self
                .pieces(e, half)
                .map(|piece| small_float::f16_to_f32(e, piece))
                .collect(),
            DType::F8E5M2 => {
                // An f8E5M2 is the upper half of an f16.
                let wide = |piece| e.shl(e.zext(piece, 16), e.constant(16, 8));
                self.pieces(e, half)
                    .map(|piece| small_float::f16_to_f32(e, wide(piece)))
                    .collect()
            }
            DType::F8E4M3FN if self.converts_f8 => small_float::convert_e4m3(e, half),
            DType::F8E4M3FN => self
                .pieces(e, half)
                .map(|piece| small_float::decode_e4m3(e, piece))
                .collect(),
            _ => self
                .pieces(e, half)
                .map(|piece| self.widen(e, piece))
                .collect(),
        }
    }

    /// Cuts 32 bits into elements, lowest first.
    fn pieces<'c>(&self, e: &Emitter<'c>, half: Val<'c>) -> impl Iterator<Item = Val<'c>> {
        let (e, bits) = (*e, self.bits());
        (0..32 / bits).map(move |index| e.trunc(e.shr(half, e.i32(index * bits)), bits))
    }

    fn pack<'c>(&self, e: &Emitter<'c>, lanes: &[Val<'c>]) -> Val<'c> {
        match self.dtype {
            DType::I64 => lanes[0],
            DType::F64 => e.bitcast(lanes[0], e.int(64)),
            _ => {
                let (low, high) = lanes.split_at(lanes.len() / 2);
                join(e, self.pack_half(e, low), self.pack_half(e, high))
            }
        }
    }

    fn pack_half<'c>(&self, e: &Emitter<'c>, lanes: &[Val<'c>]) -> Val<'c> {
        match self.dtype {
            DType::I32 => lanes[0],
            DType::F32 => e.bitcast(lanes[0], e.int(32)),
            DType::BF16 => small_float::round_pair(e, [lanes[0], lanes[1]], e.bf16()),
            DType::F16 => small_float::round_pair(e, [lanes[0], lanes[1]], e.f16()),
            DType::F8E4M3FN => self.assemble(
                e,
                lanes
                    .iter()
                    .map(|&lane| small_float::E4M3FN.encode(e, lane)),
            ),
            DType::F8E5M2 => self.assemble(
                e,
                lanes.iter().map(|&lane| small_float::E5M2.encode(e, lane)),
            ),
            _ => {
                let mask = e.i32((1 << self.bits()) - 1);
                self.assemble(e, lanes.iter().map(|&lane| e.and(lane, mask)))
            }
        }
    }

    /// Puts elements, each in the low bits of an `i32` of zeros, together.
    fn assemble<'c>(&self, e: &Emitter<'c>, lanes: impl Iterator<Item = Val<'c>>) -> Val<'c> {
        lanes
            .enumerate()
            .map(|(index, lane)| {
                if index == 0 {
                    lane
                } else {
                    e.shl(lane, e.i32(index as u32 * self.bits()))
                }
            })
            .reduce(|a, b| e.or(a, b))
            .unwrap_or_else(|| e.i32(0))
    }
}

/// Cuts a 64-bit word in two, low half first.
pub(super) fn halves<'c>(e: &Emitter<'c>, word: Val<'c>) -> [Val<'c>; 2] {
    [e.trunc(word, 32), e.trunc(e.shr(word, e.i64(32)), 32)]
}

/// Puts two halves together, low half first.
pub(super) fn join<'c>(e: &Emitter<'c>, low: Val<'c>, high: Val<'c>) -> Val<'c> {
    e.or(e.zext(low, 64), e.shl(e.zext(high, 64), e.i64(32)))
}
