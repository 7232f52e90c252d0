// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --decompose-aggregates > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: symm-opt %t.mlir --decompose-aggregates | diff %t.mlir -

// The largest element, exponentials, their sum, the quotient.
// CHECK-LABEL: func.func @rows(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<4x64xf32>, %[[OUT:[a-z0-9_]*]]: tensor<4x64xf32>
// CHECK: %[[MAX:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]{{.*}} ins(%[[X]]
// CHECK: arith.maxnumf
// CHECK: %[[EXP:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]{{.*}} ins(%[[X]], %[[MAX]]
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]{{.*}} ins(%[[EXP]]
// CHECK: arith.addf
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[EXP]], %[[SUM]]
// CHECK: arith.divf
// CHECK: return %[[Y]] : tensor<4x64xf32>
func.func @rows(%x: tensor<4x64xf32>, %out: tensor<4x64xf32>) -> tensor<4x64xf32> {
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x64xf32>) outs(%out : tensor<4x64xf32>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// Short floats are computed in f32, and rounded once.
// CHECK-LABEL: func.func @short(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: tensor<?x64xbf16>
// CHECK: %[[WIDE:.*]] = arith.extf %[[X]] : tensor<?x64xbf16> to tensor<?x64xf32>
// CHECK: %[[EXTENT:.*]] = tensor.dim %[[WIDE]]
// CHECK: tensor.empty(%[[EXTENT]]) : tensor<?x64xf32>
// CHECK-COUNT-4: linalg.generic {{.*}} ins(%{{.*}} : tensor<{{.*}}f32>
// CHECK: arith.truncf %{{.*}} : tensor<?x64xf32> to tensor<?x64xbf16>
func.func @short(%x: tensor<?x64xbf16>, %out: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = linalg.softmax dimension(0) ins(%x : tensor<?x64xbf16>) outs(%out : tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @buffers(
// CHECK-SAME: %[[X:[a-z0-9_]*]]: memref<4x64xf16, strided<[128, 1], offset: ?>>, %[[OUT:[a-z0-9_]*]]: memref<4x64xf16>
// CHECK: bufferization.to_tensor %[[X]] restrict
// CHECK: %[[Y:.*]] = arith.truncf
// CHECK: bufferization.materialize_in_destination %[[Y]] in restrict writable %[[OUT]]
// CHECK-NOT: linalg.softmax
func.func @buffers(%x: memref<4x64xf16, strided<[128, 1], offset: ?>>, %out: memref<4x64xf16>) {
  linalg.softmax dimension(1) ins(%x : memref<4x64xf16, strided<[128, 1], offset: ?>>) outs(%out : memref<4x64xf16>)
  return
}
