// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What an op needs is found at its allocation, and everything between gets its type.

// RUN: symm-opt %s --place-symmetric-buffers --split-input-file | FileCheck %s

// CHECK: module attributes {comm.placed}
comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @producer_writes_in_place(
// CHECK-SAME: %[[OUT:.*]]: memref<8x4xbf16>)
func.func @producer_writes_in_place(%out: memref<8x4xbf16>) {
  %zero = arith.constant 0.0 : bf16
  // CHECK: %[[BUF:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xbf16, #comm.symm_mem<@tp>>
  %buf = memref.alloc() {alignment = 64 : i64} : memref<8x4xbf16>
  // CHECK-NEXT: linalg.fill ins(%{{.*}} : bf16) outs(%[[BUF]] : memref<8x4xbf16, #comm.symm_mem<@tp>>)
  linalg.fill ins(%zero : bf16) outs(%buf : memref<8x4xbf16>)
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[BUF]] : memref<8x4xbf16, #comm.symm_mem<@tp>>) outs(%[[OUT]] : memref<8x4xbf16>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%buf : memref<8x4xbf16>) outs(%out : memref<8x4xbf16>) on @tp
  // CHECK-NEXT: memref.dealloc %[[BUF]] : memref<8x4xbf16, #comm.symm_mem<@tp>>
  memref.dealloc %buf : memref<8x4xbf16>
  return
}

// A push needs no symmetric operand, and neither does an op of c10d.
// CHECK-LABEL: func.func @push(
// CHECK-SAME: %[[OUT:.*]]: memref<8xf32>)
func.func @push(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[BUF:.*]] = memref.alloc() : memref<8xf32>
  %buf = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum, push> ins(%[[BUF]] : memref<8xf32>)
  symm_mem.one_shot_all_reduce<sum, push> ins(%buf : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  // CHECK-NEXT: c10d.all_reduce<sum> ins(%[[BUF]] : memref<8xf32>)
  c10d.all_reduce<sum> ins(%buf : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// The staging buffer must be symmetric, what is staged need not be.
// CHECK-LABEL: func.func @staging(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[OUT:.*]]: memref<8xf32>)
func.func @staging(%x: memref<8xf32>, %out: memref<8xf32>) {
  // CHECK-NEXT: %[[BUF:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %buf = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[BUF]], %[[X]] : memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>) outs(%[[OUT]] : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce_copy<sum> ins(%buf, %x : memref<8xf32>, memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// One buffer of an in-place chain: input of one op, output of another.
// CHECK-LABEL: func.func @chain(
func.func @chain(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %b = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: one_shot_all_reduce<sum> ins(%[[A]] : {{.*}}) outs(%[[B]] : memref<8xf32, #comm.symm_mem<@tp>>)
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%b : memref<8xf32>) on @tp
  // CHECK-NEXT: two_shot_all_reduce_<sum> inout(%[[B]] : memref<8xf32, #comm.symm_mem<@tp>>)
  symm_mem.two_shot_all_reduce_<sum> inout(%b : memref<8xf32>) on @tp
  // CHECK-NEXT: memref.copy %[[B]], %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  memref.copy %b, %out : memref<8xf32> to memref<8xf32>
  return
}

// What is typed already stays as it is.
// CHECK-LABEL: func.func @typed(
// CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
// CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[A]] :
// CHECK-NEXT: return
func.func @typed() {
  %a = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  return
}

// CHECK-LABEL: func.func @dynamic(
// CHECK-SAME: %[[N:.*]]: index, %[[OUT:.*]]: memref<?x4xf32>)
func.func @dynamic(%n: index, %out: memref<?x4xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc(%[[N]]) : memref<?x4xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc(%n) : memref<?x4xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[A]] : memref<?x4xf32, #comm.symm_mem<@tp>>)
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<?x4xf32>) outs(%out : memref<?x4xf32>) on @tp
  return
}

// -----

// Nothing to place: the module says so and is left alone.
// CHECK: module attributes {comm.placed}
// CHECK-NEXT: func.func @nothing(
// CHECK-NEXT: memref.alloc() : memref<8xf32>
// CHECK-NEXT: return
func.func @nothing() {
  %a = memref.alloc() : memref<8xf32>
  return
}

// -----

// A group belongs to the module around it, and so do its buffers.
// CHECK: module attributes {comm.placed}
// CHECK-NEXT: func.func private @outer()
// CHECK-NEXT: module @inner attributes {comm.placed}
func.func private @outer()
module @inner {
  comm.group @dp size(2) {symm_mem}
  // CHECK: func.func @f(
  func.func @f() {
    // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@dp>>
    %a = memref.alloc() : memref<8xf32>
    symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @dp
    return
  }
}
