// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// LLVM has no code for scalable vectors on these machines, and ends the process when it finds out.

// RUN: not symm-compile %s -o %t.so 2>&1 | FileCheck %s
// RUN: not symm-compile --device=cuda --chip=sm_90 %s -o %t.so 2>&1 | FileCheck %s

// CHECK: compile-scalable.mlir:[[#@LINE+4]]:8: error: {{.*}} expected vectors of a known size, got a scalable one
func.func @f(%x: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0], %zero : memref<16xf32>, vector<[4]xf32>
  %w = arith.mulf %v, %v : vector<[4]xf32>
  vector.transfer_write %w, %x[%c0] : vector<[4]xf32>, memref<16xf32>
  return
}
