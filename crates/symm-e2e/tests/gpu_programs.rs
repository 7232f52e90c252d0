// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The programs of the GPU suite and the examples, compiled for GPUs, with their own kernels run by the host, against the same
//! programs on CPU ranks: what `test/gpu` compares where GPUs are. Ranks have equal arguments, so one can stand for all.

#[allow(dead_code, reason = "the tests of host code use more of it")]
#[path = "../../symm-codegen/tests/cuda_host/host_runtime/mod.rs"]
mod host_runtime;

use host_runtime::{Kernels, run_entry};
use std::rc::Rc;
use symm_abi::{Manifest, Value, artifact};
use symm_codegen::{
    compile::{Options, Stage, compile as compile_module},
    gpu::Target,
    target::Cpu,
};
use symm_e2e::{Call, compile, run};
use symm_ir::{context::create_context, melior::ir::Module};
use symm_sim::{Buffer, DType, small_float::BF16};

const CODE: &str = include_str!("../../../test/gpu/Inputs/code.mlir");
const SEED: &str = include_str!("../../../examples/seed.mlir");
const LAYERS: &str = include_str!("../../../examples/layers.mlir");
const TP_BLOCK: &str = include_str!("../../../examples/tp_block.mlir");

/// A program for GPUs, as an artifact and as kernels for the host.
struct GpuProgram {
    bytes: Vec<u8>,
    manifest: Manifest,
    kernels: Option<Rc<Kernels>>,
}

impl GpuProgram {
    fn new(source: &str, pipeline: &str) -> Self {
        let context = create_context();
        let options = Options {
            cpu: Cpu::baseline(),
            gpu: Some(Target::new("sm_90", None).expect("a chip")),
            pipeline: pipeline.into(),
        };
        let mut module = Module::parse(&context, source).expect("the program parses");
        let compiled = compile_module(&context, &mut module, &options, Stage::Artifact);
        let bytes = compiled.expect("it compiles").bytes;
        let manifest = artifact::open(&bytes).expect("the artifact is sound");
        let kernels = Kernels::of(&context, source, &options).map(Rc::new);
        Self {
            bytes,
            manifest,
            kernels,
        }
    }

    /// Runs an entry, which must free all that it allocates.
    fn run(&self, entry: &str, inputs: &[Buffer]) -> Vec<Buffer> {
        let arguments: Vec<_> = inputs.iter().map(|input| input.bytes().to_vec()).collect();
        let run = run_entry(&self.bytes, entry, self.kernels.clone(), &arguments);
        assert_eq!(run.leaked, 0, "@{entry} frees what it allocates");
        let results = &self.manifest.entry(entry).expect("the entry").results;
        let results = results.iter().zip(run.results);
        results.map(|(of, bytes)| buffer(of, bytes)).collect()
    }
}

fn buffer(of: &Value, bytes: Vec<u8>) -> Buffer {
    let mut known = DType::ALL.into_iter();
    let dtype = known.find(|dtype| dtype.name() == of.dtype.name());
    let shape = of.shape.iter().map(|extent| *extent as usize).collect();
    Buffer::new(dtype.expect("a type"), shape, bytes).expect("as many bytes as the shape says")
}

/// Numbers from -1 to 1 for an argument, which is of f32; others for each.
fn input(of: &Value, seed: usize) -> Buffer {
    let count = of.shape.iter().product::<u64>() as usize;
    let number = |at: usize| {
        let hash = ((at + seed * 7919) as u32).wrapping_mul(0x9e37_79b9);
        (hash ^ hash >> 15) as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    let bytes = (0..count).flat_map(|at| number(at).to_le_bytes()).collect();
    buffer(of, bytes)
}

fn values(buffer: &Buffer) -> Vec<f64> {
    let value = |bits: u128| match buffer.dtype() {
        DType::F32 => f64::from(f32::from_bits(bits as u32)),
        DType::BF16 => f64::from(BF16.decode(bits as u16)),
        DType::I32 => f64::from(bits as i32),
        other => panic!("the suite has no results of {}", other.name()),
    };
    buffer.elements().map(value).collect()
}

/// Asserts that results are within a part of the largest element.
fn check(of: &str, found: &Buffer, expected: &Buffer, bound: f64) {
    let (found, expected) = (values(found), values(expected));
    let largest = expected
        .iter()
        .fold(1e-30, |most: f64, x| most.max(x.abs()));
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        // A NaN is within no bound.
        let is_near = (found - expected).abs() / largest < bound;
        assert!(is_near, "element {at} of {of} is {found}, not {expected}");
    }
}

/// Runs every entry of a program on `ranks` ranks with the same arguments, both ways.
fn compare(source: &str, pipeline: &str, ranks: usize, bound: impl Fn(&str) -> f64) {
    let on_gpu = GpuProgram::new(source, pipeline);
    let on_cpu = compile(source, "");
    for entry in &on_gpu.manifest.entries {
        let inputs = entry.args.iter().zip(0..);
        let inputs: Vec<_> = inputs.map(|(of, seed)| input(of, seed)).collect();
        let call = Call {
            entry: entry.name.clone(),
            inputs: vec![inputs.clone(); ranks],
        };
        let expected = run(&on_cpu, ranks, vec![call]).remove(0).remove(0);
        let found = on_gpu.run(&entry.name, &inputs);
        assert_eq!(found.len(), expected.len());
        for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let of = format!("result {at} of @{}", entry.name);
            check(&of, found, expected, bound(&entry.name));
        }
    }
}

#[test]
fn code_of_the_suite_computes_what_cpu_ranks_do() {
    compare(CODE, "", 1, |entry| match entry {
        "softmax_bf16" => 1e-2,
        "softmax_large" => 1e-4,
        _ => 1e-5,
    });
}

#[test]
fn the_seed_computes_what_cpu_ranks_do() {
    for pipeline in ["protocol=push", "protocol=pull"] {
        compare(SEED, pipeline, 2, |_| 1e-6);
    }
}

#[test]
fn layers_compute_what_cpu_ranks_do() {
    for pipeline in ["protocol=push", "protocol=pull"] {
        compare(LAYERS, pipeline, 2, |_| 1e-5);
    }
}

#[test]
fn a_block_computes_what_cpu_ranks_do() {
    for pipeline in ["protocol=push", "protocol=pull"] {
        compare(TP_BLOCK, pipeline, 4, |_| 1e-4);
    }
}
