// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --one-shot-bufferize="must-infer-memory-space" --verify-diagnostics

comm.group @tp size(4)

func.func @no_memory_space() {
  %0 = bufferization.alloc_tensor() {memory_space = 1 : i64} : tensor<8xf32>
  // expected-error@+2 {{'c10d.all_reduce' op has no memory space for its result}}
  // expected-error@+1 {{failed to bufferize op}}
  %1 = c10d.all_reduce<sum> %0 on @tp : tensor<8xf32>
  return
}
