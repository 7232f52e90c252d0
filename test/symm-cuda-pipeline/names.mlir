// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Kernels are named after functions, and each has a name of its own whatever these are called.

// RUN: symm-opt %s --symm-cuda-pipeline | FileCheck %s

// CHECK: llvm.func @symm_f({{.*}}gpu.kernel
// CHECK: llvm.func @symm_f_0({{.*}}gpu.kernel
// CHECK: llvm.func @symm_f_0_1({{.*}}gpu.kernel
func.func @f(%x: tensor<4xf32>, %y: tensor<8xf32>) -> (tensor<f32>, tensor<f32>) {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %a = linalg.reduce { arith.addf } ins(%x : tensor<4xf32>) outs(%zero : tensor<f32>) dimensions = [0]
  %b = linalg.reduce { arith.addf } ins(%y : tensor<8xf32>) outs(%zero : tensor<f32>) dimensions = [0]
  return %a, %b : tensor<f32>, tensor<f32>
}

func.func @f_0(%x: tensor<4xf32>) -> tensor<f32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %a = linalg.reduce { arith.addf } ins(%x : tensor<4xf32>) outs(%zero : tensor<f32>) dimensions = [0]
  return %a : tensor<f32>
}
