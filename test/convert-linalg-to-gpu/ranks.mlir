// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-linalg-to-gpu | FileCheck %s
// RUN: symm-compile %s --device=cuda --emit=ptx -o %t.ptx

// Kernels know of no groups: the host tells them which rank they are of.

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @element
// CHECK: %[[RANK:.*]] = comm.rank on @tp
// CHECK: gpu.launch
// CHECK-NEXT: linalg.generic
// CHECK: arith.index_cast %[[RANK]] : index to i64
func.func @element(%x: memref<8xi64>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : memref<8xi64>) {
  ^bb0(%o: i64):
    %r = comm.rank on @tp
    %v = arith.index_cast %r : index to i64
    linalg.yield %v : i64
  }
  return
}

// CHECK-LABEL: func.func @sum
// CHECK: comm.rank on @tp
// CHECK: gpu.launch
// CHECK-NOT: comm.rank
func.func @sum(%x: memref<1000xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<1000xf32>) outs(%y : memref<f32>) {
  ^bb0(%e: f32, %o: f32):
    %r = comm.rank on @tp
    %i = arith.index_cast %r : index to i64
    %f = arith.sitofp %i : i64 to f32
    %p = arith.mulf %e, %f : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func @thread
// CHECK: comm.rank on @tp
// CHECK: gpu.launch
// CHECK-NOT: comm.rank
func.func @thread(%x: memref<8xi64>) {
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one) threads(%tx, %ty, %tz) in (%sx = %eight, %sy = %one, %sz = %one) {
    %r = comm.rank on @tp
    %v = arith.index_cast %r : index to i64
    memref.store %v, %x[%tx] : memref<8xi64>
    gpu.terminator
  }
  return
}
