// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Writing operands and comparing results on the device.

use anyhow::{Result, ensure};
use symm_cuda::{
    Device, Stream,
    launch::{Arguments, LaunchShape, launch},
    memory::DeviceMemory,
    module::{Function, Module},
};

use super::{SETS, SHIFT, Turn};
use crate::{case::Case, data::Data};

const COMPARE: &str = include_str!("count_differences.ptx");

/// Where a set of buffers of one rank lies.
pub(super) struct Buffers {
    pub(super) operand: u64,
    pub(super) result: u64,
}

/// Operands of one rank, and what their results should be.
struct Values {
    operand: DeviceMemory,
    expected: DeviceMemory,
}

/// Writes the operands of one rank and compares its results with what they should be.
pub(super) struct Check {
    function: Function,
    buffers: Vec<Buffers>,
    values: Vec<Values>,
    bytes: usize,
    counter: DeviceMemory,
}

impl Check {
    pub(super) fn new(
        device: &Device,
        rank: u32,
        buffers: Vec<Buffers>,
        case: &Case,
        data: &Data,
    ) -> Result<Self> {
        ensure!(!case.in_place, "a soak needs its operands again");
        let function = Module::from_ptx(device, COMPARE)?.function("count_differences")?;
        let on_device = |bytes: Vec<u8>| -> Result<_> {
            let memory = DeviceMemory::zeroed(device, case.bytes())?;
            memory.write(0, &bytes)?;
            Ok(memory)
        };
        let values = (0..SETS).map(|number| {
            Ok(Values {
                operand: on_device(data.input(rank, case.count, number * SHIFT))?,
                expected: on_device(data.expected(case.count, number * SHIFT))?,
            })
        });
        Ok(Self {
            function,
            buffers,
            values: values.collect::<Result<_>>()?,
            bytes: case.bytes(),
            counter: DeviceMemory::zeroed(device, 4)?,
        })
    }

    /// Fails unless every byte of another value is counted: a comparison that sees nothing would find everything right.
    pub(super) fn prove(&self, device: &Device, stream: &Stream) -> Result<()> {
        let expected = &self.values[0].expected;
        let mut bytes = vec![0; self.bytes];
        expected.read(0, &mut bytes)?;
        bytes.iter_mut().for_each(|byte| *byte = !*byte);
        let other = DeviceMemory::zeroed(device, self.bytes)?;
        other.write(0, &bytes)?;
        self.count(stream, other.address(), expected.address())?;
        stream.synchronize()?;
        let wrong = self.wrong()?;
        ensure!(
            wrong == self.bytes as u64,
            "expected the comparison to find {} wrong bytes where all are, got {wrong}",
            self.bytes
        );
        Ok(self.counter.write(0, &[0; 4])?)
    }

    pub(super) fn write(&self, stream: &Stream, turn: &Turn) -> Result<()> {
        let operand = self.values[turn.values].operand.address();
        // SAFETY: both are memory of `bytes` bytes, which lives until the channel is dropped, after its streams were
        // waited for.
        unsafe { stream.copy(self.buffers[turn.set].operand, operand, self.bytes) }?;
        Ok(())
    }

    pub(super) fn compare(&self, stream: &Stream, turn: &Turn) -> Result<()> {
        let expected = self.values[turn.values].expected.address();
        self.count(stream, self.buffers[turn.set].result, expected)
    }

    /// Counts the bytes in which a buffer differs from what it should hold.
    fn count(&self, stream: &Stream, buffer: u64, expected: u64) -> Result<()> {
        let shape = LaunchShape::linear(32, 256);
        let mut arguments = Arguments::default();
        arguments
            .push_u64(buffer)
            .push_u64(expected)
            .push_u64(self.bytes as u64)
            .push_u64(self.counter.address());
        // SAFETY: the kernel takes two addresses of `bytes` bytes, their number, and the address of a counter; all
        // live until the channel is dropped, after its streams were waited for.
        unsafe { launch(stream, &self.function, &shape, &mut arguments) }?;
        Ok(())
    }

    pub(super) fn wrong(&self) -> Result<u64> {
        let mut bytes = [0; 4];
        self.counter.read(0, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes).into())
    }
}
