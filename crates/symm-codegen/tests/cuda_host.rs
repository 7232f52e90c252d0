// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The host code of programs for GPUs, run against a runtime that does the GPU's work itself.

mod host_runtime;

use host_runtime::{Run, run};
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
    run(&compiled.bytes, arguments)
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

/// A product of a kind: letters of the loops of left, right and result, each loop with as many
/// iterations as here.
const EXTENTS: [(char, u64); 5] = [('b', 3), ('m', 4), ('n', 8), ('k', 12), ('p', 1)];

fn extents(loops: &str) -> Vec<u64> {
    let extent = |one| {
        EXTENTS
            .iter()
            .find(|(name, _)| *name == one)
            .map(|(_, extent)| *extent)
    };
    loops.chars().filter_map(extent).collect()
}

/// A program that adds a product to its last argument.
fn product_program([left, right, result]: [&str; 3]) -> String {
    let mut loops: Vec<char> = [left, right, result].concat().chars().collect();
    loops.sort_unstable();
    loops.dedup();
    let list = |of: &[char]| {
        of.iter()
            .map(char::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let domain = list(&loops);
    let map = |of: &str| {
        let dimensions = list(&of.chars().collect::<Vec<_>>());
        format!("affine_map<({domain}) -> ({dimensions})>")
    };
    let kinds: Vec<_> = loops
        .iter()
        .map(|one| {
            if result.contains(*one) {
                "\"parallel\""
            } else {
                "\"reduction\""
            }
        })
        .collect();
    let r#type = |of: &str| {
        let shape: String = extents(of)
            .iter()
            .map(|extent| format!("{extent}x"))
            .collect();
        format!("tensor<{shape}f32>")
    };
    let [a, b, c] = [left, right, result].map(r#type);
    format!(
        "func.func @f(%a: {a}, %b: {b}, %c: {c}) -> {c} {{
           %r = linalg.generic {{indexing_maps = [{}, {}, {}], iterator_types = [{}]}}
               ins(%a, %b : {a}, {b}) outs(%c : {c}) {{
           ^bb0(%x: f32, %y: f32, %sum: f32):
             %product = arith.mulf %x, %y : f32
             %next = arith.addf %sum, %product : f32
             linalg.yield %next : f32
           }} -> {c}
           return %r : {c}
         }}",
        map(left),
        map(right),
        map(result),
        kinds.join(", ")
    )
}

/// What the program gives, loop by loop.
fn product([left, right, result]: [&str; 3], values: &[Vec<f32>]) -> Vec<f32> {
    let mut sums = values[2].clone();
    let total: u64 = EXTENTS.iter().map(|(_, extent)| extent).product();
    for iteration in 0..total {
        let mut rest = iteration;
        let indices = EXTENTS.map(|(name, extent)| {
            let index = rest % extent;
            rest /= extent;
            (name, index)
        });
        // A loop that no operand has runs once.
        let is_used = |name: char| [left, right, result].concat().contains(name);
        if indices
            .iter()
            .any(|(name, index)| !is_used(*name) && *index > 0)
        {
            continue;
        }
        let at = |of: &str| {
            of.chars().zip(extents(of)).fold(0, |at, (one, extent)| {
                let index = indices
                    .iter()
                    .find(|(name, _)| *name == one)
                    .map_or(0, |(_, i)| *i);
                at * extent + index
            }) as usize
        };
        sums[at(result)] += values[0][at(left)] * values[1][at(right)];
    }
    sums
}

#[test]
fn products_of_every_layout_are_the_librarys_and_right() {
    let kinds = [
        ["mk", "kn", "mn"],
        ["mk", "nk", "mn"],
        ["km", "kn", "mn"],
        ["km", "nk", "mn"],
        ["mk", "kn", "nm"],
        ["km", "nk", "nm"],
        ["mk", "k", "m"],
        ["k", "kn", "n"],
        ["bmk", "bkn", "bmn"],
        ["bmk", "bnk", "bmn"],
        ["bkm", "bkn", "bnm"],
        ["mbk", "bkn", "bmn"],
        ["mbk", "kbn", "mbn"],
        ["mk", "bkn", "bmn"],
        ["bmk", "kn", "bmn"],
        ["bmk", "bk", "bm"],
        ["pk", "kn", "pn"],
        ["mk", "kp", "mp"],
        ["mk", "pk", "mp"],
        ["kp", "kn", "pn"],
        ["mp", "pn", "mn"],
    ];
    for kind in kinds {
        let values: Vec<Vec<f32>> = (0..3)
            .map(|seed| {
                let count = extents(kind[seed]).iter().product::<u64>();
                (0..count)
                    .map(|at| ((at * 7 + seed as u64 * 3) % 11) as f32 - 5.0)
                    .collect()
            })
            .collect();
        let run = compile_and_run(&product_program(kind), "", &values);
        assert!(run.calls.contains(&"matmul"), "{kind:?} is {:?}", run.calls);
        assert_eq!(run.results[0], product(kind, &values), "{kind:?}");
    }
}

/// Rows of 2 x + 1, a thread or a vector each.
const ROWS: &str = "
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant dense<1.0> : vector<8xf32>
  %two = arith.constant dense<2.0> : vector<8xf32>
  %empty = tensor.empty() : tensor<4x8xf32>
  %y = scf.forall (%i) in (4) shared_outs(%out = %empty) -> tensor<4x8xf32> {
    %row = vector.transfer_read %x[%i, %c0], %zero {in_bounds = [true]} : tensor<4x8xf32>, vector<8xf32>
    %result = vector.fma %row, %two, %one : vector<8xf32>
    %slice = tensor.extract_slice %out[%i, 0] [1, 8] [1, 1] : tensor<4x8xf32> to tensor<8xf32>
    %written = vector.transfer_write %result, %slice[%c0] {in_bounds = [true]} : vector<8xf32>, tensor<8xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %written into %out[%i, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<4x8xf32>
    }
  }
  return %y : tensor<4x8xf32>
}";

/// The same of one vector.
const VECTOR: &str = "
func.func @f(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant dense<1.0> : vector<4x8xf32>
  %two = arith.constant dense<2.0> : vector<4x8xf32>
  %empty = tensor.empty() : tensor<4x8xf32>
  %v = vector.transfer_read %x[%c0, %c0], %zero : tensor<4x8xf32>, vector<4x8xf32>
  %result = vector.fma %v, %two, %one : vector<4x8xf32>
  %y = vector.transfer_write %result, %empty[%c0, %c0] : vector<4x8xf32>, tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}";

#[test]
fn loops_and_vectors_are_one_launch() {
    let x: Vec<f32> = (0..32).map(|value| value as f32).collect();
    let expected: Vec<f32> = x.iter().map(|value| 2.0 * value + 1.0).collect();
    for program in [ROWS, VECTOR] {
        let run = compile_and_run(program, "", std::slice::from_ref(&x));
        assert_eq!(run.results[0], expected);
        assert_eq!(run.calls.first(), Some(&"launch"));
        assert!(!run.calls.contains(&"another launch"), "{:?}", run.calls);
        assert_eq!(run.leaked, 0);
    }
}
