// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --cse --canonicalize --loop-invariant-code-motion --control-flow-sink --symbol-dce | FileCheck %s

comm.group @tp size(4) {symm_mem}

// Results that nobody uses: peers still take part.
// CHECK-LABEL: func.func @alive(
func.func @alive(%x: tensor<8xf32>) {
  // CHECK-NEXT: c10d.all_reduce<sum>
  // CHECK-NEXT: c10d.all_gather_into_tensor
  // CHECK-NEXT: c10d.reduce_scatter_tensor<sum>
  // CHECK-NEXT: c10d.all_to_all_single
  // CHECK-NEXT: c10d.broadcast src(0)
  // CHECK-NEXT: return
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.all_gather_into_tensor %x on @tp : tensor<8xf32> -> tensor<32xf32>
  %2 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<8xf32> -> tensor<2xf32>
  %3 = c10d.all_to_all_single %x on @tp : tensor<8xf32>
  %4 = c10d.broadcast src(0) %x on @tp : tensor<8xf32>
  return
}

// Two equal collectives are two collectives.
// CHECK-LABEL: func.func @twice(
func.func @twice(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = c10d.all_reduce<sum>
  // CHECK-NEXT: %[[B:.*]] = c10d.all_reduce<sum>
  // CHECK-NEXT: return %[[A]], %[[B]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// Two waits for one result are one.
// CHECK-LABEL: func.func @waits(
func.func @waits(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: c10d.all_reduce<sum>
  // CHECK-NEXT: %[[W:.*]] = c10d.wait_tensor
  // CHECK-NEXT: return %[[W]], %[[W]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1, %2 : tensor<8xf32>, tensor<8xf32>
}

// A collective isn't moved out of a loop, though its operand doesn't change.
// CHECK-LABEL: func.func @loop(
func.func @loop(%x: tensor<8xf32>, %m: memref<8xf32>, %n: memref<8xf32>, %end: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK-NEXT: c10d.all_reduce<sum> %
  // CHECK-NEXT: c10d.all_reduce<sum> ins
  // CHECK-NEXT: c10d.wait_tensor
  // CHECK-NEXT: }
  scf.for %i = %c0 to %end step %c1 {
    %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
    c10d.all_reduce<sum> ins(%m : memref<8xf32>) outs(%n : memref<8xf32>) on @tp
    c10d.wait_tensor %n : memref<8xf32>
  }
  return
}

// Nor into a branch.
// CHECK-LABEL: func.func @branch(
func.func @branch(%x: tensor<8xf32>, %c: i1, %y: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = c10d.all_reduce<sum>
  // CHECK-NEXT: arith.select %{{.*}}, %[[R]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = scf.if %c -> tensor<8xf32> {
    scf.yield %0 : tensor<8xf32>
  } else {
    scf.yield %y : tensor<8xf32>
  }
  return %1 : tensor<8xf32>
}

// On memrefs: a load before is not the load after, and the store before stays.
// CHECK-LABEL: func.func @memory(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>
func.func @memory(%x: memref<8xf32>, %y: memref<8xf32>, %f: f32, %i: index) -> (f32, f32, f32) {
  // CHECK-NEXT: memref.store %{{.*}}, %[[X]]
  // CHECK-NEXT: %[[BEFORE:.*]] = memref.load %[[Y]]
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%[[X]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp
  // CHECK-NEXT: %[[UNWAITED:.*]] = memref.load %[[Y]]
  // CHECK-NEXT: c10d.wait_tensor %[[Y]]
  // CHECK-NEXT: %[[AFTER:.*]] = memref.load %[[Y]]
  // CHECK-NEXT: return %[[BEFORE]], %[[UNWAITED]], %[[AFTER]]
  memref.store %f, %x[%i] : memref<8xf32>
  %0 = memref.load %y[%i] : memref<8xf32>
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  %1 = memref.load %y[%i] : memref<8xf32>
  c10d.wait_tensor %y : memref<8xf32>
  %2 = memref.load %y[%i] : memref<8xf32>
  return %0, %1, %2 : f32, f32, f32
}

// An unused allocation that a collective writes is not unused.
// CHECK-LABEL: func.func @scratch(
func.func @scratch(%x: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc
  // CHECK-NEXT: c10d.broadcast src(0) ins(%{{.*}} : memref<8xf32>) outs(%[[A]] : memref<8xf32>) on @tp
  // CHECK-NEXT: return
  %0 = memref.alloc() : memref<8xf32>
  c10d.broadcast src(0) ins(%x : memref<8xf32>) outs(%0 : memref<8xf32>) on @tp
  return
}
