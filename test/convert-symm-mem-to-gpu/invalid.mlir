// RUN: symm-opt %s --convert-symm-mem-to-gpu --split-input-file --verify-diagnostics

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

comm.group @tp size(16) {symm_mem}

func.func @too_many(%x: memref<8xf32>, %out: memref<8xf32>) {
  // expected-error @+1 {{has no kernel: expected a group of 2 to 8 ranks, got 16; a c10d op runs in NCCL}}
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @not_symmetric(%x: memref<8xf32>, %out: memref<8xf32>) {
  // expected-error @+1 {{expected a buffer in symmetric memory of @tp, got memref<8xf32>; run --place-symmetric-buffers first}}
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @dynamic(%x: memref<?xf32>, %out: memref<?xf32>) {
  // expected-error @+1 {{expected a static shape, got memref<?xf32>}}
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<?xf32>) outs(%out : memref<?xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @tensors(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{works on tensors; run --one-shot-bufferize first}}
  %sum = symm_mem.one_shot_all_reduce<sum, push> %x on @tp : tensor<8xf32>
  return %sum : tensor<8xf32>
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @too_large(%x: memref<17179869185xbf16, #comm.symm_mem<@tp>>) {
  // expected-error @+1 {{has 17179869185 elements, two_shot_pull takes at most 17179869184; a c10d op runs in NCCL}}
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<17179869185xbf16, #comm.symm_mem<@tp>>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @larger_than_an_address_space(%x: memref<4611686018427387904x8xf32>) {
  // expected-error @+1 {{has 18446744073709551615 elements, two_shot_push takes at most 8589934592; a c10d op runs in NCCL}}
  symm_mem.two_shot_all_reduce_<sum, push> inout(%x : memref<4611686018427387904x8xf32>) on @tp
  return
}
