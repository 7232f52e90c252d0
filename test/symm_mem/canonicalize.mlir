// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --canonicalize | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @one size(1) {symm_mem}

// CHECK-LABEL: func.func @one_rank_tensors(
// CHECK-SAME: %[[X:.*]]: tensor<8xf32>, %[[B:.*]]: tensor<8xf32>
func.func @one_rank_tensors(%x: tensor<8xf32>, %b: tensor<8xf32>)
    -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
  %0 = symm_mem.one_shot_all_reduce<avg> %x on @one : tensor<8xf32>
  %1 = symm_mem.one_shot_all_reduce<sum, push> %x on @one : tensor<8xf32>
  %2 = symm_mem.one_shot_all_reduce_copy<min> %b, %x on @one : tensor<8xf32>
  %3 = symm_mem.two_shot_all_reduce_<max> %x on @one : tensor<8xf32>
  %4 = symm_mem.two_shot_all_reduce_<max, push> %x on @one : tensor<8xf32>
  return %0, %1, %2, %3, %4
      : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @one_rank_memrefs(
// CHECK-SAME: %[[S:.*]]: memref<8xf32, #comm.symm_mem<@one>>, %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>
func.func @one_rank_memrefs(%s: memref<8xf32, #comm.symm_mem<@one>>, %x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK-NEXT: memref.copy %[[S]], %[[Y]] : memref<8xf32, #comm.symm_mem<@one>> to memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%s : memref<8xf32, #comm.symm_mem<@one>>) outs(%y : memref<8xf32>) on @one
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]] : memref<8xf32> to memref<8xf32>
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @one
  // The staging buffer holds the input afterwards, as its contract says.
  // CHECK-NEXT: memref.copy %[[X]], %[[S]] : memref<8xf32> to memref<8xf32, #comm.symm_mem<@one>>
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]] : memref<8xf32> to memref<8xf32>
  symm_mem.one_shot_all_reduce_copy<sum> ins(%s, %x : memref<8xf32, #comm.symm_mem<@one>>, memref<8xf32>) outs(%y : memref<8xf32>) on @one
  // CHECK-NEXT: return
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32, #comm.symm_mem<@one>>) on @one
  return
}

// CHECK-LABEL: func.func @four_ranks(
func.func @four_ranks(%x: tensor<8xf32>, %b: tensor<8xf32>, %m: memref<8xf32>, %n: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout
  // CHECK-NEXT: symm_mem.barrier on @tp
  // CHECK-NEXT: symm_mem.barrier on @one
  // CHECK-NEXT: return
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8xf32>
  %2 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%m : memref<8xf32>) outs(%n : memref<8xf32>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%m : memref<8xf32>) on @tp
  symm_mem.barrier on @tp
  symm_mem.barrier on @one
  return
}
