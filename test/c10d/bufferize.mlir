// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --one-shot-bufferize="bufferize-function-boundaries" | FileCheck %s
// RUN: symm-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   | FileCheck %s --check-prefix=IDENTITY

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @tensors(
// CHECK-SAME: %[[X:.*]]: memref<8x4xf32, strided<[?, ?], offset: ?>>
// CHECK-SAME: -> (memref<8x4xf32>, memref<32x4xf32>, memref<2x4xf32>, memref<8x4xf32>, memref<8x4xf32>)
// IDENTITY-LABEL: func.func @tensors(
// IDENTITY-SAME: %[[X:.*]]: memref<8x4xf32>)
func.func @tensors(%x: tensor<8x4xf32>)
    -> (tensor<8x4xf32>, tensor<32x4xf32>, tensor<2x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  // CHECK: %[[R:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xf32>
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%[[X]] : memref<8x4xf32, strided<[?, ?], offset: ?>>) outs(%[[R]] : memref<8x4xf32>) on @tp
  // CHECK-NEXT: c10d.wait_tensor %[[R]] : memref<8x4xf32>
  // IDENTITY: c10d.all_reduce<sum> ins(%[[X]] : memref<8x4xf32>) outs(%{{.*}} : memref<8x4xf32>) on @tp
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>
  %w = c10d.wait_tensor %0 : tensor<8x4xf32>
  // CHECK-NEXT: %[[G:.*]] = memref.alloc() {alignment = 64 : i64} : memref<32x4xf32>
  // CHECK-NEXT: c10d.all_gather_into_tensor ins(%[[X]] : {{.*}}) outs(%[[G]] : memref<32x4xf32>) on @tp
  %1 = c10d.all_gather_into_tensor %x on @tp : tensor<8x4xf32> -> tensor<32x4xf32>
  // CHECK-NEXT: %[[S:.*]] = memref.alloc() {alignment = 64 : i64} : memref<2x4xf32>
  // CHECK-NEXT: c10d.reduce_scatter_tensor<avg> ins(%[[X]] : {{.*}}) outs(%[[S]] : memref<2x4xf32>) on @tp
  %2 = c10d.reduce_scatter_tensor<avg> %x on @tp : tensor<8x4xf32> -> tensor<2x4xf32>
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xf32>
  // CHECK-NEXT: c10d.all_to_all_single ins(%[[X]] : {{.*}}) outs(%[[A]] : memref<8x4xf32>) on @tp
  %3 = c10d.all_to_all_single %x on @tp : tensor<8x4xf32>
  // Attributes that the dialect doesn't know survive.
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xf32>
  // CHECK-NEXT: c10d.broadcast src(1) ins(%[[X]] : {{.*}}) outs(%[[B]] : memref<8x4xf32>) on @tp {user.note}
  %4 = c10d.broadcast src(1) %x on @tp {user.note} : tensor<8x4xf32>
  // CHECK: return %[[R]], %[[G]], %[[S]], %[[A]], %[[B]]
  return %w, %1, %2, %3, %4
      : tensor<8x4xf32>, tensor<32x4xf32>, tensor<2x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}

// The sizes of a result come from the input's.
// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME: %[[X:.*]]: memref<?x4x?xf32, strided<[?, ?, ?], offset: ?>>
func.func @dynamic(%x: tensor<?x4x?xf32>)
    -> (tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>) {
  // CHECK: %[[R0:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[R2:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[R:.*]] = memref.alloc(%[[R0]], %[[R2]]) {alignment = 64 : i64} : memref<?x4x?xf32>
  // CHECK: c10d.all_reduce<sum> ins(%[[X]] : {{.*}}) outs(%[[R]] : memref<?x4x?xf32>) on @tp
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<?x4x?xf32>
  // CHECK: %[[X0:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[C4:.*]] = arith.constant 4 : index
  // CHECK: %[[G0:.*]] = arith.muli %[[X0]], %[[C4]] : index
  // CHECK: %[[G2:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[G:.*]] = memref.alloc(%[[G0]], %[[G2]]) {alignment = 64 : i64} : memref<?x4x?xf32>
  // CHECK: c10d.all_gather_into_tensor ins(%[[X]] : {{.*}}) outs(%[[G]] : memref<?x4x?xf32>) on @tp
  %1 = c10d.all_gather_into_tensor %x on @tp : tensor<?x4x?xf32>
  // CHECK: %[[X1:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[C4_1:.*]] = arith.constant 4 : index
  // CHECK: %[[S0:.*]] = arith.divui %[[X1]], %[[C4_1]] : index
  // CHECK: %[[S:.*]] = memref.alloc(%[[S0]], %{{.*}}) {alignment = 64 : i64} : memref<?x4x?xf32>
  // CHECK: c10d.reduce_scatter_tensor<sum> ins(%[[X]] : {{.*}}) outs(%[[S]] : memref<?x4x?xf32>) on @tp
  %2 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<?x4x?xf32>
  // CHECK: %[[A0:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[A:.*]] = memref.alloc(%[[A0]], %{{.*}}) {alignment = 64 : i64} : memref<?x4x?xf32>
  // CHECK: c10d.all_to_all_single ins(%[[X]] : {{.*}}) outs(%[[A]] : memref<?x4x?xf32>) on @tp
  %3 = c10d.all_to_all_single %x on @tp : tensor<?x4x?xf32>
  // CHECK: %[[B0:.*]] = memref.dim %[[X]], %{{.*}}
  // CHECK: %[[B:.*]] = memref.alloc(%[[B0]], %{{.*}}) {alignment = 64 : i64} : memref<?x4x?xf32>
  // CHECK: c10d.broadcast src(2) ins(%[[X]] : {{.*}}) outs(%[[B]] : memref<?x4x?xf32>) on @tp
  %4 = c10d.broadcast src(2) %x on @tp : tensor<?x4x?xf32>
  return %0, %1, %2, %3, %4
      : tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>, tensor<?x4x?xf32>
}

