// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Waits on tensors.

// RUN: symm-opt %s --lower-comm | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @plain size(4)

// CHECK-LABEL: func.func @each(
func.func @each(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[R:.*]] = symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: return %[[R]], %[[R]], %[[R]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = c10d.wait_tensor %0 : tensor<8xf32>
  %3 = c10d.wait_tensor %2 : tensor<8xf32>
  return %1, %2, %3 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// A chain: each all-reduce takes the result of the one before.
// CHECK-LABEL: func.func @chain(
func.func @chain(%x: tensor<65536xf32>) -> tensor<65536xf32> {
  // CHECK-NEXT: %[[A:.*]] = symm_mem.two_shot_all_reduce_<sum> %{{.*}}
  // CHECK-NEXT: %[[B:.*]] = symm_mem.two_shot_all_reduce_<max> %[[A]]
  // CHECK-NEXT: return %[[B]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<65536xf32>
  %1 = c10d.wait_tensor %0 : tensor<65536xf32>
  %2 = c10d.all_reduce<max> %1 on @tp : tensor<65536xf32>
  %3 = c10d.wait_tensor %2 : tensor<65536xf32>
  return %3 : tensor<65536xf32>
}

// CHECK-LABEL: func.func @stays(
func.func @stays(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<32xf32>) {
  // CHECK: c10d.wait_tensor
  // CHECK: c10d.wait_tensor
  %0 = c10d.all_reduce<sum> %x on @plain : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = c10d.all_gather_into_tensor %x on @tp : tensor<8xf32> -> tensor<32xf32>
  %3 = c10d.wait_tensor %2 : tensor<32xf32>
  return %1, %3 : tensor<8xf32>, tensor<32xf32>
}

// Written by hand, the collective is as synchronous.
// CHECK-LABEL: func.func @by_hand(
func.func @by_hand(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: return %[[R]]
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// The result is overlapped with other work; the order of collectives is kept.
// CHECK-LABEL: func.func @order(
func.func @order(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: c10d.broadcast
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max>
  // CHECK-NEXT: arith.addf
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.broadcast src(0) %y on @tp : tensor<8xf32>
  %2 = c10d.all_reduce<max> %y on @tp : tensor<8xf32>
  %3 = arith.addf %x, %y : tensor<8xf32>
  %4 = c10d.wait_tensor %2 : tensor<8xf32>
  %5 = c10d.wait_tensor %1 : tensor<8xf32>
  %6 = c10d.wait_tensor %0 : tensor<8xf32>
  %7 = arith.addf %3, %4 : tensor<8xf32>
  %8 = arith.addf %7, %5 : tensor<8xf32>
  %9 = arith.addf %8, %6 : tensor<8xf32>
  return %9 : tensor<8xf32>
}

// A two-shot all-reduce takes its operand's place; a wait for that tensor is another's affair.

// CHECK-LABEL: func.func @wait_for_the_operand
// CHECK-SAME:    %[[X:.*]]: tensor
// CHECK:         %[[SUM:.*]] = symm_mem.two_shot_all_reduce_<sum> %[[X]] on @tp
// CHECK:         %[[WAIT:.*]] = c10d.wait_tensor %[[X]]
// CHECK:         return %[[SUM]], %[[WAIT]]
func.func @wait_for_the_operand(%x: tensor<65536xf32>)
    -> (tensor<65536xf32>, tensor<65536xf32>) {
  %sum = c10d.all_reduce<sum> %x on @tp : tensor<65536xf32>
  %wait = c10d.wait_tensor %x : tensor<65536xf32>
  return %sum, %wait : tensor<65536xf32>, tensor<65536xf32>
}
