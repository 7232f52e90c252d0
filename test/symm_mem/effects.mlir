// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --cse --canonicalize --loop-invariant-code-motion --control-flow-sink | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @alive(
func.func @alive(%x: tensor<8xf32>, %b: tensor<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum, push>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum>
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum>
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: return
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  %2 = symm_mem.one_shot_all_reduce<sum, push> %x on @tp : tensor<8xf32>
  %3 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8xf32>
  symm_mem.barrier on @tp
  %4 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  %5 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  symm_mem.barrier on @tp
  symm_mem.barrier on @tp
  return
}

// CHECK-LABEL: func.func @loop(
func.func @loop(%x: tensor<8xf32>, %m: memref<8xf32>, %n: memref<8xf32>, %end: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: }
  scf.for %i = %c0 to %end step %c1 {
    %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
    symm_mem.one_shot_all_reduce<sum> ins(%m : memref<8xf32>) outs(%n : memref<8xf32>) on @tp
    symm_mem.barrier on @tp
  }
  return
}

// Loads around an op that overwrites its operand are two loads; around one that
// only reads it they are one.
// CHECK-LABEL: func.func @memory(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>, %[[B:.*]]: memref<8xf32>
func.func @memory(%x: memref<8xf32>, %y: memref<8xf32>, %b: memref<8xf32>, %i: index) -> (f32, f32, f32, f32) {
  // CHECK-NEXT: memref.load %[[X]]
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[X]] : memref<8xf32>) on @tp
  // CHECK-NEXT: memref.load %[[X]]
  // CHECK-NEXT: memref.load %[[B]]
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[B]], %[[X]] : memref<8xf32>, memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp
  // CHECK-NEXT: memref.load %[[B]]
  // CHECK-NEXT: return
  %0 = memref.load %x[%i] : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  %1 = memref.load %x[%i] : memref<8xf32>
  %2 = memref.load %b[%i] : memref<8xf32>
  symm_mem.one_shot_all_reduce_copy<sum> ins(%b, %x : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  %3 = memref.load %b[%i] : memref<8xf32>
  return %0, %1, %2, %3 : f32, f32, f32, f32
}

// A barrier makes peers' writes visible: no load moves across it.
// CHECK-LABEL: func.func @barrier(
func.func @barrier(%s: memref<8xf32, #comm.symm_mem<@tp>>, %i: index) -> (f32, f32) {
  // CHECK-NEXT: memref.load
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: memref.load
  %0 = memref.load %s[%i] : memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.barrier on @tp
  %1 = memref.load %s[%i] : memref<8xf32, #comm.symm_mem<@tp>>
  return %0, %1 : f32, f32
}
