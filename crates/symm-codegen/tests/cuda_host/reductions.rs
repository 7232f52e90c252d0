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
