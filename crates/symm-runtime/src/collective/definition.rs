// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the reductions mean, spelled out naively for the tests of the library.

use crate::number;
use symm_abi::{DType, ReduceOp};

/// Reduces one component in `f32` or `f64`, as the type asks.
fn reduced_float(dtype: DType, op: ReduceOp, values: &[f64]) -> f64 {
    let round = |value: f64| match dtype {
        DType::F64 | DType::C128 => value,
        _ => f64::from(value as f32),
    };
    let extreme = |a: f64, b: f64, below: bool| {
        if a.is_nan() || b.is_nan() {
            f64::NAN
        } else if (a.total_cmp(&b).is_lt()) == below {
            a
        } else {
            b
        }
    };
    let combine = |a: f64, b: f64| match op {
        // Rounding the exact f64 sum or product of two f32 to f32 is the f32 operation: 53 bits exceed twice 24 and 2.
        ReduceOp::Sum | ReduceOp::Avg => round(a + b),
        ReduceOp::Product => round(a * b),
        ReduceOp::Min => extreme(a, b, true),
        _ => extreme(a, b, false),
    };
    let total = values.iter().copied().reduce(combine).unwrap();
    if op == ReduceOp::Avg {
        round(total / values.len() as f64)
    } else {
        total
    }
}

/// Reduces one integer in 128 bits; the result is cut to the type's width by the caller.
fn reduced_integer(op: ReduceOp, values: &[i128], wrap: impl Fn(i128) -> i128) -> i128 {
    let combine = |a: i128, b: i128| match op {
        ReduceOp::Sum | ReduceOp::Avg => wrap(a + b),
        ReduceOp::Product => wrap(a.wrapping_mul(b)),
        ReduceOp::Min => a.min(b),
        ReduceOp::Max => a.max(b),
        ReduceOp::BAnd => a & b,
        ReduceOp::BOr => a | b,
        ReduceOp::BXor => a ^ b,
    };
    let total = values.iter().copied().reduce(combine).unwrap();
    if op == ReduceOp::Avg {
        total / values.len() as i128
    } else {
        total
    }
}

/// Reduces one component, given by its bytes on each rank.
pub(super) fn reduced(dtype: DType, op: ReduceOp, parts: &[&[u8]]) -> Vec<u8> {
    let bits = 8 * dtype.size() as u32;
    let mut result = vec![0; parts[0].len()];
    match dtype {
        DType::I1 => {
            let values: Vec<i128> = parts.iter().map(|part| part[0].into()).collect();
            result[0] = reduced_integer(op, &values, |value| i128::from(value != 0)) as u8;
        }
        DType::I8 | DType::U8 | DType::I16 | DType::I32 | DType::I64 => {
            let wrap = |value: i128| match dtype {
                DType::U8 => value & 0xff,
                _ => value << (128 - bits) >> (128 - bits),
            };
            let integer = |part: &&[u8]| {
                let mut wide = [0; 16];
                wide[..part.len()].copy_from_slice(part);
                wrap(i128::from_le_bytes(wide))
            };
            let values: Vec<i128> = parts.iter().map(integer).collect();
            let total = reduced_integer(op, &values, wrap);
            result.copy_from_slice(&total.to_le_bytes()[..parts[0].len()]);
        }
        _ => {
            let values: Vec<f64> = parts
                .iter()
                .map(|part| number::to_f64(dtype, part))
                .collect();
            number::from_f64(dtype, reduced_float(dtype, op, &values), &mut result);
        }
    }
    result
}
