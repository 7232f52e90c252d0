// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --place-symmetric-buffers --split-input-file --verify-diagnostics

// Placement works on buffers.

comm.group @tp size(4) {symm_mem}

func.func @tensors(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+1 {{'symm_mem.one_shot_all_reduce' op has no buffers to place; run --one-shot-bufferize first}}
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// Without symmetric memory there is nowhere to place anything, and the dialects say so.

comm.group @tp size(4)

func.func @group_without_symmetric_memory(%out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  // expected-error @+1 {{'symm_mem.one_shot_all_reduce' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4)

func.func @request_without_symmetric_memory() {
  // expected-error @+1 {{'comm.symm_mem' names group @tp, which has no symmetric memory; declare it with {symm_mem}}}
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}

// -----

// Once placed, a program must stay placed.

module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  func.func @placed(%out: memref<8xf32>) {
    %a = memref.alloc() : memref<8xf32>
    // expected-error @+1 {{must be in symmetric memory of @tp}}
    symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
    return
  }
}
