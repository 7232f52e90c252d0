// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --expand-deallocations --cse --canonicalize | FileCheck %s

// What is alone needs no comparison.
// CHECK-LABEL: func.func @alone
// CHECK-SAME: (%[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<4xf32>, %[[OWNED:.*]]: i1)
func.func @alone(%a: memref<4xf32>, %b: memref<4xf32>, %owned: i1) {
  // CHECK-NEXT: memref.dealloc %[[A]] : memref<4xf32>
  // CHECK-NEXT: scf.if %[[OWNED]] {
  // CHECK-NEXT:   memref.dealloc %[[B]] : memref<4xf32>
  // CHECK-NEXT: }
  // CHECK-NEXT: return
  %true = arith.constant true
  bufferization.dealloc (%a : memref<4xf32>) if (%true)
  bufferization.dealloc (%b : memref<4xf32>) if (%owned)
  return
}

// Of two buffers that may be one, the second is freed where the first was not, or is another one.
// CHECK-LABEL: func.func @two
// CHECK-SAME: (%[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<f32>, %[[OWN_A:.*]]: i1, %[[OWN_B:.*]]: i1)
func.func @two(%a: memref<4xf32>, %b: memref<f32>, %own_a: i1, %own_b: i1) {
  // CHECK-DAG: %[[ADDRESS_A:.*]] = arith.index_cast
  // CHECK-DAG: %[[ADDRESS_B:.*]] = arith.index_cast
  // CHECK: scf.if %[[OWN_A]] {
  // CHECK-NEXT: memref.dealloc %[[A]] : memref<4xf32>
  // CHECK: %[[KEPT:.*]] = arith.xori %[[OWN_A]], %{{.*}} : i1
  // CHECK: %[[DIFFERS:.*]] = arith.cmpi ne, %{{.*}}, %{{.*}} : i64
  // CHECK: %[[LEFT:.*]] = arith.ori %[[KEPT]], %[[DIFFERS]] : i1
  // CHECK: %[[FREED:.*]] = arith.andi %[[OWN_B]], %[[LEFT]] : i1
  // CHECK: scf.if %[[FREED]] {
  // CHECK-NEXT: memref.dealloc %[[B]] : memref<f32>
  // CHECK-NOT: memref.store
  bufferization.dealloc (%a, %b : memref<4xf32>, memref<f32>) if (%own_a, %own_b)
  return
}

// What is retained is not freed, and whoever has it is told whether to free it.
// CHECK-LABEL: func.func @retained
// CHECK-SAME: (%[[A:.*]]: memref<4xf32>, %[[KEPT:.*]]: memref<2xf32>, %[[OWN:.*]]: i1)
func.func @retained(%a: memref<4xf32>, %kept: memref<2xf32>, %own: i1) -> i1 {
  // CHECK: %[[SAME:.*]] = arith.cmpi eq
  // CHECK: %[[OWNED:.*]] = arith.andi %[[OWN]], %[[SAME]] : i1
  // CHECK: %[[DIFFERS:.*]] = arith.cmpi ne
  // CHECK: %[[FREED:.*]] = arith.andi %[[OWN]], %[[DIFFERS]] : i1
  // CHECK: scf.if %[[FREED]] {
  // CHECK-NEXT: memref.dealloc %[[A]]
  // CHECK: return %[[OWNED]] : i1
  %owned = bufferization.dealloc (%a : memref<4xf32>) if (%own) retain (%kept : memref<2xf32>)
  return %owned : i1
}

// CHECK-LABEL: func.func @nothing
// CHECK-NEXT: %[[FALSE:.*]] = arith.constant false
// CHECK-NEXT: return %[[FALSE]]
func.func @nothing(%kept: memref<2xf32>) -> i1 {
  %owned = bufferization.dealloc retain (%kept : memref<2xf32>)
  return %owned : i1
}
