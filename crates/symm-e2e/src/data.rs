// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Inputs.

use symm_sim::{
    Buffer, DType,
    small_float::{BF16, F8E4M3FN, F8E5M2, F16, SmallFloat},
};

/// Creates a buffer of numbers that a reduction can go wrong on: mostly small
/// ones, among them zeros of both signs, infinities, NaNs, subnormals, the largest
/// and any bits at all.
pub fn random(dtype: DType, shape: &[usize], seed: u64) -> Buffer {
    let count: usize = shape.iter().product();
    let mut state = Generator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let bytes = (0..count)
        .flat_map(|_| element(dtype, &mut state))
        .collect();
    Buffer::new(dtype, shape.to_vec(), bytes).expect("as many bytes as the shape says")
}

struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A float: five times of eight a small multiple of 1/16.
    fn float(&mut self) -> Option<f64> {
        let bits = self.next();
        Some(match bits % 8 {
            0 => return None,
            1 => SPECIAL[(bits >> 8) as usize % SPECIAL.len()],
            2 => ((bits >> 8) as u32 as f64) * 1e-5 - 2e4,
            _ => ((bits >> 8) % 512) as f64 / 16.0 - 16.0,
        })
    }
}

const SPECIAL: [f64; 10] = [
    0.0,
    -0.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1e-40,
    -6e-8,
    3.4e38,
    65504.0,
    -448.0,
];

fn element(dtype: DType, state: &mut Generator) -> Vec<u8> {
    let small = |format: SmallFloat, state: &mut Generator| match state.float() {
        Some(value) => format.encode(value as f32),
        None => state.next() as u16,
    };
    let single = |state: &mut Generator| match state.float() {
        Some(value) => (value as f32).to_le_bytes(),
        None => (state.next() as u32).to_le_bytes(),
    };
    let double = |state: &mut Generator| match state.float() {
        Some(value) => value.to_le_bytes(),
        None => state.next().to_le_bytes(),
    };
    match dtype {
        DType::I1 => vec![(state.next() % 2) as u8],
        DType::I8 | DType::UI8 | DType::I16 | DType::I32 | DType::I64 => {
            state.next().to_le_bytes()[..dtype.size()].to_vec()
        }
        DType::F16 => small(F16, state).to_le_bytes().to_vec(),
        DType::BF16 => small(BF16, state).to_le_bytes().to_vec(),
        DType::F8E4M3FN => vec![small(F8E4M3FN, state) as u8],
        DType::F8E5M2 => vec![small(F8E5M2, state) as u8],
        DType::F32 => single(state).to_vec(),
        DType::F64 => double(state).to_vec(),
        DType::ComplexF32 => [single(state), single(state)].concat(),
        DType::ComplexF64 => [double(state), double(state)].concat(),
    }
}
