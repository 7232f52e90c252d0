// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// From tensors to placed buffers: the road of the documentation, in symm-opt and in
// stock mlir-opt with the plugin. What produces the data writes it straight into
// symmetric memory.

// RUN: symm-opt %s --lower-comm="protocol=pull one-shot-threshold-bytes=131072" --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --place-symmetric-buffers > %t.symm-opt
// RUN: FileCheck %s < %t.symm-opt
// RUN: %mlir_opt_symm %s --pass-pipeline='builtin.module(lower-comm{protocol=pull one-shot-threshold-bytes=131072},one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},canonicalize,place-symmetric-buffers)' > %t.mlir-opt
// RUN: diff %t.symm-opt %t.mlir-opt
// RUN: symm-opt %t.symm-opt --place-symmetric-buffers | diff %t.symm-opt -

// CHECK: module attributes {comm.placed}
comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @mlp(
// CHECK-SAME: %[[H:.*]]: memref<8x64xbf16>, %[[W:.*]]: memref<64x4096xbf16>) -> memref<8x4096xbf16>
func.func @mlp(%h: tensor<8x64xbf16>, %w: tensor<64x4096xbf16>) -> tensor<8x4096xbf16> {
  %zero = arith.constant 0.0 : bf16
  %empty = tensor.empty() : tensor<8x4096xbf16>
  // CHECK: %[[BUF:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4096xbf16, #comm.symm_mem<@tp>>
  %init = linalg.fill ins(%zero : bf16) outs(%empty : tensor<8x4096xbf16>) -> tensor<8x4096xbf16>
  // CHECK: linalg.matmul ins(%[[H]], %[[W]] : {{.*}}) outs(%[[BUF]] : memref<8x4096xbf16, #comm.symm_mem<@tp>>)
  %partial = linalg.matmul ins(%h, %w : tensor<8x64xbf16>, tensor<64x4096xbf16>) outs(%init : tensor<8x4096xbf16>) -> tensor<8x4096xbf16>
  // CHECK-NEXT: %[[OUT:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4096xbf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[BUF]] : memref<8x4096xbf16, #comm.symm_mem<@tp>>) outs(%[[OUT]] : memref<8x4096xbf16>) on @tp
  %sum = c10d.all_reduce<sum> %partial on @tp : tensor<8x4096xbf16>
  %y = c10d.wait_tensor %sum : tensor<8x4096xbf16>
  // CHECK-NEXT: return %[[OUT]] : memref<8x4096xbf16>
  return %y : tensor<8x4096xbf16>
}
