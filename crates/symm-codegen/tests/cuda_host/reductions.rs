// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernels with a block of threads per element of their result.

use super::compile_and_run;

/// Adds the squares of each row to 0.5.
const SQUARES: &str = "
func.func @f(%x: tensor<3x100xf32>) -> tensor<3xf32> {
  %half = arith.constant 0.5 : f32
  %empty = tensor.empty() : tensor<3xf32>
  %init = linalg.fill ins(%half : f32) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %squares = arith.mulf %x, %x : tensor<3x100xf32>
  %y = linalg.reduce { arith.addf } ins(%squares : tensor<3x100xf32>)
      outs(%init : tensor<3xf32>) dimensions = [1]
  return %y : tensor<3xf32>
}";

#[test]
fn threads_of_a_block_add_what_each_has() {
    let x: Vec<f32> = (0..300).map(|value| (value % 7) as f32 - 3.0).collect();
    let sum = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>() + 0.5;
    let run = compile_and_run(SQUARES, "", std::slice::from_ref(&x));
    assert_eq!(run.results[0], x.chunks(100).map(sum).collect::<Vec<_>>());
    assert_eq!(run.calls, ["launch", "copy"]);
}

/// The largest and the least number of each row, NaNs aside.
const NUMBERS: &str = "
func.func @f(%x: tensor<3x40xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %nan = arith.constant 0x7FC00000 : f32
  %empty = tensor.empty() : tensor<3xf32>
  %init = linalg.fill ins(%nan : f32) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %most = linalg.reduce { arith.maxnumf } ins(%x : tensor<3x40xf32>)
      outs(%init : tensor<3xf32>) dimensions = [1]
  %least = linalg.reduce { arith.minnumf } ins(%x : tensor<3x40xf32>)
      outs(%init : tensor<3xf32>) dimensions = [1]
  return %most, %least : tensor<3xf32>, tensor<3xf32>
}";

#[test]
fn rows_of_nothing_but_nan_are_nan() {
    let mut x = vec![f32::NAN; 120];
    (x[45], x[70]) = (-2.0, -7.0);
    x[119] = f32::NEG_INFINITY;
    let run = compile_and_run(NUMBERS, "", std::slice::from_ref(&x));
    for (result, number) in run.results.iter().zip([-2.0, -7.0]) {
        assert!(result[0].is_nan(), "got {}", result[0]);
        assert_eq!(result[1..], [number, f32::NEG_INFINITY]);
    }
}

/// The largest number of each row, of a type that has no infinities.
const SHORT: &str = "
func.func @f(%x: tensor<3x40xf32>) -> tensor<3xf32> {
  %low = arith.constant -448.0 : f8E4M3FN
  %short = arith.truncf %x : tensor<3x40xf32> to tensor<3x40xf8E4M3FN>
  %empty = tensor.empty() : tensor<3xf8E4M3FN>
  %init = linalg.fill ins(%low : f8E4M3FN) outs(%empty : tensor<3xf8E4M3FN>) -> tensor<3xf8E4M3FN>
  %most = linalg.reduce { arith.maximumf } ins(%short : tensor<3x40xf8E4M3FN>)
      outs(%init : tensor<3xf8E4M3FN>) dimensions = [1]
  %y = arith.extf %most : tensor<3xf8E4M3FN> to tensor<3xf32>
  return %y : tensor<3xf32>
}";

#[test]
fn types_without_infinities_have_largest_numbers() {
    let mut x: Vec<f32> = (0..120).map(|value| (value % 16) as f32 - 20.0).collect();
    x[50] = 448.0;
    x[90] = f32::NAN;
    let run = compile_and_run(SHORT, "", std::slice::from_ref(&x));
    assert_eq!(run.results[0][..2], [-5.0, 448.0]);
    assert!(run.results[0][2].is_nan());
}
