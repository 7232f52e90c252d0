// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-symm-mem-to-cpu --split-input-file --verify-diagnostics

comm.group @tp size(2) {symm_mem}
func.func @tensor(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{works on tensors; run --one-shot-bufferize first}}
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error@+1 {{expected at most 65536 members to lower it, got 1000000000000}}
comm.group @tp size(1000000000000) {symm_mem}
func.func @members() {
  symm_mem.barrier on @tp
  return
}
