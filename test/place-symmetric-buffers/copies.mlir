// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Where no allocation can be changed, the operand is copied: after the last write
// that reaches the op, and back after the op where that writes.

// RUN: symm-opt %s --place-symmetric-buffers | FileCheck %s

comm.group @tp size(4) {symm_mem}
memref.global "private" constant @weights : memref<8xf32> = dense<1.0>
memref.global @state : memref<8xf32> = dense<0.0>

// CHECK-LABEL: func.func @argument(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[OUT:.*]]: memref<8xf32>)
func.func @argument(%x: memref<8xf32>, %out: memref<8xf32>) {
  %zero = arith.constant 0.0 : f32
  // CHECK: linalg.fill {{.*}} outs(%[[X]] : memref<8xf32>)
  linalg.fill ins(%zero : f32) outs(%x : memref<8xf32>)
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[X]], %[[B]] : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] : memref<8xf32, #comm.symm_mem<@tp>>) outs(%[[OUT]] : memref<8xf32>) on @tp
  // CHECK-NEXT: return
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// Read and overwritten: in and back.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>)
func.func @in_place(%x: memref<8xf32>) {
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[X]], %[[B]] : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[B]] :
  // CHECK-NEXT: memref.copy %[[B]], %[[X]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  // CHECK-NEXT: return
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

// Overwritten and not read: only back.
// CHECK-LABEL: func.func @staging(
// CHECK-SAME: %[[S:.*]]: memref<8xf32>, %[[X:.*]]: memref<8xf32>, %[[OUT:.*]]: memref<8xf32>)
func.func @staging(%s: memref<8xf32>, %x: memref<8xf32>, %out: memref<8xf32>) {
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[B]], %[[X]] :
  // CHECK-NEXT: memref.copy %[[B]], %[[S]]
  // CHECK-NEXT: return
  symm_mem.one_shot_all_reduce_copy<sum> ins(%s, %x : memref<8xf32>, memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @globals(
func.func @globals(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[W:.*]] = memref.get_global @weights : memref<8xf32>
  %w = memref.get_global @weights : memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[W]], %[[B]]
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] :
  symm_mem.one_shot_all_reduce<sum> ins(%w : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  // CHECK-NEXT: %[[S:.*]] = memref.get_global @state : memref<8xf32>
  %s = memref.get_global @state : memref<8xf32>
  // CHECK-NEXT: %[[C:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[S]], %[[C]]
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[C]] :
  // CHECK-NEXT: memref.copy %[[C]], %[[S]]
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @stack(
func.func @stack(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloca() : memref<8xf32>
  %a = memref.alloca() : memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[A]], %[[B]]
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] :
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// The copy is row-major, whatever the layout of what is copied.
// CHECK-LABEL: func.func @view_of_argument(
func.func @view_of_argument(%x: memref<16x8xf32>, %out: memref<8x8xf32>) {
  %v = memref.subview %x[8, 0] [8, 8] [1, 1] : memref<16x8xf32> to memref<8x8xf32, strided<[8, 1], offset: 64>>
  // CHECK: %[[T:.*]] = memref.transpose
  %t = memref.transpose %v (i, j) -> (j, i) : memref<8x8xf32, strided<[8, 1], offset: 64>> to memref<8x8xf32, strided<[1, 8], offset: 64>>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8x8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[T]], %[[B]] : memref<8x8xf32, strided<[1, 8], offset: 64>> to memref<8x8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] : memref<8x8xf32, #comm.symm_mem<@tp>>)
  symm_mem.one_shot_all_reduce<sum> ins(%t : memref<8x8xf32, strided<[1, 8], offset: 64>>) outs(%out : memref<8x8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME: %[[X:.*]]: memref<?x4x?xf32>)
func.func @dynamic(%x: memref<?x4x?xf32>) {
  // CHECK-NEXT: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-NEXT: %[[D0:.*]] = memref.dim %[[X]], %[[C0]]
  // CHECK-NEXT: %[[C2:.*]] = arith.constant 2 : index
  // CHECK-NEXT: %[[D2:.*]] = memref.dim %[[X]], %[[C2]]
  // CHECK-NEXT: %[[B:.*]] = memref.alloc(%[[D0]], %[[D2]]) : memref<?x4x?xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[X]], %[[B]]
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[B]] :
  // CHECK-NEXT: memref.copy %[[B]], %[[X]]
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<?x4x?xf32>) on @tp
  return
}

// The fresh buffer is made once, what it holds is copied each time.
// CHECK-LABEL: func.func @hoisted(
func.func @hoisted(%x: memref<8xf32>, %out: memref<8xf32>, %n: index, %c: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: scf.for
  scf.for %i = %c0 to %n step %c1 {
    // CHECK-NEXT: scf.if
    scf.if %c {
      // CHECK-NEXT: scf.for
      scf.for %j = %c0 to %n step %c1 {
        // CHECK-NEXT: memref.copy %{{.*}}, %[[B]]
        // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] :
        symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
      }
    }
  }
  return
}

// A branch alone is no reason to allocate where it isn't taken.
// CHECK-LABEL: func.func @branch(
// CHECK-NEXT: scf.if
// CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
func.func @branch(%x: memref<8xf32>, %out: memref<8xf32>, %c: i1) {
  scf.if %c {
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  }
  return
}

// Iterations that may run side by side don't share a buffer.
// CHECK-LABEL: func.func @parallel(
// CHECK: scf.parallel
// CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
func.func @parallel(%x: memref<8xf32>, %out: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  }
  return
}
