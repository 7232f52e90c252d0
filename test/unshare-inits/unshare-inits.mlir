// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --unshare-inits | FileCheck %s

// CHECK-LABEL: func.func @shared
// CHECK-DAG: %[[ONE:.*]] = linalg.fill
// CHECK-DAG: %[[OTHER:.*]] = linalg.fill
// CHECK: linalg.matmul {{.*}} outs(%[[A:.*]] : tensor<4x4xf32>)
// CHECK-NOT: outs(%[[A]] :
// CHECK: linalg.matmul
func.func @shared(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c, %d : tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @empty
// CHECK-COUNT-2: tensor.empty
func.func @empty(%a: tensor<4x8xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %empty = tensor.empty() : tensor<8x4xf32>
  %b = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%empty : tensor<8x4xf32>) permutation = [1, 0]
  %c = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%empty : tensor<8x4xf32>) permutation = [1, 0]
  return %b, %c : tensor<8x4xf32>, tensor<8x4xf32>
}
