// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Primitives become accesses of memory and calls through the runtime's table.

// RUN: symm-opt %s --convert-comm-to-llvm --canonicalize | FileCheck %s
// RUN: symm-opt %s --convert-comm-to-llvm=spin-limit=-1 --canonicalize | FileCheck %s --check-prefix=ASK

// CHECK-NOT: comm.group
comm.group @other size(2) {symm_mem}
comm.group @tp size(4) {symm_mem}

// The signal is a release, to the word of this rank in the peer's segment.
// CHECK-LABEL: func.func @signal
// CHECK-DAG: %[[NUMBER:.*]] = arith.constant 1 : i32
// CHECK: %[[VIEW:.*]] = call @symm_rt.group(%[[NUMBER]])
// CHECK: %[[FIELD:.*]] = llvm.getelementptr %[[VIEW]][8]
// CHECK: %[[BEFORE:.*]] = llvm.load %[[FIELD]] : !llvm.ptr -> i32
// CHECK: %[[EPOCH:.*]] = arith.addi %[[BEFORE]],
// CHECK: llvm.store %[[EPOCH]], %[[FIELD]]
// CHECK: llvm.store %[[EPOCH]], %{{.*}} atomic release {alignment = 4 : i64} : i32, !llvm.ptr
func.func @signal(%peer: index) {
  %e = comm.next_epoch on @tp
  comm.signal %peer, %e on @tp
  return
}

// The wait acquires; epochs are compared by the sign of their difference, and what does not come soon is the runtime's.
// CHECK-LABEL: func.func @wait
// CHECK: scf.while
// CHECK: %[[SEEN:.*]] = llvm.load %{{.*}} atomic acquire {alignment = 4 : i64} : !llvm.ptr -> i32
// CHECK: %[[AHEAD:.*]] = arith.subi %[[SEEN]], %arg1 : i32
// CHECK: arith.cmpi {{sge|slt}}, %[[AHEAD]],
// CHECK: call @symm_rt.wait(
// ASK-LABEL: func.func @wait
// ASK-NOT: scf.while
// ASK: call @symm_rt.wait(
func.func @wait(%peer: index, %e: i32) -> i1 {
  %ok = comm.wait %peer, %e on @tp
  return %ok : i1
}

// Allocations go to the runtime, and the memory space is gone.
// CHECK-LABEL: func.func @buffer
// CHECK: call @symm_rt.alloc(
// CHECK: call @symm_rt.free(
// CHECK-NOT: comm.symm_mem
func.func @buffer(%peer: index, %i: index) -> f32 {
  %a = memref.alloc() : memref<4xf32, #comm.symm_mem<@tp>>
  %p = comm.peer %a at %peer : memref<4xf32, #comm.symm_mem<@tp>>
  %x = memref.load %p[%i] : memref<4xf32, #comm.symm_mem<@tp>>
  memref.dealloc %a : memref<4xf32, #comm.symm_mem<@tp>>
  return %x : f32
}

// CHECK: llvm.mlir.global external @symm_rt()
