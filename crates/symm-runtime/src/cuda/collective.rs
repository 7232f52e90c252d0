// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Calls of generated code for collectives, checked before NCCL gets them.

use symm_abi::{CollectiveCall, CollectiveKind, DType, ReduceOp};
use symm_cuda::nccl::Collective;

/// Reads a call of generated code, for a group of `size` members.
pub(super) fn read(call: &CollectiveCall, size: u64) -> Result<Collective, String> {
    let kind = CollectiveKind::from_number(call.kind)
        .ok_or_else(|| format!("there is no collective {}", call.kind))?;
    let dtype = DType::from_number(call.dtype)
        .ok_or_else(|| format!("there is no element type {}", call.dtype))?;
    let op = ReduceOp::from_number(call.reduce_op).filter(|_| kind.reduces());
    if kind.reduces() && !op.is_some_and(|op| dtype.has_reduction(op)) {
        return Err(format!(
            "{} has no reduction {}",
            dtype.name(),
            call.reduce_op
        ));
    }
    let (input, output) = (call.input_count, call.output_count);
    let counts_fit = match kind {
        CollectiveKind::AllReduce | CollectiveKind::Broadcast => input == output,
        CollectiveKind::AllGather => input.checked_mul(size) == Some(output),
        CollectiveKind::ReduceScatter => output.checked_mul(size) == Some(input),
        CollectiveKind::AllToAll => input == output && size > 0 && input % size == 0,
    };
    if !counts_fit {
        return Err(format!(
            "{input} elements don't become {output} on {size} ranks"
        ));
    }
    if kind == CollectiveKind::AllToAll && call.input == call.output.cast_const() && input > 0 {
        return Err("an all-to-all does not work in place".into());
    }
    if u64::from(call.root) >= size.max(1) {
        return Err(format!("there is no member {} of {size}", call.root));
    }
    Ok(Collective {
        kind,
        dtype,
        op,
        root: call.root,
        input: call.input as u64,
        input_count: input as usize,
        output: call.output as u64,
        output_count: output as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::c_void;

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
        assert!(refusal(|c| c.reduce_op = ReduceOp::BXor as u32).contains("f32 has no reduction"));
        assert!(refusal(|c| c.root = 4).contains("member 4 of 4"));
        let mut in_place = call(CollectiveKind::AllToAll, 8, 8);
        in_place.output = in_place.input.cast_mut();
        assert!(read(&in_place, 4).unwrap_err().contains("in place"));
    }
}
