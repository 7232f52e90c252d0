// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A constant of one value becomes a number where each iteration reads an element of it, an empty tensor where it is only written
// over, and a fill elsewhere: one of its own where it is written over.

// RUN: symm-opt %s --fill-splats --split-input-file | FileCheck %s

#row = affine_map<(i, j) -> (i, j)>
#line = affine_map<(i, j) -> (j)>
#none = affine_map<(i, j) -> (i)>

// CHECK-DAG: #[[NUMBER:.*]] = affine_map<(d0, d1) -> ()>
// CHECK-LABEL: func @generic
// CHECK: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK: %[[EMPTY:.*]] = tensor.empty() : tensor<4x8xf32>
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[NUMBER]], #{{.*}}]
// CHECK-SAME: ins(%arg0, %[[TWO]] : tensor<4x8xf32>, f32) outs(%[[EMPTY]] : tensor<4x8xf32>)
// CHECK-NOT: dense
func.func @generic(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %two = arith.constant dense<2.0> : tensor<8xf32>
  %zero = arith.constant dense<0.0> : tensor<4x8xf32>
  %y = linalg.generic {indexing_maps = [#row, #line, #row], iterator_types = ["parallel", "parallel"]}
      ins(%x, %two : tensor<4x8xf32>, tensor<8xf32>) outs(%zero : tensor<4x8xf32>) {
  ^bb0(%a: f32, %b: f32, %to: f32):
    %product = arith.mulf %a, %b : f32
    linalg.yield %product : f32
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Nothing else says how often the loop runs.
// CHECK-LABEL: func @bound
// CHECK: %[[FILL:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<8xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[FILL]] : tensor<8xf32>) outs(%arg0 : tensor<4xf32>)
func.func @bound(%x: tensor<4xf32>) -> tensor<4xf32> {
  %ones = arith.constant dense<1.0> : tensor<8xf32>
  %y = linalg.generic {indexing_maps = [#line, #none], iterator_types = ["parallel", "reduction"]}
      ins(%ones : tensor<8xf32>) outs(%x : tensor<4xf32>) {
  ^bb0(%a: f32, %to: f32):
    %sum = arith.addf %to, %a : f32
    linalg.yield %sum : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func @accumulators
// CHECK: %[[FIRST:.*]] = linalg.fill
// CHECK: linalg.matmul ins(%arg0, %arg0 : {{.*}}) outs(%[[FIRST]] :
// CHECK: %[[SECOND:.*]] = linalg.fill
// CHECK: linalg.matmul ins(%arg0, %arg0 : {{.*}}) outs(%[[SECOND]] :
func.func @accumulators(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant dense<0.0> : tensor<4x4xf32>
  %y = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%zero : tensor<4x4xf32>) -> tensor<4x4xf32>
  %z = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%zero : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y, %z : tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func @others
// CHECK: %[[ONE:.*]] = complex.constant [1.000000e+00 : f32, 2.000000e+00 : f32] : complex<f32>
// CHECK: %[[FILL:.*]] = linalg.fill ins(%[[ONE]] : complex<f32>)
// CHECK-NOT: linalg.fill
// CHECK: tensor.extract_slice %[[FILL]]
// CHECK: return %[[FILL]]
func.func @others(%i: index) -> (tensor<8xcomplex<f32>>, tensor<4xcomplex<f32>>) {
  %c = arith.constant dense<(1.0, 2.0)> : tensor<8xcomplex<f32>>
  %part = tensor.extract_slice %c[%i] [4] [1] : tensor<8xcomplex<f32>> to tensor<4xcomplex<f32>>
  return %c, %part : tensor<8xcomplex<f32>>, tensor<4xcomplex<f32>>
}

// CHECK-LABEL: func @stay
// CHECK-DAG: arith.constant dense<[1, 2]> : tensor<2xi32>
// CHECK-DAG: arith.constant dense<> : tensor<0xi32>
// CHECK-DAG: arith.constant dense<1> : vector<4xi32>
func.func @stay() -> (tensor<2xi32>, tensor<0xi32>, vector<4xi32>) {
  %two = arith.constant dense<[1, 2]> : tensor<2xi32>
  %none = arith.constant dense<> : tensor<0xi32>
  %vector = arith.constant dense<1> : vector<4xi32>
  return %two, %none, %vector : tensor<2xi32>, tensor<0xi32>, vector<4xi32>
}
