// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --cse --canonicalize --loop-invariant-code-motion | FileCheck %s

comm.group @tp size(4) {symm_mem}

// The rank never changes, so one is enough and none is free.
// CHECK-LABEL: func.func @rank(
func.func @rank() -> (index, index) {
  // CHECK-NEXT: %[[R:.*]] = comm.rank on @tp
  // CHECK-NEXT: return %[[R]], %[[R]]
  %0 = comm.rank on @tp
  %1 = comm.rank on @tp
  %2 = comm.rank on @tp
  return %0, %1 : index, index
}

// Each epoch is another one, used or not.
// CHECK-LABEL: func.func @epochs(
func.func @epochs() -> i32 {
  // CHECK-NEXT: comm.next_epoch on @tp
  // CHECK-NEXT: %[[E:.*]] = comm.next_epoch on @tp
  // CHECK-NEXT: return %[[E]]
  %0 = comm.next_epoch on @tp
  %1 = comm.next_epoch on @tp
  return %1 : i32
}

// Signals and waits stay, in order, between the accesses that they order.
// CHECK-LABEL: func.func @order(
// CHECK-SAME: %[[S:.*]]: memref<8xf32, #comm.symm_mem<@tp>>
func.func @order(%s: memref<8xf32, #comm.symm_mem<@tp>>, %peer: index, %e: i32, %f: f32, %i: index) -> (f32, f32) {
  // CHECK-NEXT: memref.store %{{.*}}, %[[S]]
  // CHECK-NEXT: comm.signal
  // CHECK-NEXT: %[[P:.*]] = comm.peer %[[S]]
  // CHECK-NEXT: memref.load %[[P]]
  // CHECK-NEXT: comm.wait
  // CHECK-NEXT: comm.wait
  // CHECK-NEXT: memref.load %[[P]]
  // CHECK-NEXT: return
  memref.store %f, %s[%i] : memref<8xf32, #comm.symm_mem<@tp>>
  comm.signal %peer, %e on @tp
  %0 = comm.peer %s at %peer : memref<8xf32, #comm.symm_mem<@tp>>
  %1 = memref.load %0[%i] : memref<8xf32, #comm.symm_mem<@tp>>
  %2 = comm.wait %peer, %e on @tp
  %3 = comm.wait %peer, %e on @tp
  %4 = comm.peer %s at %peer : memref<8xf32, #comm.symm_mem<@tp>>
  %5 = memref.load %4[%i] : memref<8xf32, #comm.symm_mem<@tp>>
  return %1, %5 : f32, f32
}

// CHECK-LABEL: func.func @loop(
func.func @loop(%peer: index, %e: i32, %end: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK-NEXT: comm.signal
  // CHECK-NEXT: comm.wait
  // CHECK-NEXT: comm.next_epoch
  // CHECK-NEXT: }
  scf.for %i = %c0 to %end step %c1 {
    comm.signal %peer, %e on @tp
    %0 = comm.wait %peer, %e on @tp
    %1 = comm.next_epoch on @tp
  }
  return
}
