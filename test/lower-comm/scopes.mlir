// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Groups are looked up where the op is; the pass runs twice to no effect.

// RUN: symm-opt %s --lower-comm | FileCheck %s
// RUN: symm-opt %s --lower-comm -o %t
// RUN: symm-opt %t --lower-comm | diff %t -
// RUN: symm-opt %s --lower-comm --mlir-print-op-generic | symm-opt | diff %t -

// CHECK-LABEL: module @outer
module @outer {
  comm.group @tp size(4) {symm_mem}
  // CHECK-LABEL: func.func @outside(
  func.func @outside(%x: tensor<8xf32>) -> tensor<8xf32> {
    // CHECK: symm_mem.one_shot_all_reduce<sum>
    %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
    return %0 : tensor<8xf32>
  }
  // CHECK-LABEL: module @inner
  module @inner {
    comm.group @tp size(4)
    // CHECK-LABEL: func.func @inside(
    func.func @inside(%x: tensor<8xf32>) -> tensor<8xf32> {
      // CHECK: c10d.all_reduce<sum>
      %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
  }
  // CHECK-LABEL: module @without_groups
  module @without_groups {
    // CHECK-LABEL: func.func @uses_outer(
    func.func @uses_outer(%x: tensor<8xf32>) -> tensor<8xf32> {
      // CHECK: symm_mem.one_shot_all_reduce<sum>
      %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
  }
  // Deep in control flow, in blocks that are no function's first.
  // CHECK-LABEL: func.func @deep(
  func.func @deep(%x: tensor<8xf32>, %c: i1, %n: index) -> tensor<8xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    cf.cond_br %c, ^a(%x : tensor<8xf32>), ^b(%x : tensor<8xf32>)
  ^a(%y: tensor<8xf32>):
    // CHECK: scf.for
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%it = %y) -> tensor<8xf32> {
      // CHECK: scf.if
      %1 = scf.if %c -> tensor<8xf32> {
        // CHECK: symm_mem.one_shot_all_reduce<sum>
        // CHECK-NEXT: scf.yield
        %2 = c10d.all_reduce<sum> %it on @tp : tensor<8xf32>
        %3 = c10d.wait_tensor %2 : tensor<8xf32>
        scf.yield %3 : tensor<8xf32>
      } else {
        scf.yield %it : tensor<8xf32>
      }
      scf.yield %1 : tensor<8xf32>
    }
    cf.br ^b(%0 : tensor<8xf32>)
  ^b(%z: tensor<8xf32>):
    // CHECK: symm_mem.one_shot_all_reduce<max>
    // CHECK-NEXT: return
    %4 = c10d.all_reduce<max> %z on @tp : tensor<8xf32>
    return %4 : tensor<8xf32>
  }
}
