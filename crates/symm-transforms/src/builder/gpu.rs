// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Launches of kernels.

use super::Builder;
use melior::ir::{OperationRef, Type, Value};

/// Positions among the arguments of a launch's body.
const BLOCK_ID: usize = 0;
const THREAD_ID: usize = 3;
const ATTRIBUTIONS: usize = 12;

/// Most blocks of a grid along x.
pub const MAX_BLOCKS: i64 = i32::MAX as i64;

/// What a thread of a launch knows of its place; all along x.
#[derive(Clone, Debug)]
pub struct Thread<'c, 'a> {
    /// The number of its block.
    pub block: Value<'c, 'a>,
    /// Its number in the block.
    pub thread: Value<'c, 'a>,
    /// Memory that the threads of a block share.
    pub shared: Vec<Value<'c, 'a>>,
}

impl<'c: 'a, 'a> Builder<'c, 'a> {
    /// Builds a launch of a grid (three sizes) of blocks (three sizes) that share
    /// buffers of the given types. The body ends with `gpu.terminator`.
    pub fn launch(
        &self,
        sizes: [Value<'c, 'a>; 6],
        shared: &[Type<'c>],
        body: impl FnOnce(&Self, &Thread<'c, 'a>),
    ) -> OperationRef<'c, 'a> {
        let mut arguments = vec![self.index_type(); ATTRIBUTIONS];
        arguments.extend(shared);
        let region = self.nested(&arguments, |b, arguments| {
            let thread = Thread {
                block: arguments[BLOCK_ID],
                thread: arguments[THREAD_ID],
                shared: arguments[ATTRIBUTIONS..].to_vec(),
            };
            body(b, &thread);
        });
        let attributes = [
            (
                "operandSegmentSizes",
                self.segments(&[0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
            ),
            (
                "workgroup_attributions",
                self.int_attr(64, shared.len() as i64),
            ),
        ];
        self.op_with_regions("gpu.launch", &sizes, &[], &attributes, vec![region])
    }
}
