// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A pulled result that may be in the operand's memory is staged, also where that is lent.

// RUN: symm-opt %s --convert-symm-mem-to-cpu --split-input-file | FileCheck %s

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @view
// CHECK: call @symm.one_shot_pull_staged
func.func @view(%p: memref<8xf32, #comm.symm_mem<@tp>>) {
  %lent = memref.memory_space_cast %p : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  %from = memref.subview %p[0] [4] [1] : memref<8xf32, #comm.symm_mem<@tp>> to memref<4xf32, strided<[1]>, #comm.symm_mem<@tp>>
  %to = memref.subview %lent[2] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
  symm_mem.one_shot_all_reduce<sum, pull>
    ins(%from : memref<4xf32, strided<[1]>, #comm.symm_mem<@tp>>)
    outs(%to : memref<4xf32, strided<[1], offset: 2>>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @branch
// CHECK: call @symm.one_shot_pull_staged
func.func @branch(%which: i1, %p: memref<4xf32, #comm.symm_mem<@tp>>, %x: memref<4xf32>) {
  %to = scf.if %which -> memref<4xf32> {
    %lent = memref.memory_space_cast %p : memref<4xf32, #comm.symm_mem<@tp>> to memref<4xf32>
    scf.yield %lent : memref<4xf32>
  } else {
    scf.yield %x : memref<4xf32>
  }
  symm_mem.one_shot_all_reduce<sum, pull>
    ins(%p : memref<4xf32, #comm.symm_mem<@tp>>) outs(%to : memref<4xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}
func.func private @foreign(memref<4xf32>)

// CHECK-LABEL: func.func @apart
// CHECK: call @symm.one_shot_pull.
func.func @apart(%p: memref<4xf32, #comm.symm_mem<@tp>>, %to: memref<4xf32>) {
  %lent = memref.memory_space_cast %p : memref<4xf32, #comm.symm_mem<@tp>> to memref<4xf32>
  call @foreign(%lent) : (memref<4xf32>) -> ()
  symm_mem.one_shot_all_reduce<sum, pull>
    ins(%p : memref<4xf32, #comm.symm_mem<@tp>>) outs(%to : memref<4xf32>) on @tp
  return
}
