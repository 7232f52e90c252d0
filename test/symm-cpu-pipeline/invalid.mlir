// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --symm-cpu-pipeline --split-input-file --verify-diagnostics

comm.group @tp size(2) {symm_mem}
// expected-error@+1 {{expected argument #0 to be of static shape, got memref<?xf32>}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// expected-error@+1 {{expected at most 65536 members to lower it, got 70000}}
comm.group @tp size(70000) {symm_mem}
func.func @members(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<4xf32>
  return %0 : tensor<4xf32>
}
