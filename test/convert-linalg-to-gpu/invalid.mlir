// RUN: symm-opt %s --convert-linalg-to-gpu --split-input-file --verify-diagnostics

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

func.func @reads(%x: memref<8xf32>) -> f32 {
  %first = arith.constant 0 : index
  // expected-error @+1 {{reads or writes a buffer of the GPU on the host; express it as linalg.generic, or put it into an scf.forall}}
  %value = memref.load %x[%first] : memref<8xf32>
  return %value : f32
}

// -----

func.func @stack() {
  // expected-error @+1 {{is in the memory of the host; pass the values as an argument, or compute them with linalg.generic}}
  %x = memref.alloca() : memref<8xf32>
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @primitive(%epoch: i32) {
  %peer = arith.constant 1 : index
  // expected-error @+1 {{is a primitive of kernels, which a program for GPUs cannot have in its host code; use an op of symm_mem}}
  comm.signal %peer, %epoch on @tp
  return
}
