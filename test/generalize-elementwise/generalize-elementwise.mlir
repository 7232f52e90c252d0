// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --generalize-elementwise | FileCheck %s

// CHECK-LABEL: func.func @named
func.func @named(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x8xf32>, %d: tensor<4x4xf32>) -> (tensor<4x8xf32>, tensor<8x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  // CHECK: linalg.generic
  // CHECK: arith.addf
  %sum = linalg.add ins(%a, %c : tensor<4x8xf32>, tensor<4x8xf32>) outs(%c : tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: linalg.generic
  %turned = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%b : tensor<8x4xf32>) permutation = [1, 0]
  // CHECK: linalg.fill
  %fill = linalg.fill ins(%zero : f32) outs(%d : tensor<4x4xf32>) -> tensor<4x4xf32>
  // CHECK: linalg.matmul
  %product = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %sum, %turned, %product : tensor<4x8xf32>, tensor<8x4xf32>, tensor<4x4xf32>
}
