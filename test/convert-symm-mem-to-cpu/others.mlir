// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Barriers, staged all-reduces, and what the library does.

// RUN: symm-opt %s --convert-symm-mem-to-cpu | FileCheck %s

// CHECK:       algorithm = "barrier"
// CHECK-SAME:  algorithm = "one_shot copy"
// CHECK-SAME:  algorithm = "library", group = "ep"
comm.group @tp size(2) {symm_mem}
comm.group @ep size(2) {ranks = [1, 0]}

// CHECK-LABEL: func.func @barrier
// CHECK-NEXT:    %[[OP:.*]] = arith.constant 0 : i32
// CHECK-NEXT:    call @symm.barrier.tp(%[[OP]])
func.func @barrier() {
  symm_mem.barrier on @tp
  return
}

// CHECK-LABEL: func.func @copy
// CHECK:         call @symm.one_shot_copy.sum.f32.tp.1dccc
func.func @copy(%s: memref<4xf32, #comm.symm_mem<@tp>>, %x: memref<4xf32>, %y: memref<4xf32>) {
  symm_mem.one_shot_all_reduce_copy<sum> ins(%s, %x : memref<4xf32, #comm.symm_mem<@tp>>, memref<4xf32>)
    outs(%y : memref<4xf32>) on @tp
  return
}

// What stays c10d goes to the library: kind 3, group 1, op 2, reduction 1, type 9, root 0. A wait
// has nothing to wait for.

// CHECK-LABEL: func.func @library
// CHECK-SAME:    (%[[X:.*]]: memref<6x4xf32>, %[[Y:.*]]: memref<3x4xf32>)
// CHECK:         %[[KIND:.*]] = arith.constant 3 : i32
// CHECK-NEXT:    %[[GROUP:.*]] = arith.constant 1 : i32
// CHECK-NEXT:    %[[OP:.*]] = arith.constant 2 : i32
// CHECK-NEXT:    %[[REDUCE:.*]] = arith.constant 1 : i32
// CHECK-NEXT:    %[[TYPE:.*]] = arith.constant 9 : i32
// CHECK-NEXT:    %[[ROOT:.*]] = arith.constant 0 : i32
// CHECK:         memref.extract_aligned_pointer_as_index %[[X]]
// CHECK:         memref.extract_aligned_pointer_as_index %[[Y]]
// CHECK:         call @symm_rt.collective(%[[KIND]], %[[GROUP]], %[[OP]], %[[REDUCE]], %[[TYPE]], %[[ROOT]]
// CHECK-NEXT:    return
func.func @library(%x: memref<6x4xf32>, %y: memref<3x4xf32>) {
  c10d.reduce_scatter_tensor<sum> ins(%x : memref<6x4xf32>) outs(%y : memref<3x4xf32>) on @ep
  c10d.wait_tensor %y : memref<3x4xf32>
  return
}

// The library takes contiguous buffers.

// CHECK-LABEL: func.func @strided
// CHECK-SAME:    (%[[X:.*]]: memref<2x3xf32, strided<[5, 1]>>, %[[Y:.*]]: memref<2x3xf32>)
// CHECK:         %[[COPY:.*]] = memref.alloc() : memref<2x3xf32>
// CHECK:         memref.copy %[[X]], %[[COPY]]
// CHECK:         memref.extract_aligned_pointer_as_index %[[COPY]]
// CHECK:         call @symm_rt.collective
// CHECK:         memref.dealloc %[[COPY]]
func.func @strided(%x: memref<2x3xf32, strided<[5, 1]>>, %y: memref<2x3xf32>) {
  c10d.broadcast src(1) ins(%x : memref<2x3xf32, strided<[5, 1]>>) outs(%y : memref<2x3xf32>) on @ep
  return
}

// Dimensions that every operand lays out as one are merged; a kernel per number of dimensions.

// CHECK-LABEL: func.func @merged
// CHECK:         call @symm.one_shot_push.sum.f32.tp.2duu(%{{.*}}) : (memref<?x?xf32, strided<[?, 1], offset: ?>>, memref<2x?x?xf32, #comm.symm_mem<@tp>>, memref<?x?xf32, strided<[?, 1], offset: ?>>, i32)
func.func @merged(%x: memref<4x3x5xf32, strided<[20, 5, 1], offset: 5>>, %y: memref<4x3x5xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<4x3x5xf32, strided<[20, 5, 1], offset: 5>>)
    outs(%y : memref<4x3x5xf32>) on @tp
  return
}

// A kernel walks its operands by the extents of one. Where others may turn out to have different ones, the library is asked before,
// which refuses that: as many elements in as out are not what it is told.

// CHECK-LABEL: func.func @sized
// CHECK-SAME:    (%[[X:.*]]: memref<?xf32>, %[[Y:.*]]: memref<4xf32>)
// CHECK:         %[[IN:.*]] = memref.dim %[[X]]
// CHECK:         %[[OUT:.*]] = memref.dim %[[Y]]
// CHECK:         arith.cmpi ne, %[[IN]], %[[OUT]]
// CHECK:         scf.if
// CHECK:           call @symm_rt.collective
// CHECK:         }
// CHECK:         call @symm.one_shot_push.sum.f32.tp.1dcc
func.func @sized(%x: memref<?xf32>, %y: memref<4xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<?xf32>) outs(%y : memref<4xf32>) on @tp
  return
}
