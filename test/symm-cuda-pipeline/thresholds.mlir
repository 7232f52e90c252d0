// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Thresholds that were measured are of what travels. Integers that are pushed travel with a tag each, twice their bytes: so
// they go to NCCL from half the size on, and to two shots too. A threshold on the command line is of the operand.

// RUN: symm-compile --device=cuda %s --emit=ptx -o /dev/null -v 2>&1 | FileCheck %s
// RUN: symm-compile --device=cuda --two-shot-threshold-bytes=16777216 %s --emit=ptx -o /dev/null -v 2>&1 | FileCheck %s --check-prefix=GIVEN
// RUN: not symm-opt %s --lower-comm="two-shot-threshold-bytes=-1" -o /dev/null 2>&1 | FileCheck %s --check-prefix=TABLE

// CHECK: collectives:
// CHECK-NEXT: on @tp: two_shot push
// CHECK-NEXT: on @tp: library
// CHECK-NEXT: on @tp: two_shot push
// CHECK-NEXT: on @tp: one_shot push
// CHECK-NEXT: on @tp: two_shot push
// CHECK: 16777216 bytes exceed one-shot-threshold-bytes=65536 and two-shot-threshold-bytes=8388608
// GIVEN: collectives:
// GIVEN-NEXT: on @tp: two_shot push
// GIVEN-NEXT: on @tp: two_shot push
// GIVEN-NEXT: on @tp: two_shot push
// GIVEN-NEXT: on @tp: one_shot push
// GIVEN-NEXT: on @tp: two_shot push
// TABLE: error: {{.*}}expected two-shot-threshold-bytes to be 0 or more, got -1 without launch-table
comm.group @tp size(4) {symm_mem}

func.func @sums(%floats: tensor<4194304xf32>, %many: tensor<4194304xi32>, %less: tensor<2097152xi32>, %few: tensor<16384xi32>,
                %more: tensor<16385xi32>) -> (tensor<4194304xf32>, tensor<4194304xi32>, tensor<2097152xi32>, tensor<16384xi32>, tensor<16385xi32>) {
  %a = c10d.all_reduce<sum> %floats on @tp : tensor<4194304xf32>
  %b = c10d.wait_tensor %a : tensor<4194304xf32>
  %c = c10d.all_reduce<sum> %many on @tp : tensor<4194304xi32>
  %d = c10d.wait_tensor %c : tensor<4194304xi32>
  %e = c10d.all_reduce<sum> %less on @tp : tensor<2097152xi32>
  %f = c10d.wait_tensor %e : tensor<2097152xi32>
  %g = c10d.all_reduce<sum> %few on @tp : tensor<16384xi32>
  %h = c10d.wait_tensor %g : tensor<16384xi32>
  %i = c10d.all_reduce<sum> %more on @tp : tensor<16385xi32>
  %j = c10d.wait_tensor %i : tensor<16385xi32>
  return %b, %d, %f, %h, %j : tensor<4194304xf32>, tensor<4194304xi32>, tensor<2097152xi32>, tensor<16384xi32>, tensor<16385xi32>
}
