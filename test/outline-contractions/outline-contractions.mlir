// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --outline-contractions --linalg-fuse-elementwise-ops --inline --symbol-dce | FileCheck %s
// RUN: symm-opt %s --linalg-fuse-elementwise-ops | FileCheck %s --check-prefix=ALONE

// A reshape behind a product would move into it; a product of its own function stays what it is.
// CHECK-LABEL: func.func @product
// CHECK-NOT: func.func private
// CHECK: %[[PRODUCT:.*]] = linalg.matmul ins(%arg0, %arg1 : tensor<4x8xf32>, tensor<8x16xf32>)
// CHECK: tensor.expand_shape %[[PRODUCT]]
// ALONE-NOT: linalg.matmul
func.func @product(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x2x8xf32> {
  %product = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>) outs(%c : tensor<4x16xf32>) -> tensor<4x16xf32>
  %heads = tensor.expand_shape %product [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xf32> into tensor<4x2x8xf32>
  return %heads : tensor<4x2x8xf32>
}
