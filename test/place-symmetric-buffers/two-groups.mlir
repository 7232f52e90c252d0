// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A buffer that two groups need lives in the memory of one; the other gets copies.

// RUN: symm-opt %s --place-symmetric-buffers | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}

// With equal needs the first one wins.
// CHECK-LABEL: func.func @equal(
func.func @equal(%x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: one_shot_all_reduce<sum> ins(%[[A]] : memref<8xf32, #comm.symm_mem<@tp>>) {{.*}} on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@dp>>
  // CHECK-NEXT: memref.copy %[[A]], %[[B]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32, #comm.symm_mem<@dp>>
  // CHECK-NEXT: one_shot_all_reduce<sum> ins(%[[B]] : memref<8xf32, #comm.symm_mem<@dp>>) {{.*}} on @dp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%y : memref<8xf32>) on @dp
  return
}

// Two uses outweigh one.
// CHECK-LABEL: func.func @most_uses(
// CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@dp>>
// CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
// CHECK-NEXT: memref.copy
// CHECK-NEXT: one_shot_all_reduce<sum> {{.*}} on @tp
// CHECK-NEXT: one_shot_all_reduce<sum> {{.*}} on @dp
// CHECK-NEXT: one_shot_all_reduce<sum> {{.*}} on @dp
// CHECK-NEXT: return
func.func @most_uses(%x: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @dp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @dp
  return
}

// An op in place would copy twice.
// CHECK-LABEL: func.func @in_place_outweighs(
// CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@dp>>
func.func @in_place_outweighs(%x: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @dp
  return
}

// One large use outweighs two small ones.
// CHECK-LABEL: func.func @most_bytes(
// CHECK: memref.alloc() : memref<64xf32, #comm.symm_mem<@tp>>
func.func @most_bytes(%x: memref<8xf32>, %y: memref<64xf32>) {
  %a = memref.alloc() : memref<64xf32>
  %v = memref.subview %a[0] [8] [1] : memref<64xf32> to memref<8xf32, strided<[1]>>
  symm_mem.one_shot_all_reduce<sum> ins(%v : memref<8xf32, strided<[1]>>) outs(%x : memref<8xf32>) on @dp
  symm_mem.one_shot_all_reduce<sum> ins(%v : memref<8xf32, strided<[1]>>) outs(%x : memref<8xf32>) on @dp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  return
}
