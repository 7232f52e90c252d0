// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-compile %s --device=cuda --emit=ptx -o - | FileCheck %s

// The square of a part may be infinite where the magnitude is not: the root is of 1 and the square of what is at most 1.
// CHECK: abs.f32
// CHECK: max.NaN.f32
// CHECK: div.rn.f32
// CHECK: sqrt.rn.f32
func.func @magnitude(%x: tensor<8xcomplex<f32>>) -> tensor<8xf32> {
  %to = tensor.empty() : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<8xcomplex<f32>>) outs(%to : tensor<8xf32>) {
  ^bb0(%z: complex<f32>, %o: f32):
    %abs = complex.abs %z : complex<f32>
    linalg.yield %abs : f32
  } -> tensor<8xf32>
  return %y : tensor<8xf32>
}
