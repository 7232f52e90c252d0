// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --approximate-math --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @functions
func.func @functions(%x: f32, %h: f16) -> (f32, f32, f32, f16) {
  // CHECK: llvm.call_intrinsic "llvm.fma.f32"
  // CHECK-NOT: math.
  %exponential = math.exp %x : f32
  %hyperbolic = math.tanh %x : f32
  // CHECK: llvm.call_intrinsic "llvm.sqrt.f32"(%{{.*}}) : (f32) -> f32
  %root = math.sqrt %x : f32
  // CHECK: arith.extf %{{.*}} : f16 to f32
  %logarithm = math.log %h : f16
  // CHECK: return
  return %exponential, %hyperbolic, %root, %logarithm : f32, f32, f32, f16
}

// -----

func.func @vectors(%v: vector<4xf32>, %m: vector<2x4xf32>, %n: vector<2x4xf32>, %s: vector<f32>, %x: f32, %y: f32) -> (vector<4xf32>, vector<2x4xf32>, vector<f32>, f32) {
  // CHECK-LABEL: func.func @vectors
  // CHECK: llvm.call_intrinsic "llvm.sqrt.v4f32"(%{{.*}}) : (vector<4xf32>) -> vector<4xf32>
  %root = math.sqrt %v : vector<4xf32>
  // CHECK: vector.extract %{{.*}}[0] : vector<4xf32> from vector<2x4xf32>
  // CHECK: llvm.call_intrinsic "llvm.maxnum.v4f32"
  // CHECK: vector.insert %{{.*}}, %{{.*}} [0]
  // CHECK: llvm.call_intrinsic "llvm.maxnum.v4f32"
  // CHECK: vector.insert %{{.*}}, %{{.*}} [1]
  %larger = arith.maxnumf %m, %n : vector<2x4xf32>
  // CHECK: llvm.call_intrinsic "llvm.floor.f32"
  %below = math.floor %s : vector<f32>
  // CHECK: llvm.call_intrinsic "llvm.minnum.f32"
  %smaller = arith.minnumf %x, %y : f32
  return %root, %larger, %below, %smaller : vector<4xf32>, vector<2x4xf32>, vector<f32>, f32
}

// -----

func.func @double(%x: f64) -> f64 {
  // expected-error @+1 {{has no implementation on GPUs for this type; use f32}}
  %exponential = math.exp %x : f64
  return %exponential : f64
}
