// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A function of the program's may have any name.

// RUN: symm-opt %s --outline-contractions | FileCheck %s

// CHECK-LABEL: func.func @symm_contraction(
// CHECK: call @symm_contraction_1
// CHECK: func.func private @symm_contraction_1(
// CHECK: linalg.matmul
func.func @symm_contraction(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %product = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>) outs(%a : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %product : tensor<4x4xf32>
}
