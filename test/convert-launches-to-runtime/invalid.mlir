// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --gpu-kernel-outlining --convert-launches-to-runtime="chip=sm_90" --split-input-file --verify-diagnostics

func.func @complex(%a: complex<f32>, %x: memref<complex<f32>>) {
  %one = arith.constant 1 : index
  // expected-error @below {{cannot pass complex<f32> to a kernel; pass integers, floats of up to 64 bits or ranked buffers}}
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    memref.store %a, %x[] : memref<complex<f32>>
    gpu.terminator
  }
  return
}
