// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Loops and branches of the host that hand tensors on, as layers of a model do: each buffer is freed
//! once, whatever was in it.

use super::{Run, compile_and_run};

/// A function of two tensors of 16 elements, with three numbers to begin with.
fn program(body: &str) -> String {
    format!(
        "comm.group @tp size(2) {{symm_mem}}
         func.func @f(%x: tensor<16xf32>, %y: tensor<16xf32>) -> tensor<16xf32> {{
           %c0 = arith.constant 0 : index
           %c1 = arith.constant 1 : index
           %c3 = arith.constant 3 : index
           {body}
         }}"
    )
}

fn compute(body: &str) -> (Vec<f32>, Vec<f32>, Run) {
    let x: Vec<f32> = (0..16).map(|at| (at % 5) as f32 - 2.0).collect();
    let y: Vec<f32> = (0..16).map(|at| (at % 3) as f32).collect();
    let run = compile_and_run(&program(body), "", &[x.clone(), y.clone()]);
    assert_eq!(run.leaked, 0, "{body}");
    (x, y, run)
}

fn map(x: &[f32], y: &[f32], element: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    x.iter().zip(y).map(|(x, y)| element(*x, *y)).collect()
}

#[test]
fn a_loop_hands_on_what_was_computed_before_it() {
    let body = "
      %h = arith.addf %x, %y : tensor<16xf32>
      %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %h) -> (tensor<16xf32>) {
        %sum = c10d.all_reduce<sum> %a on @tp : tensor<16xf32>
        %done = c10d.wait_tensor %sum : tensor<16xf32>
        %next = arith.subf %done, %y : tensor<16xf32>
        scf.yield %next : tensor<16xf32>
      }
      %z = arith.addf %r, %h : tensor<16xf32>
      return %z : tensor<16xf32>";
    let (x, y, run) = compute(body);
    let layers = |h: f32, y: f32| (0..3).fold(h, |a, _| 2.0 * a - y);
    assert_eq!(run.results[0], map(&x, &y, |x, y| layers(x + y, y) + x + y));
    let count = |call| run.calls.iter().filter(|other| **other == call).count();
    assert_eq!(count("all_reduce"), 3);
}

#[test]
fn a_loop_swaps_what_it_hands_on() {
    let body = "
      %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %y)
          -> (tensor<16xf32>, tensor<16xf32>) {
        %sum = c10d.all_reduce<sum> %a on @tp : tensor<16xf32>
        %done = c10d.wait_tensor %sum : tensor<16xf32>
        %next = arith.addf %done, %b : tensor<16xf32>
        scf.yield %b, %next : tensor<16xf32>, tensor<16xf32>
      }
      %z = arith.subf %r#1, %r#0 : tensor<16xf32>
      return %z : tensor<16xf32>";
    let (x, y, run) = compute(body);
    let layers = |x, y| (0..3).fold((x, y), |(a, b), _| (b, 2.0 * a + b));
    let expected = map(&x, &y, |x, y| {
        let (a, b) = layers(x, y);
        b - a
    });
    assert_eq!(run.results[0], expected);
}

#[test]
fn a_branch_in_a_loop_gives_a_new_tensor_or_the_old_one() {
    let body = "
      %h = arith.addf %x, %y : tensor<16xf32>
      %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %h) -> (tensor<16xf32>) {
        %is_first = arith.cmpi eq, %i, %c0 : index
        %next = scf.if %is_first -> (tensor<16xf32>) {
          scf.yield %a : tensor<16xf32>
        } else {
          %sum = c10d.all_reduce<sum> %a on @tp : tensor<16xf32>
          %done = c10d.wait_tensor %sum : tensor<16xf32>
          scf.yield %done : tensor<16xf32>
        }
        scf.yield %next : tensor<16xf32>
      }
      %z = arith.subf %r, %h : tensor<16xf32>
      return %z : tensor<16xf32>";
    let (x, y, run) = compute(body);
    assert_eq!(run.results[0], map(&x, &y, |x, y| 3.0 * (x + y)));
}

