// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Accesses of memory that other ranks, or other blocks, reach: the primitives of `comm`.

use melior::ir::{
    Attribute,
    attribute::{DenseI32ArrayAttribute, IntegerAttribute},
};
use symm_ir::dialect::MemOrder;

use super::{Emitter, Val};

impl<'c> Emitter<'c> {
    /// Reads words of `bits` bits by one access.
    pub(in crate::all_reduce_kernels) fn strong_load<const WORDS: usize>(
        &self,
        order: MemOrder,
        address: Val<'c>,
        bits: u32,
    ) -> [Val<'c>; WORDS] {
        let types = [self.int(bits); WORDS];
        let attributes = [("order", order.to_attribute(self.context))];
        let words = self.op("comm.load", &[address], &types, &attributes, Vec::new());
        std::array::from_fn(|index| words[index])
    }

    /// Writes words to each of some addresses, `offset` bytes further on, in their order and by one access each.
    pub(in crate::all_reduce_kernels) fn strong_store(
        &self,
        order: MemOrder,
        words: &[Val<'c>],
        addresses: &[Val<'c>],
        offset: usize,
    ) {
        let segments = [words.len() as i32, addresses.len() as i32];
        let segments = DenseI32ArrayAttribute::new(self.context, &segments);
        let attributes = [
            ("order", order.to_attribute(self.context)),
            ("offset", self.offset(offset)),
            ("operandSegmentSizes", segments.into()),
        ];
        let operands = [words, addresses].concat();
        self.op("comm.store", &operands, &[], &attributes, Vec::new());
    }

    /// Replaces a word of 32 bits, `offset` bytes behind an address, if it is `expected`; returns what it was.
    pub(in crate::all_reduce_kernels) fn compare_exchange(
        &self,
        (address, offset): (Val<'c>, usize),
        expected: Val<'c>,
        desired: Val<'c>,
    ) -> Val<'c> {
        self.value(
            "comm.compare_exchange",
            &[address, expected, desired],
            self.int(32),
            &[("offset", self.offset(offset))],
        )
    }

    fn offset(&self, bytes: usize) -> Attribute<'c> {
        IntegerAttribute::new(self.int(64), bytes as i64).into()
    }
}
