// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Packing is padding, another shape and a transposition.

// RUN: symm-opt %s --decompose-aggregates > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: symm-opt %t.mlir --decompose-aggregates | diff %t.mlir -
// RUN: symm-compile %s -o %t.so
// RUN: symm-compile %s -o %t.cuda.so --device=cuda

// CHECK-LABEL: func.func @pack(
// CHECK: %[[PADDED:.*]] = tensor.pad %{{.*}} low[0, 0] high[1, 0]
// CHECK: tensor.expand_shape %[[PADDED]] {{\[\[}}0, 1], [2, 3]] {{.*}} : tensor<6x6xf32> into tensor<3x2x2x3xf32>
// CHECK: linalg.transpose {{.*}} permutation = [2, 0, 1, 3]
// CHECK-NOT: linalg.pack
func.func @pack(%x: tensor<5x6xf32>) -> tensor<2x3x2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x3x2x3xf32>
  %y = linalg.pack %x padding_value(%zero : f32) outer_dims_perm = [1, 0] inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %empty
      : tensor<5x6xf32> -> tensor<2x3x2x3xf32>
  return %y : tensor<2x3x2x3xf32>
}

// CHECK-LABEL: func.func @unpack(
// CHECK: linalg.transpose {{.*}} permutation = [1, 2, 0, 3]
// CHECK: tensor.collapse_shape {{.*}} : tensor<3x2x2x3xf32> into tensor<6x6xf32>
// CHECK: tensor.extract_slice {{.*}}[0, 0] [5, 6] [1, 1]
// CHECK-NOT: linalg.unpack
func.func @unpack(%x: tensor<2x3x2x3xf32>) -> tensor<5x6xf32> {
  %empty = tensor.empty() : tensor<5x6xf32>
  %y = linalg.unpack %x outer_dims_perm = [1, 0] inner_dims_pos = [0, 1] inner_tiles = [2, 3] into %empty
      : tensor<2x3x2x3xf32> -> tensor<5x6xf32>
  return %y : tensor<5x6xf32>
}
