// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Symmetric memory that is lent as ordinary memory is still the same memory: a fill of it stays
// where something else reads or writes it before the product does.

// RUN: symm-opt %s --convert-linalg-to-gpu --split-input-file | FileCheck %s

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @view
// CHECK: gpu.launch
// CHECK: call @symm_rt.copy
// CHECK: call @symm_rt.matmul
func.func @view(%x: memref<8x8xf32>, %a: memref<8x8xf32>) -> memref<8x8xf32, #comm.symm_mem<@tp>> {
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<8x8xf32, #comm.symm_mem<@tp>>
  %lent = memref.memory_space_cast %p : memref<8x8xf32, #comm.symm_mem<@tp>> to memref<8x8xf32>
  linalg.fill ins(%zero : f32) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  memref.copy %x, %lent : memref<8x8xf32> to memref<8x8xf32>
  linalg.matmul ins(%a, %a : memref<8x8xf32>, memref<8x8xf32>) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  return %p : memref<8x8xf32, #comm.symm_mem<@tp>>
}

// -----

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func private @argument
// CHECK: gpu.launch
// CHECK: call @symm_rt.copy
// CHECK: call @symm_rt.matmul
func.func private @argument(%x: memref<8x8xf32>, %lent: memref<8x8xf32>, %p: memref<8x8xf32, #comm.symm_mem<@tp>>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  memref.copy %x, %lent : memref<8x8xf32> to memref<8x8xf32>
  linalg.matmul ins(%x, %x : memref<8x8xf32>, memref<8x8xf32>) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  return
}
func.func @lends(%x: memref<8x8xf32>) {
  %p = memref.alloc() : memref<8x8xf32, #comm.symm_mem<@tp>>
  %lent = memref.memory_space_cast %p : memref<8x8xf32, #comm.symm_mem<@tp>> to memref<8x8xf32>
  %view = memref.cast %lent : memref<8x8xf32> to memref<8x8xf32, strided<[8, 1], offset: ?>>
  %same = memref.cast %view : memref<8x8xf32, strided<[8, 1], offset: ?>> to memref<8x8xf32>
  call @argument(%x, %same, %p) : (memref<8x8xf32>, memref<8x8xf32>, memref<8x8xf32, #comm.symm_mem<@tp>>) -> ()
  return
}

// -----

// Where no function and no branch is lent any, symmetric memory is apart from all other.

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func private @apart
// CHECK-NOT: gpu.launch
// CHECK: call @symm_rt.copy
// CHECK: call @symm_rt.matmul
func.func private @apart(%x: memref<8x8xf32>, %other: memref<8x8xf32>, %p: memref<8x8xf32, #comm.symm_mem<@tp>>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  memref.copy %x, %other : memref<8x8xf32> to memref<8x8xf32>
  linalg.matmul ins(%x, %x : memref<8x8xf32>, memref<8x8xf32>) outs(%p : memref<8x8xf32, #comm.symm_mem<@tp>>)
  return
}
func.func @lends_to_others(%x: memref<8x8xf32>) {
  %p = memref.alloc() : memref<8x8xf32, #comm.symm_mem<@tp>>
  %lent = memref.memory_space_cast %p : memref<8x8xf32, #comm.symm_mem<@tp>> to memref<8x8xf32>
  memref.copy %x, %lent : memref<8x8xf32> to memref<8x8xf32>
  return
}
