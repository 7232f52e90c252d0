// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A request on an allocation is kept in its type.

// RUN: symm-opt %s --place-symmetric-buffers --split-input-file --verify-diagnostics | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}

// CHECK-LABEL: func.func @request(
func.func @request(%x: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() {user.note} : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>, user.note} : memref<8xf32>
  // CHECK-NEXT: memref.copy %{{.*}}, %[[A]] : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  memref.copy %x, %a : memref<8xf32> to memref<8xf32>
  return
}

// CHECK-LABEL: func.func @request_and_type_agree(
// CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
func.func @request_and_type_agree() {
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32, #comm.symm_mem<@tp>>
  return
}

// A request outweighs what other ops would have to copy.
// CHECK-LABEL: func.func @request_wins(
func.func @request_wins(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@dp>>
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@dp>} : memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[A]], %[[B]]
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] : memref<8xf32, #comm.symm_mem<@tp>>)
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// It also outweighs the copy for callers who expect ordinary memory.
// CHECK-LABEL: func.func @request_of_result(
func.func @request_of_result() -> memref<8xf32> {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: memref.copy %[[A]], %[[R]]
  // CHECK-NEXT: return %[[R]] : memref<8xf32>
  return %a : memref<8xf32>
}

// A request that nothing can meet is dropped, with a warning.
// CHECK-LABEL: func.func @request_meets_argument(
// CHECK: memref.alloc() : memref<8xf32>
func.func @request_meets_argument(%c: i1, %x: memref<8xf32>, %y: memref<8xf32>) {
  // expected-warning @+1 {{cannot be in symmetric memory of @tp: the buffer is an argument of public function @request_meets_argument}}
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  %s = arith.select %c, %a, %x : memref<8xf32>
  memref.copy %s, %y : memref<8xf32> to memref<8xf32>
  return
}

// Of two requests that contradict each other the first is met.
// CHECK-LABEL: func.func @requests_contradict(
// CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
// CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
func.func @requests_contradict(%c: i1, %y: memref<8xf32>) {
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  // expected-warning @+1 {{cannot be in symmetric memory of @dp: the buffer is in symmetric memory of @tp}}
  %b = memref.alloc() {comm.symm_mem = #comm.symm_mem<@dp>} : memref<8xf32>
  %s = arith.select %c, %a, %b : memref<8xf32>
  memref.copy %s, %y : memref<8xf32> to memref<8xf32>
  return
}

// An allocation of a dialect that is not known to have memory spaces.
// CHECK-LABEL: func.func @request_on_gpu_alloc(
// CHECK: gpu.alloc () : memref<8xf32>
func.func @request_on_gpu_alloc() {
  // expected-warning @+1 {{cannot be in symmetric memory of @tp: the buffer comes from 'gpu.alloc'}}
  %a = gpu.alloc () {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}