// A static result of a dynamic input has a static buffer.
// CHECK-LABEL: func.func @dynamic_to_static(
func.func @dynamic_to_static(%x: tensor<?xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8xf32>
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%{{.*}} : memref<?xf32, {{.*}}>) outs(%[[R]] : memref<8xf32>) on @tp
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<?xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @scalar(
func.func @scalar(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: c10d.all_reduce<sum> ins(%{{.*}} : memref<f32, {{.*}}>) outs(%{{.*}} : memref<f32>) on @tp
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<f32>
  return %0 : tensor<f32>
}

// The input survives a collective: who overwrites it later may do so in place.
// CHECK-LABEL: func.func @input_reused(
func.func @input_reused(%f: f32, %i: index) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK: %[[X:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK: %[[R:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NOT: memref.alloc
  // CHECK-NOT: memref.copy
  // CHECK: c10d.all_reduce<sum> ins(%[[X]] : memref<8xf32>) outs(%[[R]] : memref<8xf32>) on @tp
  // CHECK: memref.store %{{.*}}, %[[X]]
  // CHECK: return %[[R]], %[[X]]
  %x = tensor.splat %f : tensor<8xf32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = tensor.insert %f into %x[%i] : tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// A wait is the buffer that it waits for: a write to the waited tensor is a
// write to the result, so a later read of the result needs a copy.
// CHECK-LABEL: func.func @wait_aliases(
func.func @wait_aliases(%x: tensor<8xf32>, %f: f32, %i: index) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK: c10d.all_reduce<sum> {{.*}} outs(%[[R:.*]] : memref<8xf32>) on @tp
  // CHECK: c10d.wait_tensor %[[R]] : memref<8xf32>
  // CHECK: memref.copy %[[R]], %[[C:.*]] : memref<8xf32> to memref<8xf32>
  // CHECK: memref.store %{{.*}}, %[[C]]
  // CHECK: return %[[C]], %[[R]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = tensor.insert %f into %1[%i] : tensor<8xf32>
  return %2, %0 : tensor<8xf32>, tensor<8xf32>
}

// The memref form is what it is.
// CHECK-LABEL: func.func @memrefs(
func.func @memrefs(%x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%{{.*}} : memref<8xf32>) outs(%{{.*}} : memref<8xf32>) on @tp
  // CHECK-NEXT: c10d.wait_tensor %{{.*}} : memref<8xf32>
  // CHECK-NEXT: return
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// Across functions, and through control flow.
// CHECK-LABEL: func.func private @callee(
// CHECK-SAME: -> memref<8xf32>
func.func private @callee(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  return %0 : tensor<8xf32>
}
// CHECK-LABEL: func.func @caller(
func.func @caller(%x: tensor<8xf32>, %c: i1) -> tensor<8xf32> {
  // CHECK: %[[R:.*]] = call @callee(%{{.*}}) : ({{.*}}) -> memref<8xf32>
  %0 = call @callee(%x) : (tensor<8xf32>) -> tensor<8xf32>
  // CHECK: scf.if %{{.*}} -> (memref<8xf32>) {
  %1 = scf.if %c -> tensor<8xf32> {
    // CHECK: c10d.wait_tensor %[[R]] : memref<8xf32>
    // CHECK: scf.yield %[[R]] : memref<8xf32>
    %2 = c10d.wait_tensor %0 : tensor<8xf32>
    scf.yield %2 : tensor<8xf32>
  } else {
    // CHECK: c10d.broadcast src(0) ins(%[[R]] : memref<8xf32>) outs(%[[B:.*]] : memref<8xf32>) on @tp
    // CHECK: scf.yield %[[B]] : memref<8xf32>
    %2 = c10d.broadcast src(0) %0 on @tp : tensor<8xf32>
    scf.yield %2 : tensor<8xf32>
  }
  return %1 : tensor<8xf32>
}
