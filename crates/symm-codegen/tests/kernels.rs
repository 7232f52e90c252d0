// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! All-reduce kernels through NVIDIA's own assembler: each is accepted, and none spills registers.
//!
//! Needs ptxas, which `cargo xtask test` fetches; without it these tests are ignored, and counted so. Every kernel that there
//! is for sm_90 takes minutes: `cargo test --package symm-codegen --test kernels -- --ignored`.

mod ptxas;

use libtest_mimic::{Arguments, Failed, Trial};
use ptxas::Ptxas;
use std::process::ExitCode;
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelSpec, MAX_WORLD_SIZE, Reduction},
};
use symm_codegen::gpu::compile_all;
use symm_ir::context::create_context;

fn main() -> ExitCode {
    let ptxas = Ptxas::find();
    if ptxas.is_none() {
        println!("SKIPPED: there is no ptxas; run `cargo xtask setup --gpu-tools`");
    }
    let test = |name, ignored, run: fn(&Ptxas)| {
        let ptxas = ptxas.clone();
        let ignored = ignored || ptxas.is_none();
        let run = move || {
            run(ptxas.as_ref().ok_or("there is no ptxas")?);
            Ok::<_, Failed>(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    };
    let tests = vec![
        test(
            "every_algorithm_assembles_for_every_group_size",
            false,
            every_algorithm,
        ),
        test(
            "every_reduction_assembles_for_every_group_size",
            false,
            every_reduction,
        ),
        test("other_chips_assemble", false, other_chips),
        test("the_oldest_ptx_of_a_chip_assembles", false, oldest_ptx),
        test("spills_are_seen", false, spills_are_seen),
        test("every_kernel_assembles", true, every_kernel),
    ];
    // Each test keeps all cores busy by itself.
    let arguments = Arguments {
        test_threads: Some(1),
        ..Arguments::from_args()
    };
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// Compiles and assembles kernels, and checks that none spills, has a stack, or has more threads than registers.
fn assemble(ptxas: &Ptxas, specs: &[KernelSpec]) {
    assemble_as(ptxas, specs, None);
}

/// As [`assemble`], with PTX of some version.
fn assemble_as(ptxas: &Ptxas, specs: &[KernelSpec], ptx_version: Option<u32>) {
    let images = compile_all(create_context, specs, ptx_version).expect("every kernel compiles");
    let assembled = ptxas.assemble_all(&images);
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
    }
}

fn specs(chip: &str, world_sizes: impl IntoIterator<Item = u32>) -> Vec<KernelSpec> {
    world_sizes
        .into_iter()
        .flat_map(|world_size| KernelSpec::all(chip, world_size))
        .collect()
}

/// Each algorithm with each unroll factor, for sums of bf16.
fn every_algorithm(ptxas: &Ptxas) {
    let mut specs = specs("sm_90", 2..=MAX_WORLD_SIZE);
    specs.retain(|spec| spec.dtype == DType::BF16 && spec.reduce_op == ReduceOp::Sum);
    assemble(ptxas, &specs);
}

/// Each type and reduction with the algorithm whose turn it is: with each of the four in four group sizes or less.
fn every_reduction(ptxas: &Ptxas) {
    let mut specs = specs("sm_90", 2..=MAX_WORLD_SIZE);
    specs.retain(|spec| {
        let reduction = Reduction::canonical(spec.dtype, spec.reduce_op);
        let turn = reduction.map(|reduction| reduction.algorithm_in_turn(spec.world_size));
        turn == Some(spec.algorithm) && spec.unroll == 1
    });
    assert_eq!(specs.len(), 7 * Reduction::all().len());
    assemble(ptxas, &specs);
}

fn other_chips(ptxas: &Ptxas) {
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
        assemble(ptxas, &specs);
    }
}

fn oldest_ptx(ptxas: &Ptxas) {
    for (chip, oldest) in [("sm_80", 70), ("sm_86", 71), ("sm_89", 78), ("sm_90", 78)] {
        let mut specs = specs(chip, [3]);
        specs.retain(|spec| {
            let sum = spec.reduce_op == ReduceOp::Sum && spec.unroll == 1;
            sum && matches!(spec.dtype, DType::BF16 | DType::I16 | DType::F8E4M3FN)
        });
        assemble_as(ptxas, &specs, Some(oldest));
    }
}

fn every_kernel(ptxas: &Ptxas) {
    assemble(ptxas, &specs("sm_90", 2..=MAX_WORLD_SIZE));
}

fn spills_are_seen(ptxas: &Ptxas) {
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
