// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the integer arithmetic gives: constants go through it and are folded.

// RUN: symm-opt %s --expand-small-floats --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func @exact
// CHECK-DAG: 1.500000e+00 : f32
// CHECK-DAG: -0.000000e+00 : bf16
// CHECK-DAG: 5.960460e-08 : f16
// CHECK-NOT: arith.extf
// CHECK-NOT: arith.truncf
func.func @exact() -> (f32, bf16, f16) {
  %a = arith.constant 1.5 : bf16
  %b = arith.constant -0.0 : f32
  // The smallest subnormal.
  %c = arith.constant 5.9604644775390625e-08 : f32
  %0 = arith.extf %a : bf16 to f32
  %1 = arith.truncf %b : f32 to bf16
  %2 = arith.truncf %c : f32 to f16
  return %0, %1, %2 : f32, bf16, f16
}

// -----

// CHECK-LABEL: func @ties_to_even
// CHECK-DAG: 1.000000e+00 : bf16
// CHECK-DAG: 1.015630e+00 : bf16
// CHECK-DAG: 4.480000e+02 : f8E4M3FN
func.func @ties_to_even() -> (bf16, bf16, f8E4M3FN) {
  %a = arith.constant 1.00390625 : f32
  %b = arith.constant 1.01171875 : f32
  %c = arith.constant 464.0 : f32
  %0 = arith.truncf %a : f32 to bf16
  %1 = arith.truncf %b : f32 to bf16
  %2 = arith.truncf %c : f32 to f8E4M3FN
  return %0, %1, %2 : bf16, bf16, f8E4M3FN
}

// -----

// Too large a value becomes NaN where there is no infinity.
// CHECK-LABEL: func @too_large
// CHECK-DAG: 0x7F : f8E4M3FN
// CHECK-DAG: 0x7C : f8E5M2
// CHECK-DAG: 0xFC00 : f16
func.func @too_large() -> (f8E4M3FN, f8E5M2, f16) {
  %a = arith.constant 1.0e6 : f32
  %b = arith.constant -1.0e6 : f32
  %0 = arith.truncf %a : f32 to f8E4M3FN
  %1 = arith.truncf %a : f32 to f8E5M2
  %2 = arith.truncf %b : f32 to f16
  return %0, %1, %2 : f8E4M3FN, f8E5M2, f16
}

// -----

// Rounded once: by way of f32, which rounds to 1.00390625, both would become 1.
// CHECK-LABEL: func @from_f64
// CHECK-DAG: 1.007810e+00 : bf16
// CHECK-DAG: -1.000980e+00 : f16
// CHECK-DAG: 0x7E00 : f16
func.func @from_f64() -> (bf16, f16, f16) {
  %a = arith.constant 1.003906250001 : f64
  %b = arith.constant -1.000488281251 : f64
  %c = arith.constant 0x7FF8000000000000 : f64
  %0 = arith.truncf %a : f64 to bf16
  %1 = arith.truncf %b : f64 to f16
  %2 = arith.truncf %c : f64 to f16
  return %0, %1, %2 : bf16, f16, f16
}

// -----

// Vectors are converted like their elements; what LLVM converts stays.
// CHECK-LABEL: func @vector
// CHECK-NOT: arith.extf %{{.*}} : vector
// CHECK: arith.bitcast %{{.*}} : vector<4xi32> to vector<4xf32>
// CHECK: arith.extf %{{.*}} : f32 to f64
func.func @vector(%a: vector<4xbf16>, %b: f32) -> (vector<4xf32>, f64) {
  %0 = arith.extf %a : vector<4xbf16> to vector<4xf32>
  %1 = arith.extf %b : f32 to f64
  return %0, %1 : vector<4xf32>, f64
}
