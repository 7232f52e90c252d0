// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --decompose-aggregates --verify-diagnostics

func.func @integers(%x: tensor<4x64xi32>, %out: tensor<4x64xi32>) -> tensor<4x64xi32> {
  // expected-error @+1 {{expected elements of f8, f16, bf16, f32 or f64, got i32}}
  %y = linalg.softmax dimension(1) ins(%x : tensor<4x64xi32>) outs(%out : tensor<4x64xi32>) -> tensor<4x64xi32>
  return %y : tensor<4x64xi32>
}
