// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The reductions of the kernels, compiled for this machine and compared with the oracle, bit by bit.
//!
//! They are the same operations, in the form for chips that do not convert f8. Left out is bf16: x86 calls a library to
//! round to it.

use super::*;
use inkwell::{OptimizationLevel, attributes::AttributeLoc, execution_engine::JitFunction};
use symm_abi::{DType, gpu::Reduction};
use symm_ir::context::create_context;
use symm_sim::{Buffer, all_reduce, bits_equal};
use symm_transforms::all_reduce_kernels::reduction;

/// A compiled reduction: reads one word of each rank, writes their reduction.
type Reduce = unsafe extern "C" fn(*const u64, *mut u64);

/// Compares a reduction with the oracle on words of all ranks, given rank by rank.
fn check(context: &Context, form: Reduction, ranks: &[Vec<u64>]) {
    let llvm_context = inkwell::context::Context::create();
    let kernel = reduction(context, form, ranks.len() as u32);
    let module = to_llvm(context, kernel, &llvm_context).expect("it is lowered");
    if cfg!(target_arch = "x86_64") {
        let cpu = llvm_context.create_string_attribute("target-cpu", "x86-64-v3");
        module
            .get_function("reduce")
            .expect("it is there")
            .add_attribute(AttributeLoc::Function, cpu);
    }
    let engine = module
        .create_jit_execution_engine(OptimizationLevel::Default)
        .expect("a compiler");
    // SAFETY: the function was built with this type.
    let reduce: JitFunction<Reduce> =
        unsafe { engine.get_function("reduce") }.expect("it is there");
    let reduced = (0..ranks[0].len()).map(|index| {
        let words: Vec<u64> = ranks.iter().map(|words| words[index]).collect();
        let mut result = 0;
        // SAFETY: the function reads one word per rank and writes one.
        unsafe { reduce.call(words.as_ptr(), &mut result) };
        result
    });
    let reduced = buffer(form, reduced);
    let inputs: Vec<_> = ranks
        .iter()
        .map(|words| buffer(form, words.iter().copied()))
        .collect();
    let op = symm_sim::ReduceOp::ALL
        .into_iter()
        .find(|op| op.name() == form.op.name())
        .expect("the oracle has it");
    let expected = all_reduce(op, &inputs).expect("the inputs are alike");
    assert!(
        bits_equal(&reduced, &expected[0]),
        "{form:?} of {} ranks",
        ranks.len()
    );
}

fn buffer(form: Reduction, words: impl Iterator<Item = u64>) -> Buffer {
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    let all = [
        symm_sim::DType::I8,
        symm_sim::DType::UI8,
        symm_sim::DType::I16,
        symm_sim::DType::I32,
        symm_sim::DType::I64,
        symm_sim::DType::F16,
        symm_sim::DType::F32,
        symm_sim::DType::F64,
        symm_sim::DType::F8E4M3FN,
        symm_sim::DType::F8E5M2,
    ];
    let dtype = all
        .into_iter()
        .find(|dtype| dtype.name() == form.dtype.name())
        .expect("the oracle has it");
    let count = bytes.len() / dtype.size();
    Buffer::new(dtype, vec![count], bytes).expect("it is whole")
}

/// Words of no order, the same in every run; every fourth has special elements.
fn words(seed: u64, count: u64) -> Vec<u64> {
    const SPECIAL: [u64; 8] = [
        0x8000_8000_8000_8000,
        0x7FC0_7F80_FF80_7E00,
        0x7F80_0000_8000_0000,
        0x7FF0_0000_0000_0000,
        0x8000_0000_0000_0000,
        0x007F_7C7B_FE7E_8000,
        u64::MAX,
        0,
    ];
    let mix = |mut x: u64| {
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    };
    let word = |index: u64| {
        let random = mix(index
            .wrapping_add(seed << 32)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15));
        if index.is_multiple_of(4) {
            SPECIAL[(random % 8) as usize]
        } else {
            random
        }
    };
    (0..count).map(word).collect()
}

fn compiled_here(form: &Reduction) -> bool {
    let has_f16 = cfg!(not(target_arch = "x86_64")) || supports_f16();
    form.dtype != DType::BF16 && (has_f16 || form.dtype.size() == 8 || !is_small_float(form.dtype))
}

fn is_small_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::F8E4M3FN | DType::F8E5M2)
}

#[cfg(target_arch = "x86_64")]
fn supports_f16() -> bool {
    std::arch::is_x86_feature_detected!("f16c") && std::arch::is_x86_feature_detected!("avx2")
}

#[cfg(not(target_arch = "x86_64"))]
fn supports_f16() -> bool {
    true
}

#[test]
fn reductions_give_the_bits_of_the_oracle() {
    let context = create_context();
    for form in Reduction::all().into_iter().filter(compiled_here) {
        for world_size in [2, 3, 8] {
            let ranks: Vec<_> = (0..world_size).map(|rank| words(rank, 2000)).collect();
            check(&context, form, &ranks);
        }
    }
}

#[test]
fn every_pair_of_f8_gives_the_bits_of_the_oracle() {
    let context = create_context();
    let pairs = |of: fn(u64) -> u64| -> Vec<u64> {
        let word = |index: u64| (0..8).map(|lane| of(index * 8 + lane) << (8 * lane)).sum();
        (0..65536 / 8).map(word).collect()
    };
    let ranks = [pairs(|pair| pair & 0xFF), pairs(|pair| pair >> 8)];
    for form in Reduction::all().into_iter().filter(compiled_here) {
        if matches!(form.dtype, DType::F8E4M3FN | DType::F8E5M2) {
            check(&context, form, &ranks);
        }
    }
}
