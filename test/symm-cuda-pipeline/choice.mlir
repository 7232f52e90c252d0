// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The launch table, measured on H100, says up to which size one-shot is the fastest: further for two
// ranks than for four. What has no kernel is NCCL's. A threshold on the command line wins.

// RUN: symm-compile --device=cuda %s --emit=ptx -o /dev/null -v 2>&1 | FileCheck %s
// RUN: symm-compile --device=cuda --one-shot-threshold-bytes=0 %s --emit=ptx -o /dev/null -v 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not symm-opt %s --lower-comm="one-shot-threshold-bytes=-1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=TABLE

// CHECK-DAG: on @two: one_shot push
// CHECK-DAG: on @four: two_shot push
// CHECK-DAG: c10d.all_reduce on @many: library
// CHECK-DAG: Predicate: kernel; Group: @many; Reason: no kernel does this reduction in a group of this size
// NONE-NOT: one_shot push
// TABLE: error: {{.*}}expected one-shot-threshold-bytes to be 0 or more, got -1 without launch-table
comm.group @two size(2) {symm_mem}
comm.group @four size(4) {symm_mem}
comm.group @many size(16) {symm_mem}

func.func @choice(%x: tensor<512x512xf32>) -> (tensor<512x512xf32>, tensor<512x512xf32>, tensor<512x512xf32>) {
  %on_two = c10d.all_reduce<sum> %x on @two : tensor<512x512xf32>
  %two = c10d.wait_tensor %on_two : tensor<512x512xf32>
  %on_four = c10d.all_reduce<sum> %x on @four : tensor<512x512xf32>
  %four = c10d.wait_tensor %on_four : tensor<512x512xf32>
  %on_many = c10d.all_reduce<sum> %x on @many : tensor<512x512xf32>
  %many = c10d.wait_tensor %on_many : tensor<512x512xf32>
  return %two, %four, %many : tensor<512x512xf32>, tensor<512x512xf32>, tensor<512x512xf32>
}
