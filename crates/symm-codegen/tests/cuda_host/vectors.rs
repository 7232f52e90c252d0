// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Parallel loops and vectors.

use super::compile_and_run;

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
        assert_eq!(run.calls, ["launch", "copy"]);
        assert_eq!(run.leaked, 0);
    }
}
