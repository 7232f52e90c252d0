// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The stock mlir-opt gets dialects, bufferization and passes from the plugin, and
// prints what symm-opt prints.
//
// RUN: %mlir_opt_symm %s --pass-pipeline='builtin.module(one-shot-bufferize{bufferize-function-boundaries},canonicalize,place-symmetric-buffers)' > %t.plugin
// RUN: symm-opt %s --one-shot-bufferize=bufferize-function-boundaries --canonicalize --place-symmetric-buffers > %t.symm-opt
// RUN: diff %t.plugin %t.symm-opt
// RUN: FileCheck %s < %t.plugin
//
// Without the plugin it knows nothing of Symm:
// RUN: not mlir-opt %s 2>&1 | FileCheck %s --check-prefix=ALONE

comm.group @tp size(4) {symm_mem}

// ALONE: Dialect `comm' not found
// CHECK-LABEL: func.func @f
// CHECK: memref.alloc() {{.*}}: memref<8x4xf32, #comm.symm_mem<@tp>>
// CHECK: symm_mem.one_shot_all_reduce<sum>
func.func @f(%x: tensor<8x4xf32>, %y: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %partial = linalg.add ins(%x, %y : tensor<8x4xf32>, tensor<8x4xf32>) outs(%e : tensor<8x4xf32>) -> tensor<8x4xf32>
  %sum = symm_mem.one_shot_all_reduce<sum> %partial on @tp : tensor<8x4xf32>
  return %sum : tensor<8x4xf32>
}
