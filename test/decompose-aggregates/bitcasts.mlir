// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --decompose-aggregates --canonicalize > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: symm-opt %t.mlir --decompose-aggregates | diff %t.mlir -
// RUN: symm-compile %s -o %t.so
// RUN: symm-compile %s -o %t.cuda.so --device=cuda

// CHECK-LABEL: func.func @bits(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT: %[[Y:.*]] = arith.bitcast %[[X]] : tensor<4xf32> to tensor<4xi32>
// CHECK-NEXT: return %[[Y]]
func.func @bits(%x: tensor<4xf32>) -> tensor<4xi32> {
  %y = tensor.bitcast %x : tensor<4xf32> to tensor<4xi32>
  return %y : tensor<4xi32>
}

// CHECK-LABEL: func.func @several(
// CHECK-NEXT: arith.bitcast %{{.*}} : tensor<4xf32> to tensor<4xi32>
// CHECK-NEXT: return
func.func @several(%x: tensor<4xf32>) -> tensor<4xi32> {
  %y = tensor.bitcast %x : tensor<4xf32> to tensor<4xui32>
  %z = tensor.bitcast %y : tensor<4xui32> to tensor<4xi32>
  return %z : tensor<4xi32>
}
