// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The host code of programs for GPUs, run against a runtime that does the GPU's work itself.

mod copies;
mod functions;
mod host_runtime;
mod layers;
mod parameters;
mod products;
mod reductions;
mod vectors;

use host_runtime::{Kernels, Run, run};
use symm_codegen::{
    compile::{Options, Stage, compile},
    gpu::Target,
    target::Cpu,
};
use symm_ir::{context::create_context, melior::ir::Module};

/// All that host code calls: a kernel, a product, a constant, an all-reduce, copies.
const PROGRAM: &str = "
comm.group @tp size(2) {symm_mem}
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x2xf32> {
  %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0],
                             [1.5, 2.5], [3.5, 4.5], [5.5, 6.5], [7.5, 8.5]]> : tensor<8x2xf32>
  %two = arith.constant dense<2.0> : tensor<4x8xf32>
  %one = arith.constant dense<1.0> : tensor<4x8xf32>
  %doubled = arith.mulf %x, %two : tensor<4x8xf32>
  %y = arith.addf %doubled, %one : tensor<4x8xf32>
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
  %partial = linalg.matmul ins(%y, %w : tensor<4x8xf32>, tensor<8x2xf32>)
      outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
  %sum = c10d.all_reduce<sum> %partial on @tp : tensor<4x2xf32>
  %done = c10d.wait_tensor %sum : tensor<4x2xf32>
  return %done : tensor<4x2xf32>
}";

fn compile_and_run(program: &str, pipeline: &str, arguments: &[Vec<f32>]) -> Run {
    let context = create_context();
    let mut module = Module::parse(&context, program).expect("the program parses");
    let options = Options {
        cpu: Cpu::baseline(),
        gpu: Some(Target::new("sm_90", None).expect("a chip")),
        pipeline: pipeline.to_owned(),
    };
    let compiled = compile(&context, &mut module, &options, Stage::Artifact).expect("it compiles");
    let kernels = Kernels::of(&context, program, &options);
    run(&compiled.bytes, kernels, arguments)
}

/// What two ranks with equal input get: twice `(2 x + 1) w`.
fn expected(x: &[f32]) -> Vec<f32> {
    let w = |k: usize, n: usize| (1 + 2 * (k % 4) + n) as f32 + if k < 4 { 0.0 } else { 0.5 };
    let element = |m: usize, n: usize| -> f32 {
        (0..8)
            .map(|k| (2.0 * x[m * 8 + k] + 1.0) * w(k, n))
            .sum::<f32>()
            * 2.0
    };
    (0..8).map(|at| element(at / 2, at % 2)).collect()
}

#[test]
fn host_code_moves_data_as_the_program_says() {
    let x: Vec<f32> = (0..32).map(|value| value as f32).collect();
    let push = compile_and_run(PROGRAM, "", std::slice::from_ref(&x));
    assert_eq!(push.results[0], expected(&x));
    assert_eq!(
        push.calls,
        ["constant", "launch", "matmul", "all_reduce", "copy"]
    );
    assert_eq!(push.leaked, 0);
    assert!(
        !push.reduced_symmetric,
        "a push leaves its operand anywhere"
    );
}

#[test]
fn operands_that_peers_read_are_allocated_as_symmetric() {
    let x: Vec<f32> = (0..32).map(|value| (value % 5) as f32).collect();
    let pull = compile_and_run(PROGRAM, "protocol=pull", std::slice::from_ref(&x));
    assert_eq!(pull.results[0], expected(&x));
    assert!(
        pull.reduced_symmetric,
        "the product writes symmetric memory"
    );
    assert_eq!(pull.calls.iter().filter(|call| **call == "copy").count(), 1);
    assert_eq!(pull.leaked, 0);
}
