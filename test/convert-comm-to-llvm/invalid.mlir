// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-comm-to-llvm --verify-diagnostics --split-input-file

comm.group @tp size(2) {symm_mem}
func.func @collective(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error @below {{is still here; run --convert-symm-mem-to-cpu first}}
  c10d.all_reduce<sum> ins(%x : memref<4xf32>) outs(%y : memref<4xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}
func.func @alignment() {
  // expected-error @below {{asks for an alignment of 8192 in symmetric memory, expected at most 4096}}
  %a = memref.alloc() {alignment = 8192 : i64} : memref<4xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(2) {symm_mem}
func.func @stack() {
  // expected-error @below {{cannot be in symmetric memory; use memref.alloc}}
  %a = memref.alloca() : memref<4xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(2) {symm_mem}
func.func @size() {
  // expected-error @below {{asks for more symmetric memory than there can be, for a memref<4611686018427387904x4xf32, #comm.symm_mem<@tp>>}}
  %a = memref.alloc() : memref<4611686018427387904x4xf32, #comm.symm_mem<@tp>>
  return
}
