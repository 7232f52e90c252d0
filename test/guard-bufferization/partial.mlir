// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --guard-bufferization | FileCheck %s
// RUN: symm-opt %s --guard-bufferization --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATISTICS
// RUN: symm-opt %s --guard-bufferization --one-shot-bufferize="bufferize-function-boundaries" --canonicalize | FileCheck %s --check-prefix=BUFFERS

// STATISTICS: 2 marked

// The rest of the tensor is kept, also in another buffer.
// CHECK-LABEL: func.func @diagonal(
// CHECK: ^bb0(%{{.*}}: f32, %[[OUT:.*]]: f32):
// CHECK: arith.select %{{.*}}, %[[OUT]], %[[OUT]]
// CHECK-NEXT: linalg.yield
// BUFFERS-LABEL: func.func @diagonal(
// BUFFERS: memref.copy
// BUFFERS-NEXT: linalg.generic
// BUFFERS-NOT: arith.select
func.func @diagonal(%x: tensor<3xf32>, %c: tensor<3x3xf32>) -> (tensor<3x3xf32>, tensor<3x3xf32>) {
  %d = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i, i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%c : tensor<3x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3x3xf32>
  return %d, %c : tensor<3x3xf32>, tensor<3x3xf32>
}

// CHECK-LABEL: func.func @row(
// CHECK: arith.select
func.func @row(%x: tensor<3xf32>, %c: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %d = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (1, i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3xf32>) outs(%c : tensor<3x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3x3xf32>
  return %d : tensor<3x3xf32>
}

// All of it is written, or the rest is looked at already.
// CHECK-LABEL: func.func @all(
// CHECK-NOT: arith.select
func.func @all(%x: tensor<3x4xf32>, %c: tensor<4x3xf32>, %row: tensor<3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>) {
  %t = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>],
      iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3x4xf32>) outs(%c : tensor<4x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x3xf32>
  %d = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (1, i)>], iterator_types = ["parallel"]}
      ins(%row : tensor<3xf32>) outs(%c : tensor<4x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  } -> tensor<4x3xf32>
  return %t, %d : tensor<4x3xf32>, tensor<4x3xf32>
}
