// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Blocks that branch to each other are loops and branches, whose buffers are freed.

// RUN: symm-compile %s -o %t.so
// RUN: symm-run %t.so -n 2 --device=cpu --arg x=ones | FileCheck %s
// RUN: symm-compile %s -o %t.cuda.so --device=cuda

// CHECK: out0: tensor<4xf32>
// CHECK-NEXT: [9, 9, 9, 9]
comm.group @tp size(2) {symm_mem}

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  cf.br ^head(%c0, %x : index, tensor<4xf32>)
^head(%i: index, %a: tensor<4xf32>):
  %more = arith.cmpi ult, %i, %c3 : index
  cf.cond_br %more, ^layer, ^end
^layer:
  %sum = c10d.all_reduce<sum> %a on @tp : tensor<4xf32>
  %next = c10d.wait_tensor %sum : tensor<4xf32>
  %j = arith.addi %i, %c1 : index
  cf.br ^head(%j, %next : index, tensor<4xf32>)
^end:
  %y = arith.addf %a, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}
