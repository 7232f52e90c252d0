// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-symm-mem-to-gpu="chip=sm_90" | FileCheck %s

// What the owner of a share keeps of it is what it sends to the others, bit by bit: a word of all ones cannot be sent, and gets
// the sign of its lowest lane flipped.

comm.group @tp size(2) {symm_mem}

func.func @f(%x: memref<64xf32>) {
  symm_mem.two_shot_all_reduce_<sum, push> inout(%x : memref<64xf32>) on @tp
  return
}

// CHECK: gpu.module @symm_two_shot_push_f32_sum_w2_u1_sm_90 {
// The second shot begins after four sums, the lanes of a packet.
// CHECK-COUNT-4: arith.addf
// CHECK: arith.cmpi eq, %{{.*}}, %c-1_i64{{.*}} : i64
// CHECK: %[[LOW:.*]] = arith.select %{{.*}}, %c-2147483649_i64{{.*}}, %{{.*}} : i64
// CHECK: %[[HIGH:.*]] = arith.select %{{.*}}, %c-2147483649_i64{{.*}}, %{{.*}} : i64
// CHECK: comm.store<relaxed> %[[LOW]], %[[HIGH]] to %{{.*}} : i64, i64
// CHECK: vector.from_elements %[[LOW]], %[[HIGH]] : vector<2xi64>
// Where packets are not whole, element by element.
// CHECK: arith.select %{{.*}}, %[[LOW]], %[[HIGH]] : i64
