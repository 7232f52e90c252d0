// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A kernel of the program's own is for GPUs.

// RUN: not symm-compile %s -o %t.so 2>&1 | FileCheck %s
// RUN: symm-compile --device=cuda %s -o %t.so

// CHECK: compile-device.mlir:[[#@LINE+3]]:3: error: 'gpu.launch' op is for GPUs; compile with --device=cuda
func.func @f(%x: memref<16xf32>) {
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one) threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    %v = memref.load %x[%tx] : memref<16xf32>
    %w = arith.mulf %v, %v : f32
    memref.store %w, %x[%tx] : memref<16xf32>
    gpu.terminator
  }
  return
}
