// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// One kernel per algorithm, reduction, element type, group and layout; every shape calls the same.

// RUN: symm-opt %s --convert-symm-mem-to-cpu --canonicalize --mlir-pass-statistics -o %t 2>%t.err
// RUN: FileCheck %s < %t
// RUN: FileCheck %s --check-prefix=STATISTICS < %t.err

// STATISTICS: convert-symm-mem-to-cpu
// STATISTICS-NEXT: (S) 4 kernels
// STATISTICS-NEXT: (S) 1 library-calls

// CHECK: symm.ops = [
// CHECK-SAME: {algorithm = "one_shot pull", group = "tp", loc = "{{[^"]*}}", name = "symm_mem.one_shot_all_reduce", phases = ["entry barrier", "exit barrier"]},
// CHECK-SAME: {algorithm = "one_shot pull",
// CHECK-SAME: {algorithm = "barrier",
// CHECK-SAME: {algorithm = "library", group = "tp", loc = "{{[^"]*}}", name = "c10d.all_gather_into_tensor", phases = []},
// CHECK-SAME: {algorithm = "two_shot pull",
comm.group @tp size(2) {symm_mem}

// Each call passes the number of its op, by which the runtime knows it.
// CHECK-LABEL: func.func @f
// CHECK-DAG: %[[FIRST:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[SECOND:.*]] = arith.constant 1 : i32
// CHECK: call @[[KERNEL:symm.one_shot_pull.sum.f32.tp[^(]*]](%{{.*}}, %{{.*}}, %[[FIRST]])
// CHECK: call @[[KERNEL]](%{{.*}}, %{{.*}}, %[[SECOND]])
// CHECK: call @symm.barrier.tp
// CHECK: call @symm_rt.collective
// CHECK-NOT: c10d.
// CHECK: call @symm.two_shot
func.func @f(%x: memref<4xf32, #comm.symm_mem<@tp>>, %y: memref<4xf32>, %z: memref<8xf32>,
             %u: memref<2x8xf32, #comm.symm_mem<@tp>>, %v: memref<2x8xf32>) {
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<4xf32, #comm.symm_mem<@tp>>) outs(%y : memref<4xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%u : memref<2x8xf32, #comm.symm_mem<@tp>>) outs(%v : memref<2x8xf32>) on @tp
  symm_mem.barrier on @tp
  c10d.all_gather_into_tensor ins(%y : memref<4xf32>) outs(%z : memref<8xf32>) on @tp
  c10d.wait_tensor %z : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<4xf32, #comm.symm_mem<@tp>>) on @tp
  return
}

// Arriving: signals to all, then a wait for each, none after one that failed.
// CHECK: func.func private @symm.arrive.tp.0() -> i1
// CHECK: %[[EPOCH:.*]] = comm.next_epoch on @tp
// CHECK: scf.for
// CHECK: comm.signal %{{.*}}, %[[EPOCH]] on @tp
// CHECK: scf.for {{.*}} iter_args(%[[OK:.*]] = %true)
// CHECK: scf.if %[[OK]]
// CHECK: comm.wait %{{.*}}, %[[EPOCH]] on @tp {phase = 0 : i32}

// Nothing is read unless the runtime let the rank in and everybody arrived; nothing is left before everybody has read.
// CHECK: func.func private @[[KERNEL]](
// CHECK: %[[ADDRESS:.*]] = memref.extract_aligned_pointer_as_index %arg0
// CHECK: %[[STATE:.*]] = call @symm_rt.enter
// CHECK: %[[IN:.*]] = arith.cmpi eq, %[[STATE]],
// CHECK: scf.if %[[IN]]
// CHECK: %[[ALL:.*]] = func.call @symm.arrive.tp.0
// CHECK: scf.if %[[ALL]]
// CHECK: comm.peer
// CHECK: func.call @symm.tile.begin.f32.uu(
// CHECK: %[[READ:.*]] = func.call @symm.arrive.tp.1
// CHECK: scf.if %[[READ]]
// CHECK: func.call @symm_rt.leave
// CHECK-NOT: func.func private @symm.one_shot_pull
