// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --gpu-kernel-outlining --convert-launches-to-runtime="chip=sm_90" | FileCheck %s

// Kernels of one function have names of their own in one module.
// CHECK: symm.cuda = {{.*}}kernels = [{entry = "symm_two", loc = "{{.*}}", module = 0 : i64}, {entry = "symm_two_0", loc = "{{.*}}", module = 0 : i64}]
// CHECK-SAME: modules = [{ptx_version = 81 : i64, section = ".symm.ptx.0"}]
// CHECK-LABEL: func.func @two
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[VALUE:.*]]: f32
// CHECK: %[[DESCRIPTOR:.*]] = builtin.unrealized_conversion_cast %[[X]]
// CHECK: %[[ADDRESS:.*]] = llvm.extractvalue %[[DESCRIPTOR]][1]
// CHECK: call @symm_two.launch({{.*}}, %[[VALUE]], %[[ADDRESS]]) : (i32, i32, i32, i32, i32, i32, f32, !llvm.ptr) -> ()
// CHECK: call @symm_two_0.launch
// CHECK-NOT: gpu.launch_func
// CHECK: func.func private @symm_rt.launch(!llvm.ptr) -> i32
// CHECK: gpu.module @symm_kernels
// CHECK: gpu.func @symm_two(
// CHECK: gpu.func @symm_two_0(
// CHECK: func.func private @symm_two.launch
// CHECK: llvm.alloca
// CHECK: call @symm_rt.launch
func.func @two(%x: memref<8xf32>, %value: f32) {
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %eight, %sy = %one, %sz = %one) {
    memref.store %value, %x[%tx] : memref<8xf32>
    gpu.terminator
  }
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %eight, %sy = %one, %sz = %one) {
    %there = memref.load %x[%tx] : memref<8xf32>
    %double = arith.addf %there, %there : f32
    memref.store %double, %x[%tx] : memref<8xf32>
    gpu.terminator
  }
  return
}
