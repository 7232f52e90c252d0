// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a public function returns is ordinary memory: it is copied where that is
// cheapest.

// RUN: symm-opt %s --place-symmetric-buffers | FileCheck %s

comm.group @tp size(4) {symm_mem}

// One copy at the return, not two around the op.
// CHECK-LABEL: func.func @copied_out(
// CHECK-SAME: ) -> memref<8xf32> {
func.func @copied_out() -> memref<8xf32> {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[A]] :
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: memref.copy %[[A]], %[[R]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  // CHECK-NEXT: return %[[R]] : memref<8xf32>
  return %a : memref<8xf32>
}

// What is one buffer to the function is one to its callers.
// CHECK-LABEL: func.func @returned_twice(
func.func @returned_twice() -> (memref<8xf32>, memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: %[[R:.*]] = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: memref.copy %{{.*}}, %[[R]]
  // CHECK-NEXT: return %[[R]], %[[R]] : memref<8xf32>, memref<8xf32>
  return %a, %a : memref<8xf32>, memref<8xf32>
}

// CHECK-LABEL: func.func @dynamic(
func.func @dynamic(%n: index) -> memref<?xf32> {
  // CHECK: %[[A:.*]] = memref.alloc(%{{.*}}) : memref<?xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc(%n) : memref<?xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<?xf32>) on @tp
  // CHECK: %[[D:.*]] = memref.dim %[[A]]
  // CHECK-NEXT: %[[R:.*]] = memref.alloc(%[[D]]) : memref<?xf32>
  // CHECK-NEXT: memref.copy %[[A]], %[[R]]
  // CHECK-NEXT: return %[[R]] : memref<?xf32>
  return %a : memref<?xf32>
}

// A small part is reduced of a large buffer that is returned.
// CHECK-LABEL: func.func @copied_in(
func.func @copied_in() -> memref<64xf32> {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<64xf32>
  %a = memref.alloc() : memref<64xf32>
  // CHECK-NEXT: %[[V:.*]] = memref.subview
  %v = memref.subview %a[0] [8] [1] : memref<64xf32> to memref<8xf32, strided<[1]>>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[V]], %[[B]]
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[B]] :
  // CHECK-NEXT: memref.copy %[[B]], %[[V]]
  symm_mem.two_shot_all_reduce_<sum> inout(%v : memref<8xf32, strided<[1]>>) on @tp
  // CHECK-NEXT: return %[[A]] : memref<64xf32>
  return %a : memref<64xf32>
}

// A result whose layout can't be allocated holds its buffer.
// CHECK-LABEL: func.func @strided_result(
func.func @strided_result() -> memref<4xf32, strided<[2]>> {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: memref.copy
  // CHECK: symm_mem.two_shot_all_reduce_
  // CHECK: memref.copy
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  %v = memref.subview %a[0] [4] [2] : memref<8xf32> to memref<4xf32, strided<[2]>>
  return %v : memref<4xf32, strided<[2]>>
}

// An explicit type is a contract with the callers.
// CHECK-LABEL: func.func @typed_result(
// CHECK-SAME: %[[X:.*]]: memref<8xf32, #comm.symm_mem<@tp>>) -> memref<8xf32, #comm.symm_mem<@tp>>
// CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[X]] :
// CHECK-NEXT: return %[[X]]
func.func @typed_result(%x: memref<8xf32, #comm.symm_mem<@tp>>) -> memref<8xf32, #comm.symm_mem<@tp>> {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  return %x : memref<8xf32, #comm.symm_mem<@tp>>
}
