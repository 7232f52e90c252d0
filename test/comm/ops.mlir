// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s | FileCheck %s
// RUN: symm-opt %s | symm-opt | FileCheck %s
// RUN: symm-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: symm-opt %s --mlir-print-op-generic | symm-opt | FileCheck %s
// RUN: symm-opt %s --emit-bytecode | symm-opt | FileCheck %s
// RUN: symm-opt %s --verify-roundtrip -o /dev/null

// CHECK: module attributes {comm.world_size = 8 : i64}
module attributes {comm.world_size = 8 : i64} {
  // CHECK: comm.group @tp size(4) {symm_mem}
  // GENERIC: "comm.group"() <{size = 4 : i64, sym_name = "tp", symm_mem}> : () -> ()
  comm.group @tp size(4) {symm_mem}
  // CHECK: comm.group @even size(4) {ranks = [0, 2, 4, 6]}
  // GENERIC: "comm.group"() <{ranks = [0, 2, 4, 6], size = 4 : i64, sym_name = "even"}>
  comm.group @even size(4) {ranks = [0, 2, 4, 6]}
  // CHECK: comm.group @odd size(2) {ranks = [7, 1], symm_mem}
  comm.group @odd size(2) {ranks = [7, 1], symm_mem}
  // CHECK: comm.group @alone size(1)
  comm.group @alone size(1)
  // CHECK: comm.group @hidden size(8) {sym_visibility = "private"}
  comm.group @hidden size(8) {sym_visibility = "private"}
  // CHECK: comm.group @"with space" size(2) {symm_mem, user.note = "kept"}
  comm.group @"with space" size(2) {symm_mem, user.note = "kept"}

  // CHECK-LABEL: func.func @attributes(
  // CHECK-SAME: memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-SAME: memref<?x4xbf16, strided<[8, 1], offset: ?>, #comm.symm_mem<@"with space">>
  func.func @attributes(%a: memref<8xf32, #comm.symm_mem<@tp>>,
                        %b: memref<?x4xbf16, strided<[8, 1], offset: ?>, #comm.symm_mem<@"with space">>) {
    // CHECK: memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
    %0 = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
    // CHECK: memref.alloc() {user.protocols = [#comm.protocol<pull>, #comm.protocol<push>]}
    %1 = memref.alloc() {user.protocols = [#comm.protocol<pull>, #comm.protocol<push>]} : memref<8xf32>
    // CHECK: memref.alloc() {user.reductions = [#comm.reduce_op<sum>, #comm.reduce_op<avg>, #comm.reduce_op<product>, #comm.reduce_op<min>,
    // CHECK-SAME: #comm.reduce_op<max>, #comm.reduce_op<band>, #comm.reduce_op<bor>, #comm.reduce_op<bxor>]}
    %2 = memref.alloc() {user.reductions = [
      #comm.reduce_op<sum>, #comm.reduce_op<avg>, #comm.reduce_op<product>, #comm.reduce_op<min>,
      #comm.reduce_op<max>, #comm.reduce_op<band>, #comm.reduce_op<bor>, #comm.reduce_op<bxor>]} : memref<8xf32>
    return
  }

  // CHECK-LABEL: func.func @primitives(
  // CHECK-SAME: %[[BUF:.*]]: memref<8xf32, #comm.symm_mem<@tp>>, %[[PEER:.*]]: index
  func.func @primitives(%buf: memref<8xf32, #comm.symm_mem<@tp>>, %peer: index) -> i1 {
    // CHECK: comm.rank on @tp
    // GENERIC: "comm.rank"() <{group = @tp}> : () -> index
    %rank = comm.rank on @tp
    // CHECK: %[[EPOCH:.*]] = comm.next_epoch on @tp
    // GENERIC: "comm.next_epoch"() <{group = @tp}> : () -> i32
    %epoch = comm.next_epoch on @tp
    // CHECK: comm.peer %[[BUF]] at %[[PEER]] : memref<8xf32, #comm.symm_mem<@tp>>
    // GENERIC: "comm.peer"(%{{.*}}, %{{.*}}) : (memref<8xf32, #comm.symm_mem<@tp>>, index) -> memref<8xf32, #comm.symm_mem<@tp>>
    %theirs = comm.peer %buf at %peer : memref<8xf32, #comm.symm_mem<@tp>>
    // CHECK: comm.signal %[[PEER]], %[[EPOCH]] on @tp
    // GENERIC: "comm.signal"(%{{.*}}, %{{.*}}) <{group = @tp}> : (index, i32) -> ()
    comm.signal %peer, %epoch on @tp
    // CHECK: comm.wait %[[PEER]], %[[EPOCH]] on @tp {user.note = 1 : i64}
    // GENERIC: "comm.wait"(%{{.*}}, %{{.*}}) <{group = @tp}> {user.note = 1 : i64} : (index, i32) -> i1
    %ok = comm.wait %peer, %epoch on @tp {user.note = 1 : i64}
    return %ok : i1
  }
}

// Groups are found in the modules around; the nearest one hides the others.
// CHECK-LABEL: module @outer
// GENERIC: {comm.world_size = 8 : i64}
// GENERIC: sym_name = "outer"
module @outer {
  comm.group @tp size(4) {symm_mem}
  comm.group @dp size(2)
  gpu.module @kernels {
    // CHECK: gpu.func @kernel(
    gpu.func @kernel() kernel {
      // CHECK-NEXT: comm.rank on @tp
      %0 = comm.rank on @tp
      gpu.return
    }
  }
  module @inner {
    comm.group @dp size(2) {symm_mem}
    // CHECK: func.func @nearest(
    func.func @nearest() {
      // CHECK-NEXT: comm.rank on @dp
      %0 = comm.rank on @dp
      return
    }
  }
}

// After placement has run.
// CHECK: module attributes {comm.placed}
// GENERIC: {comm.placed}
module attributes {comm.placed} {
}
