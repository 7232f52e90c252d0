// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A call of generated code, checked before anything is done for it.

use std::ops::Range;
use symm_abi::{CollectiveCall, CollectiveKind, DType, ReduceOp};

/// A collective that makes sense; counts are in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) kind: CollectiveKind,
    pub(crate) dtype: DType,
    /// Present where the kind reduces.
    pub(crate) reduction: Option<ReduceOp>,
    pub(crate) root: usize,
    pub(crate) input: *const u8,
    pub(crate) input_count: usize,
    pub(crate) output: *mut u8,
    pub(crate) output_count: usize,
}

impl Call {
    /// Checks a call on a group of `size` members.
    pub(crate) fn check(call: &CollectiveCall, size: usize) -> Result<Self, String> {
        let kind = CollectiveKind::from_number(call.kind)
            .ok_or_else(|| format!("there is no collective {}", call.kind))?;
        let dtype = DType::from_number(call.dtype)
            .ok_or_else(|| format!("there is no element type {}", call.dtype))?;
        let reduction = kind
            .reduces()
            .then(|| reduction(call.reduce_op, dtype))
            .transpose()?;
        let root = call.root as usize;
        if root >= size {
            return Err(format!("root {root} is not one of {size} members"));
        }
        check_counts(kind, call.input_count, call.output_count, size as u64)?;
        let checked = Self {
            kind,
            dtype,
            reduction,
            root,
            input: call.input.cast(),
            input_count: count(call.input_count, dtype)?,
            output: call.output.cast(),
            output_count: count(call.output_count, dtype)?,
        };
        if (checked.input.is_null() && checked.input_count > 0)
            || (checked.output.is_null() && checked.output_count > 0)
        {
            return Err("a buffer with elements is at address null".into());
        }
        Ok(checked)
    }

    pub(crate) fn input_bytes(&self) -> usize {
        self.input_count * self.dtype.size()
    }

    /// Tells whether results overwrite inputs that are still needed: all overlaps but that of whole, equal buffers in
    /// collectives that go through them in step.
    pub(crate) fn needs_copy(&self) -> bool {
        let in_step = matches!(
            self.kind,
            CollectiveKind::AllReduce | CollectiveKind::Broadcast
        );
        let input = span(self.input as usize, self.input_bytes());
        let output = span(self.output as usize, self.output_count * self.dtype.size());
        overlap(&input, &output) && !(in_step && input == output)
    }
}

/// Returns the addresses of a buffer.
pub(crate) fn span(start: usize, bytes: usize) -> Range<usize> {
    start..start.saturating_add(bytes)
}

/// Tells whether two buffers have an address in common.
pub(crate) fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn reduction(number: u32, dtype: DType) -> Result<ReduceOp, String> {
    let op =
        ReduceOp::from_number(number).ok_or_else(|| format!("there is no reduction {number}"))?;
    if !dtype.has_reduction(op) {
        return Err(format!("{} does not exist for {}", op.name(), dtype.name()));
    }
    Ok(op)
}

fn check_counts(kind: CollectiveKind, input: u64, output: u64, size: u64) -> Result<(), String> {
    let fits = match kind {
        CollectiveKind::AllReduce | CollectiveKind::Broadcast => output == input,
        CollectiveKind::AllGather => input.checked_mul(size) == Some(output),
        CollectiveKind::ReduceScatter => output.checked_mul(size) == Some(input),
        CollectiveKind::AllToAll => output == input && input.is_multiple_of(size),
    };
    if fits {
        Ok(())
    } else {
        Err(format!(
            "{input} elements in and {output} out do not fit {size} members"
        ))
    }
}

fn count(count: u64, dtype: DType) -> Result<usize, String> {
    usize::try_from(count)
        .ok()
        .filter(|count| {
            count
                .checked_mul(dtype.size())
                .is_some_and(|bytes| isize::try_from(bytes).is_ok())
        })
        .ok_or_else(|| format!("{count} elements do not fit an address space"))
}
