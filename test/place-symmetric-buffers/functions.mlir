// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Private functions get the types that their callers need; what others rely on stays.

// RUN: symm-opt %s --place-symmetric-buffers --split-input-file | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func private @reduce(
// CHECK-SAME: %[[X:.*]]: memref<8xf32, #comm.symm_mem<@tp>>, %{{.*}}: f32)
func.func private @reduce(%x: memref<8xf32>, %f: f32) {
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[X]] : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func private @make() -> (f32, memref<8xf32, #comm.symm_mem<@tp>>)
func.func private @make() -> (f32, memref<8xf32>) {
  %f = arith.constant 1.0 : f32
  // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: return %{{.*}}, %{{.*}} : f32, memref<8xf32, #comm.symm_mem<@tp>>
  return %f, %a : f32, memref<8xf32>
}

// CHECK-LABEL: func.func @caller(
func.func @caller() {
  // CHECK-NEXT: %[[R:.*]]:2 = call @make() : () -> (f32, memref<8xf32, #comm.symm_mem<@tp>>)
  %f, %a = call @make() : () -> (f32, memref<8xf32>)
  // CHECK-NEXT: call @reduce(%[[R]]#1, %[[R]]#0) : (memref<8xf32, #comm.symm_mem<@tp>>, f32) -> ()
  call @reduce(%a, %f) : (memref<8xf32>, f32) -> ()
  return
}

// CHECK-LABEL: func.func private @recursive(
// CHECK-SAME: memref<8xf32, #comm.symm_mem<@tp>>, %{{.*}}: i1) -> memref<8xf32, #comm.symm_mem<@tp>>
func.func private @recursive(%x: memref<8xf32>, %c: i1) -> memref<8xf32> {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  %r = scf.if %c -> memref<8xf32> {
    // CHECK: call @recursive({{.*}}) : (memref<8xf32, #comm.symm_mem<@tp>>, i1) -> memref<8xf32, #comm.symm_mem<@tp>>
    %0 = func.call @recursive(%x, %c) : (memref<8xf32>, i1) -> memref<8xf32>
    scf.yield %0 : memref<8xf32>
  } else {
    scf.yield %x : memref<8xf32>
  }
  return %r : memref<8xf32>
}

// CHECK-LABEL: func.func @recursive_caller(
func.func @recursive_caller(%c: i1) {
  // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  %r = call @recursive(%a, %c) : (memref<8xf32>, i1) -> memref<8xf32>
  return
}

// A private function that nobody calls.
// CHECK-LABEL: func.func private @uncalled(
// CHECK-SAME: memref<8xf32, #comm.symm_mem<@tp>>
func.func private @uncalled(%x: memref<8xf32>) {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}

// The callers of a public function are not all known: its type stays, and its
// callers in this module lend their symmetric buffers as ordinary memory.
// CHECK-LABEL: func.func @public(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[OUT:.*]]: memref<8xf32>)
func.func @public(%x: memref<8xf32>, %out: memref<8xf32>) {
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[X]], %[[B]]
  // CHECK-NEXT: one_shot_all_reduce<sum> ins(%[[B]] : {{.*}}) outs(%[[OUT]] :
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK: func.func private @external(memref<8xf32>) -> memref<8xf32>
func.func private @external(memref<8xf32>) -> memref<8xf32>

// CHECK-LABEL: func.func @lends(
func.func @lends() {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[A]] :
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK-NEXT: %[[P:.*]] = memref.memory_space_cast %[[A]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  // CHECK-NEXT: call @external(%[[P]]) : (memref<8xf32>) -> memref<8xf32>
  %r = call @external(%a) : (memref<8xf32>) -> memref<8xf32>
  // CHECK-NEXT: %[[Q:.*]] = memref.memory_space_cast %[[A]]
  // CHECK-NEXT: call @public(%[[Q]], %{{.*}}) : (memref<8xf32>, memref<8xf32>) -> ()
  call @public(%a, %r) : (memref<8xf32>, memref<8xf32>) -> ()
  return
}

// What an external function returns can't be moved.
// CHECK-LABEL: func.func @borrows(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>)
func.func @borrows(%x: memref<8xf32>) {
  // CHECK-NEXT: %[[R:.*]] = call @external(%[[X]])
  %r = call @external(%x) : (memref<8xf32>) -> memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[R]], %[[B]]
  // CHECK-NEXT: one_shot_all_reduce<sum> ins(%[[B]] :
  symm_mem.one_shot_all_reduce<sum> ins(%r : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}

// A function whose address is taken is called by those who know its type.
// CHECK-LABEL: func.func private @taken(
// CHECK-SAME: %{{.*}}: memref<8xf32>)
func.func private @taken(%x: memref<8xf32>) {
  // CHECK: memref.copy
  // CHECK: symm_mem.two_shot_all_reduce_
  // CHECK: memref.copy
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @takes(
func.func @takes() {
  %f = func.constant @taken : (memref<8xf32>) -> ()
  // CHECK: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: %[[P:.*]] = memref.memory_space_cast %[[A]]
  // CHECK: call_indirect %{{.*}}(%[[P]]) : (memref<8xf32>) -> ()
  func.call_indirect %f(%a) : (memref<8xf32>) -> ()
  return
}

// -----

// Functions of one name in two modules have nothing to do with each other.
comm.group @tp size(4) {symm_mem}

// CHECK: func.func private @f(%{{.*}}: memref<8xf32, #comm.symm_mem<@tp>>)
func.func private @f(%x: memref<8xf32>) {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

module @inner {
  // CHECK: func.func private @f(%{{.*}}: memref<8xf32>)
  func.func private @f(%x: memref<8xf32>) {
    return
  }
  // CHECK: func.func @g()
  func.func @g() {
    // CHECK-NEXT: memref.alloc() : memref<8xf32>
    %a = memref.alloc() : memref<8xf32>
    // CHECK-NEXT: call @f(%{{.*}}) : (memref<8xf32>) -> ()
    call @f(%a) : (memref<8xf32>) -> ()
    return
  }
}
