// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Calls of generated code for collectives, checked before NCCL gets them.

use crate::collective::Call;
use symm_abi::CollectiveCall;
use symm_cuda::nccl::Collective;

/// Says that a result lies where an operand does that is still needed. Nothing on a GPU copies it first.
pub(super) const OVERLAP: &str =
    "the result overlaps the operand, which is still needed: give the result a buffer of its own";

/// Reads a call of generated code, for a group of `size` members.
///
/// # Errors
/// When the call makes no sense, or a result overwrites what another rank has still to get.
pub(super) fn read(call: &CollectiveCall, size: usize) -> Result<Collective, String> {
    let call = Call::check(call, size)?;
    if call.needs_copy() {
        return Err(OVERLAP.into());
    }
    Ok(Collective {
        kind: call.kind,
        dtype: call.dtype,
        op: call.reduction,
        root: call.root as u32,
        input: call.input as u64,
        input_count: call.input_count,
        output: call.output as u64,
        output_count: call.output_count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{ffi::c_void, ptr};
    use symm_abi::{CollectiveKind, DType, ReduceOp};

    fn call(kind: CollectiveKind, input_count: u64, output_count: u64) -> CollectiveCall {
        CollectiveCall {
            kind: kind as u32,
            group: 0,
            op_id: 0,
            reduce_op: if kind.reduces() {
                ReduceOp::Sum as u32
            } else {
                0
            },
            dtype: DType::F32 as u32,
            root: 0,
            input: 0x1000 as *const c_void,
            input_count,
            output: 0x2000 as *mut c_void,
            output_count,
        }
    }

    #[test]
    fn counts_have_to_fit_the_group() {
        use CollectiveKind::*;
        for (kind, input, output) in [
            (AllReduce, 8, 8),
            (AllGather, 2, 8),
            (ReduceScatter, 8, 2),
            (AllToAll, 8, 8),
            (Broadcast, 8, 8),
        ] {
            let found = read(&call(kind, input, output), 4).unwrap();
            assert_eq!((found.kind, found.op.is_some()), (kind, kind.reduces()));
            assert!(read(&call(kind, input + 1, output), 4).is_err());
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refusal = |change: fn(&mut CollectiveCall)| {
            let mut changed = call(CollectiveKind::AllReduce, 8, 8);
            change(&mut changed);
            read(&changed, 4).unwrap_err()
        };
        assert!(refusal(|c| c.kind = 9).contains("collective 9"));
        assert!(refusal(|c| c.dtype = 99).contains("element type 99"));
        assert!(
            refusal(|c| c.reduce_op = ReduceOp::BXor as u32)
                .contains("bxor does not exist for f32")
        );
        assert!(refusal(|c| c.root = 4).contains("root 4 is not one of 4"));
        assert!(refusal(|c| c.output = ptr::null_mut()).contains("address null"));
    }

    #[test]
    fn results_overwrite_no_operand_that_is_needed() {
        let read_at = |kind, shift| {
            let mut call = call(kind, 8, 8);
            call.output = call.input.cast_mut().wrapping_byte_add(shift);
            read(&call, 4)
        };
        for kind in [CollectiveKind::AllReduce, CollectiveKind::Broadcast] {
            assert!(read_at(kind, 0).is_ok());
            assert_eq!(read_at(kind, 16).unwrap_err(), OVERLAP);
            assert!(read_at(kind, 32).is_ok());
        }
        assert_eq!(read_at(CollectiveKind::AllToAll, 0).unwrap_err(), OVERLAP);
    }
}