#[test]
fn a_loop_without_a_known_end_counts_on_the_host() {
    let body = "
      %h = arith.mulf %x, %y : tensor<16xf32>
      %r:2 = scf.while (%i = %c0, %a = %h) : (index, tensor<16xf32>) -> (index, tensor<16xf32>) {
        %goes_on = arith.cmpi ult, %i, %c3 : index
        scf.condition(%goes_on) %i, %a : index, tensor<16xf32>
      } do {
      ^bb0(%i: index, %a: tensor<16xf32>):
        %next = arith.addf %a, %y : tensor<16xf32>
        %sum = c10d.all_reduce<sum> %next on @tp : tensor<16xf32>
        %done = c10d.wait_tensor %sum : tensor<16xf32>
        %j = arith.addi %i, %c1 : index
        scf.yield %j, %done : index, tensor<16xf32>
      }
      return %r#1 : tensor<16xf32>";
    let (x, y, run) = compute(body);
    let layers = |x: f32, y: f32| (0..3).fold(x * y, |a, _| 2.0 * (a + y));
    assert_eq!(run.results[0], map(&x, &y, layers));
}

#[test]
fn a_loop_that_does_not_run_gives_what_it_began_with() {
    let body = "
      %h = arith.addf %x, %y : tensor<16xf32>
      %r = scf.for %i = %c3 to %c0 step %c1 iter_args(%a = %h) -> (tensor<16xf32>) {
        %next = arith.addf %a, %y : tensor<16xf32>
        scf.yield %next : tensor<16xf32>
      }
      return %r : tensor<16xf32>";
    let (x, y, run) = compute(body);
    assert_eq!(run.results[0], map(&x, &y, |x, y| x + y));
}

/// Three layers, each with weights of its own.
const WEIGHTS: &str = "
comm.group @tp size(2) {symm_mem}
func.func @f(%x: tensor<4x8xf32>, %w: tensor<3x8x8xf32>) -> tensor<4x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %h = arith.negf %x : tensor<4x8xf32>
  %y = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %h) -> (tensor<4x8xf32>) {
    %layer = tensor.extract_slice %w[%i, 0, 0] [1, 8, 8] [1, 1, 1] : tensor<3x8x8xf32> to tensor<8x8xf32>
    %empty = tensor.empty() : tensor<4x8xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
    %partial = linalg.matmul ins(%a, %layer : tensor<4x8xf32>, tensor<8x8xf32>)
        outs(%init : tensor<4x8xf32>) -> tensor<4x8xf32>
    %sum = c10d.all_reduce<sum> %partial on @tp : tensor<4x8xf32>
    %done = c10d.wait_tensor %sum : tensor<4x8xf32>
    %next = arith.addf %done, %a : tensor<4x8xf32>
    scf.yield %next : tensor<4x8xf32>
  }
  return %y : tensor<4x8xf32>
}";

#[test]
fn layers_have_products_with_their_own_weights() {
    let x: Vec<f32> = (0..32).map(|at| (at % 5) as f32 - 2.0).collect();
    let w: Vec<f32> = (0..192).map(|at| (at % 7 % 3) as f32 - 1.0).collect();
    let run = compile_and_run(WEIGHTS, "", &[x.clone(), w.clone()]);
    let mut expected: Vec<f32> = x.iter().map(|x| -x).collect();
    for layer in w.chunks(64) {
        let product =
            |row: &[f32], n: usize| -> f32 { (0..8).map(|k| row[k] * layer[k * 8 + n]).sum() };
        expected = expected
            .chunks(8)
            .flat_map(|row| (0..8).map(move |n| 2.0 * product(row, n) + row[n]))
            .collect();
    }
    assert_eq!(run.results[0], expected);
    assert_eq!(run.leaked, 0);
    assert_eq!(
        run.calls.iter().filter(|call| **call == "matmul").count(),
        3
    );
}

#[test]
fn blocks_that_branch_to_each_other_are_a_loop() {
    let body = "
        cf.br ^head(%c0, %x : index, tensor<16xf32>)
      ^head(%i: index, %a: tensor<16xf32>):
        %more = arith.cmpi ult, %i, %c3 : index
        cf.cond_br %more, ^layer, ^end
      ^layer:
        %sum = c10d.all_reduce<sum> %a on @tp : tensor<16xf32>
        %done = c10d.wait_tensor %sum : tensor<16xf32>
        %next = arith.subf %done, %y : tensor<16xf32>
        %j = arith.addi %i, %c1 : index
        cf.br ^head(%j, %next : index, tensor<16xf32>)
      ^end:
        %z = arith.addf %a, %x : tensor<16xf32>
        return %z : tensor<16xf32>";
    let (x, y, run) = compute(body);
    let layers = |x: f32, y: f32| (0..3).fold(x, |a, _| 2.0 * a - y);
    assert_eq!(run.results[0], map(&x, &y, |x, y| layers(x, y) + x));
}
