// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_90" | FileCheck %s
// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_90" --mlir-pass-statistics 2>&1 >/dev/null | FileCheck %s --check-prefix=STATISTICS

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each op has a row of its own, ops with one kernel share its module. The launch shapes are those
// of the table, whatever they are.

// CHECK: module attributes {symm.cuda = {all_reduces = [
// CHECK-SAME: {blocks = {{[0-9]+}} : i64, channel = 0 : i64, entry = "symm_one_shot_push_f32_sum_w4_u1_sm_90", max_count = 64 : i64, module = 0 : i64, op = 0 : i64
// CHECK-SAME: spec = {algorithm = "one_shot_push", chip = "sm_90", dtype = "f32", reduce_op = "sum", unroll = 1 : i64, world_size = 4 : i64}
// CHECK-SAME: max_count = 64 : i64, module = 0 : i64, op = 1 : i64
// CHECK-SAME: module = 1 : i64, op = 2 : i64, spec = {algorithm = "one_shot_pull"
// CHECK-SAME: entry = "symm_two_shot_pull_bf16_max
// CHECK-SAME: op = 3 : i64
// Two kernel elements for a complex number, bytes for booleans.
// CHECK-SAME: entry = "symm_one_shot_push_f32_sum_w4_u1_sm_90", max_count = 16 : i64
// CHECK-SAME: entry = "symm_one_shot_push_ui8_bor_w4
// CHECK-SAME: chip = "sm_90", constants = [], kernels = [], matmuls = [], modules = [{ptx_version = 81 : i64, section = ".symm.ptx.0"}
// CHECK-SAME: symm.ops = [
// CHECK-SAME: {algorithm = "one_shot push", group = "tp", loc = "{{.*}}all-reduce.mlir:[[#]]:3", name = "symm_mem.one_shot_all_reduce", phases = ["gather"]}
comm.group @tp size(4) {symm_mem}
comm.group @alone size(1) {symm_mem}

// CHECK-LABEL: func.func @push
// CHECK-SAME: %[[X:.*]]: memref<8x8xf32>
func.func @push(%x: memref<8x8xf32>) -> memref<8x8xf32> {
  // CHECK: %[[OUT:.*]] = memref.alloc
  %out = memref.alloc() : memref<8x8xf32>
  // CHECK: %[[FROM:.*]] = memref.extract_aligned_pointer_as_index %[[X]]
  // CHECK: %[[FROM_64:.*]] = arith.index_cast %[[FROM]] : index to i64
  // CHECK: %[[TO:.*]] = memref.extract_aligned_pointer_as_index %[[OUT]]
  // CHECK: %[[TO_64:.*]] = arith.index_cast %[[TO]] : index to i64
  // CHECK: %[[COUNT:.*]] = arith.constant 64 : i64
  // CHECK: call @symm_rt.all_reduce(%{{.*}}, %{{.*}}, %[[FROM_64]], %[[TO_64]], %[[COUNT]])
  // CHECK-NOT: memref.copy
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8x8xf32>) outs(%out : memref<8x8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8x8xf32>) outs(%out : memref<8x8xf32>) on @tp
  return %out : memref<8x8xf32>
}

// CHECK-LABEL: func.func @pull
func.func @pull(%x: memref<8xbf16, #comm.symm_mem<@tp>>, %out: memref<8xbf16>) {
  // CHECK-NOT: memref.copy
  // CHECK: call @symm_rt.all_reduce
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xbf16, #comm.symm_mem<@tp>>) outs(%out : memref<8xbf16>) on @tp
  // CHECK: %[[IN_PLACE:.*]] = memref.extract_aligned_pointer_as_index %arg0
  // CHECK: %[[IN_PLACE_64:.*]] = arith.index_cast %[[IN_PLACE]]
  // CHECK: call @symm_rt.all_reduce(%{{.*}}, %{{.*}}, %[[IN_PLACE_64]], %{{.*}}, %{{.*}})
  symm_mem.two_shot_all_reduce_<max> inout(%x : memref<8xbf16, #comm.symm_mem<@tp>>) on @tp
  return
}

// CHECK-LABEL: func.func @elements
func.func @elements(%c: memref<8xcomplex<f32>>, %b: memref<8xi1>) {
  %c_out = memref.alloc() : memref<8xcomplex<f32>>
  %b_out = memref.alloc() : memref<8xi1>
  // CHECK: arith.constant 16 : i64
  symm_mem.one_shot_all_reduce<sum, push> ins(%c : memref<8xcomplex<f32>>) outs(%c_out : memref<8xcomplex<f32>>) on @tp
  symm_mem.one_shot_all_reduce<max, push> ins(%b : memref<8xi1>) outs(%b_out : memref<8xi1>) on @tp
  return
}

// What is not contiguous goes through copies, and so does what pulls into memory that may be
// its operand's.
// CHECK-LABEL: func.func @staged
// STATISTICS: 2 staging-copies
func.func @staged(%x: memref<8x8xf32, strided<[16, 1]>>, %y: memref<8xf32, #comm.symm_mem<@tp>>,
                  %z: memref<8xf32, #comm.symm_mem<@tp>>) {
  %out = memref.alloc() : memref<8x8xf32>
  // CHECK: %[[COPY:.*]] = memref.alloc() : memref<8x8xf32>
  // CHECK: memref.copy %arg0, %[[COPY]]
  // CHECK: call @symm_rt.all_reduce
  // CHECK: memref.dealloc %[[COPY]]
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8x8xf32, strided<[16, 1]>>) outs(%out : memref<8x8xf32>) on @tp
  // CHECK: %[[RESULT:.*]] = memref.alloc() : memref<8xf32>
  // CHECK: call @symm_rt.all_reduce
  // CHECK: memref.copy %[[RESULT]], %arg2
  symm_mem.one_shot_all_reduce<sum> ins(%y : memref<8xf32, #comm.symm_mem<@tp>>) outs(%z : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  return
}

// A group of one has nothing to exchange, an empty buffer neither.
// CHECK-LABEL: func.func @nothing
func.func @nothing(%x: memref<8xf32>, %out: memref<8xf32>, %empty: memref<0xf32>) {
  // CHECK-NOT: symm_rt.all_reduce
  // CHECK: memref.copy %arg0, %arg1
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @alone
  symm_mem.two_shot_all_reduce_<sum, push> inout(%empty : memref<0xf32>) on @tp
  // CHECK: return
  return
}

// CHECK-LABEL: func.func @barrier
func.func @barrier() {
  // CHECK: %[[WORD:.*]] = memref.alloc() : memref<1xi32, #comm.symm_mem<@tp>>
  // CHECK: call @symm_rt.all_reduce
  // CHECK: memref.dealloc %[[WORD]]
  symm_mem.barrier on @tp
  return
}

// CHECK-LABEL: func.func @library
func.func @library(%x: memref<8xf32>, %out: memref<32xf32>) {
  // CHECK: call @symm_rt.collective
  c10d.all_gather_into_tensor ins(%x : memref<8xf32>) outs(%out : memref<32xf32>) on @tp
  // CHECK-NOT: c10d
  c10d.wait_tensor %out : memref<32xf32>
  return
}
