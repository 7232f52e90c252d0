// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --check-bufferization -o %t
// RUN: symm-opt %s | diff - %t

comm.group @tp size(2) {symm_mem}

memref.global "private" constant @constant : memref<1073741820xi8> = dense<1>

func.func private @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

func.func @f(%x: tensor<4xf32>, %m: memref<4xf32, strided<[?], offset: ?>>, %n: index) -> (tensor<4xf32>, memref<4xf32, strided<[?], offset: ?>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi8>
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%so_far = %x) -> tensor<4xf32> {
    %sum = c10d.all_reduce<sum> %so_far on @tp : tensor<4xf32>
    %done = c10d.wait_tensor %sum : tensor<4xf32>
    %called = func.call @callee(%done) : (tensor<4xf32>) -> tensor<4xf32>
    scf.yield %called : tensor<4xf32>
  }
  return %y, %m : tensor<4xf32>, memref<4xf32, strided<[?], offset: ?>>
}
