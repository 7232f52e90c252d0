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

func.func @double(%x: f64) -> f64 {
  // expected-error @+1 {{has no implementation on GPUs for this type; use f32}}
  %exponential = math.exp %x : f64
  return %exponential : f64
}
