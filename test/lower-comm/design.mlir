// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The example of the documentation, to the letter; in symm-opt and in stock mlir-opt.

// RUN: symm-opt %s --lower-comm | FileCheck %s
// RUN: symm-opt %s --pass-pipeline="builtin.module(lower-comm{auto-select=true one-shot-threshold-bytes=131072 protocol=pull})" | FileCheck %s
// RUN: %mlir_opt_symm %s --pass-pipeline="builtin.module(lower-comm)" | FileCheck %s
// RUN: %mlir_opt_symm %s --pass-pipeline="builtin.module(lower-comm,empty-tensor-to-alloc-tensor,one-shot-bufferize{bufferize-function-boundaries})" \
// RUN:   | FileCheck %s --check-prefix=BUFFERS

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @mlp(
// BUFFERS-LABEL: func.func @mlp(
func.func @mlp(%x: tensor<8x4096xbf16>, %w: tensor<4096x4096xbf16>) -> tensor<8x4096xbf16> {
  %zero = arith.constant 0.0 : bf16
  %empty = tensor.empty() : tensor<8x4096xbf16>
  %init = linalg.fill ins(%zero : bf16) outs(%empty : tensor<8x4096xbf16>) -> tensor<8x4096xbf16>
  // CHECK: %[[PARTIAL:.*]] = linalg.matmul
  // BUFFERS: linalg.matmul {{.*}} outs(%[[BUF:.*]] : memref<8x4096xbf16>)
  %partial = linalg.matmul ins(%x, %w : tensor<8x4096xbf16>, tensor<4096x4096xbf16>)
                           outs(%init : tensor<8x4096xbf16>) -> tensor<8x4096xbf16>
  // CHECK-NEXT: %[[SUM:.*]] = symm_mem.one_shot_all_reduce<sum> %[[PARTIAL]] on @tp : tensor<8x4096xbf16>
  // BUFFERS-NEXT: %[[OUT:.*]] = memref.alloc() {{.*}} : memref<8x4096xbf16>
  // BUFFERS-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[BUF]] : memref<8x4096xbf16>) outs(%[[OUT]] : memref<8x4096xbf16>) on @tp
  %sum = c10d.all_reduce<sum> %partial on @tp : tensor<8x4096xbf16>
  %y   = c10d.wait_tensor %sum : tensor<8x4096xbf16>
  // CHECK-NEXT: return %[[SUM]]
  // BUFFERS: return %[[OUT]]
  return %y : tensor<8x4096xbf16>
}
