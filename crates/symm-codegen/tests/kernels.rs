// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce kernels through NVIDIA's own assembler: each is accepted, and none spills registers.
//!
//! Needs ptxas, which `cargo xtask setup --gpu-tools` fetches; without it these tests say so and pass.

mod ptxas;

use ptxas::Ptxas;
use std::collections::BTreeMap;
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelSpec, MAX_WORLD_SIZE, Reduction},
};
use symm_codegen::gpu::compile_all;
use symm_ir::context::create_context;

/// Compiles and assembles kernels, and checks that each is listed in `known` terms: no spills, no stack.
fn assemble(specs: &[KernelSpec]) {
    let Some(ptxas) = Ptxas::find() else { return };
    let images = compile_all(create_context, specs, None).expect("every kernel compiles");
    let assembled = ptxas.assemble_all(&images);
    let mut registers = BTreeMap::new();
    for (spec, usage) in specs.iter().zip(assembled) {
        let usage = usage.unwrap_or_else(|message| panic!("{}: {message}", spec.name()));
        assert_eq!(
            (usage.stack, usage.spilled),
            (0, 0),
            "{} spills",
            spec.name()
        );
        let threads = spec.max_threads();
        assert!(
            usage.registers * threads <= 65536,
            "{}: {usage:?} for {threads} threads",
            spec.name()
        );
        let most = registers
            .entry((spec.algorithm, spec.world_size, spec.unroll))
            .or_insert(0);
        *most = usage.registers.max(*most);
    }
    for ((algorithm, world_size, unroll), most) in registers {
        println!("{algorithm}, {world_size} ranks, unroll {unroll}: at most {most} registers");
    }
}

fn specs(chip: &str, world_sizes: impl IntoIterator<Item = u32>) -> Vec<KernelSpec> {
    world_sizes
        .into_iter()
        .flat_map(|world_size| KernelSpec::all(chip, world_size))
        .collect()
}

#[test]
fn every_algorithm_assembles_for_every_group_size() {
    let mut specs = specs("sm_90", 2..=MAX_WORLD_SIZE);
    specs.retain(|spec| spec.dtype == DType::BF16 && spec.reduce_op == ReduceOp::Sum);
    assemble(&specs);
}

#[test]
fn every_reduction_assembles() {
    let reduction = |(index, reduction): (usize, Reduction)| KernelSpec {
        algorithm: Algorithm::ALL[index % Algorithm::ALL.len()],
        dtype: reduction.dtype,
        reduce_op: reduction.op,
        world_size: 2 + index as u32 % (MAX_WORLD_SIZE - 1),
        unroll: 1,
        chip: "sm_90".into(),
    };
    let specs: Vec<_> = Reduction::all()
        .into_iter()
        .enumerate()
        .map(reduction)
        .collect();
    assemble(&specs);
}

#[test]
fn other_chips_assemble() {
    for chip in ["sm_80", "sm_89", "sm_100", "sm_120"] {
        let mut specs = specs(chip, [2, 5]);
        let dtypes = [
            DType::BF16,
            DType::F64,
            DType::F8E4M3FN,
            DType::F8E5M2,
            DType::I32,
        ];
        specs.retain(|spec| {
            dtypes.contains(&spec.dtype) && spec.reduce_op == ReduceOp::Max && spec.unroll == 1
        });
        assemble(&specs);
    }
}

#[test]
#[ignore = "takes minutes: every kernel that there is for sm_90"]
fn every_kernel_assembles() {
    assemble(&specs("sm_90", 2..=MAX_WORLD_SIZE));
}

#[test]
fn spills_are_seen() {
    let Some(ptxas) = Ptxas::find() else { return };
    let spec = KernelSpec {
        algorithm: Algorithm::TwoShotPush,
        dtype: DType::BF16,
        reduce_op: ReduceOp::Sum,
        world_size: 8,
        unroll: 2,
        chip: "sm_90".into(),
    };
    let mut images = compile_all(create_context, &[spec], None).expect("the kernel compiles");
    images[0].ptx = images[0].ptx.replace(".maxntid 256", ".maxntid 1024");
    let usage = ptxas
        .assemble_all(&images)
        .remove(0)
        .expect("it is legal PTX");
    assert!(usage.spilled > 0, "{usage:?}");
    images[0].ptx = images[0].ptx.replace("bar.sync", "bar.sink");
    assert!(ptxas.assemble_all(&images).remove(0).is_err());
}
