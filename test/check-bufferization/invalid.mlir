// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --check-bufferization --split-input-file --verify-diagnostics

func.func @gather(%x: tensor<8x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
  // expected-error@+1 {{works on tensors and has no form on buffers; express it by linalg.generic with tensor.extract in it}}
  %y = tensor.gather %x[%i] gather_dims([0]) : (tensor<8x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}

// -----

func.func @tosa(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{express it by --tosa-to-linalg, run before}}
  %y = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{express it by ops of linalg, tensor and arith}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @transposed(%x: memref<4x6xf32>) -> memref<6x4xf32, strided<[1, 6]>> {
  %t = memref.transpose %x (i, j) -> (j, i) : memref<4x6xf32> to memref<6x4xf32, strided<[1, 6]>>
  // expected-error@+1 {{expected result #0 to be row-major and contiguous, got memref<6x4xf32, strided<[1, 6]>>; return a copy of it in a fresh buffer}}
  return %t : memref<6x4xf32, strided<[1, 6]>>
}

// -----

memref.global "private" @half : memref<536870912xi8>
// expected-error@+1 {{has 536870913 bytes, with which the constants of the program are more than the 1073741824 that an artifact holds; pass the values as an argument}}
memref.global "private" constant @more : memref<536870913xi8> = dense<1>
