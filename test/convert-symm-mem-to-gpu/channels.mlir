// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_90" | FileCheck %s

// Ops of one entry share a channel if they are alike, in whatever branch, loop or function they stand; others do not.

// CHECK: symm.cuda = {all_reduces = [
comm.group @tp size(2) {symm_mem}
comm.group @other size(2) {symm_mem}

// A small one and a smaller one, which take a block each.
// CHECK-SAME: {blocks = 1 : i64, channel = 0 : i64, {{[^}]*}}max_count = 64 : i64, {{[^}]*}}op = 0 : i64
// CHECK-SAME: {blocks = 1 : i64, channel = 0 : i64, {{[^}]*}}max_count = 32 : i64, {{[^}]*}}op = 1 : i64
// The same in a loop and in a branch.
// CHECK-SAME: channel = 0 : i64, {{[^}]*}}op = 2 : i64
// CHECK-SAME: channel = 0 : i64, {{[^}]*}}op = 3 : i64
// Another group, another kernel, other blocks.
// CHECK-SAME: channel = 1 : i64, {{[^}]*}}op = 4 : i64
// CHECK-SAME: channel = 2 : i64, {{[^}]*}}op = 5 : i64
// CHECK-SAME: {blocks = {{[0-9]+}} : i64, channel = 3 : i64, {{[^}]*}}op = 6 : i64
func.func @main(%x: memref<64xf32>, %y: memref<64xf32>, %small: memref<32xf32>, %large: memref<131072xf32>, %flag: i1) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum, push> ins(%small : memref<32xf32>) outs(%small : memref<32xf32>) on @tp
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    symm_mem.one_shot_all_reduce<sum, push> ins(%y : memref<64xf32>) outs(%x : memref<64xf32>) on @tp
  }
  scf.if %flag {
    symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  }
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @other
  symm_mem.one_shot_all_reduce<max, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum, push> ins(%large : memref<131072xf32>) outs(%large : memref<131072xf32>) on @tp
  call @helper(%x, %y) : (memref<64xf32>, memref<64xf32>) -> ()
  call @both(%x, %y) : (memref<64xf32>, memref<64xf32>) -> ()
  return
}

// What only @main calls is of its order.
// CHECK-SAME: channel = 0 : i64, {{[^}]*}}op = 7 : i64
func.func private @helper(%x: memref<64xf32>, %y: memref<64xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  return
}

// What two entries call has a channel of both, all of it the same.
// CHECK-SAME: channel = 4 : i64, {{[^}]*}}op = 8 : i64
// CHECK-SAME: channel = 4 : i64, {{[^}]*}}op = 9 : i64
func.func private @both(%x: memref<64xf32>, %y: memref<64xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  call @deeper(%x, %y) : (memref<64xf32>, memref<64xf32>) -> ()
  return
}

func.func private @deeper(%x: memref<64xf32>, %y: memref<64xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  call @both(%x, %y) : (memref<64xf32>, memref<64xf32>) -> ()
  return
}

// Another entry has channels of its own.
// CHECK-SAME: channel = 5 : i64, {{[^}]*}}op = 10 : i64
// CHECK-SAME: ], chip = "sm_90"
func.func @second(%x: memref<64xf32>, %y: memref<64xf32>) {
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<64xf32>) outs(%y : memref<64xf32>) on @tp
  call @both(%x, %y) : (memref<64xf32>, memref<64xf32>) -> ()
  return
}
