// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --approximate-math --split-input-file | FileCheck %s
// RUN: symm-opt %s --approximate-math --split-input-file | symm-opt --approximate-math --split-input-file | FileCheck %s

// Every function of f32 is a call, or instructions.
// CHECK-LABEL: func.func @functions
func.func @functions(%x: f32, %y: f32, %n: i32) -> f32 {
  // CHECK-NOT: math.
  // CHECK: llvm.call @symm.acos(%{{.*}}) : (f32) -> f32
  %0 = math.acos %x : f32
  // CHECK: llvm.call @symm.acosh
  %1 = math.acosh %0 : f32
  // CHECK: llvm.call @symm.asin(
  %2 = math.asin %1 : f32
  // CHECK: llvm.call @symm.asinh
  %3 = math.asinh %2 : f32
  // CHECK: llvm.call @symm.atan(
  %4 = math.atan %3 : f32
  // CHECK: llvm.call @symm.atan2(%{{.*}}, %{{.*}}) : (f32, f32) -> f32
  %5 = math.atan2 %4, %y : f32
  // CHECK: llvm.call @symm.atanh
  %6 = math.atanh %5 : f32
  // CHECK: llvm.call @symm.cbrt
  %7 = math.cbrt %6 : f32
  // CHECK: llvm.call @symm.cos(
  %8 = math.cos %7 : f32
  // CHECK: llvm.call @symm.cosh
  %9 = math.cosh %8 : f32
  // CHECK: llvm.call @symm.erf(
  %10 = math.erf %9 : f32
  // CHECK: llvm.call @symm.erfc
  %11 = math.erfc %10 : f32
  // CHECK: llvm.call @symm.exp(
  %12 = math.exp %11 : f32
  // CHECK: llvm.call @symm.exp2
  %13 = math.exp2 %12 : f32
  // CHECK: llvm.call @symm.expm1
  %14 = math.expm1 %13 : f32
  // CHECK: arith.extsi %{{.*}} : i32 to i64
  // CHECK: llvm.call @symm.fpowi(%{{.*}}, %{{.*}}) : (f32, i64) -> f32
  %15 = math.fpowi %14, %n : f32, i32
  // CHECK: llvm.call @symm.log(
  %16 = math.log %15 : f32
  // CHECK: llvm.call @symm.log10
  %17 = math.log10 %16 : f32
  // CHECK: llvm.call @symm.log1p
  %18 = math.log1p %17 : f32
  // CHECK: llvm.call @symm.log2
  %19 = math.log2 %18 : f32
  // CHECK: llvm.call @symm.powf
  %20 = math.powf %19, %y : f32
  // CHECK: llvm.call @symm.remf
  %remainder = arith.remf %20, %y : f32
  // CHECK: llvm.call_intrinsic "llvm.sqrt.f32"
  // CHECK: arith.divf
  %21 = math.rsqrt %remainder : f32
  // CHECK: llvm.call @symm.sin(
  %22 = math.sin %21 : f32
  // CHECK: llvm.call @symm.sin(
  // CHECK: llvm.call @symm.cos(
  %23, %24 = math.sincos %22 : f32
  // CHECK: llvm.call @symm.sinh
  %25 = math.sinh %23 : f32
  // CHECK: llvm.call @symm.tan(
  %26 = math.tan %24 : f32
  // CHECK: llvm.call @symm.tanh
  %27 = math.tanh %25 : f32
  %28 = math.fma %26, %27, %x : f32
  // CHECK: llvm.call_intrinsic "llvm.fma.f32"
  // CHECK: return
  return %28 : f32
}

// -----

// What is called is there, with what it calls, and nothing else.
// CHECK-LABEL: func.func @sine
func.func @sine(%x: f32) -> f32 {
  %0 = math.sin %x : f32
  return %0 : f32
}
// CHECK-NOT: @symm.exp
// CHECK-DAG: llvm.func internal @symm.sin(%{{.*}}: f32) -> f32
// CHECK-DAG: llvm.func internal @symm.reduce(
// CHECK-DAG: llvm.func internal @symm.two_over_pi(
// CHECK-NOT: @symm.exp

// -----

// Each module has its own.
// CHECK-LABEL: gpu.module @first
// CHECK: llvm.func internal @symm.exp(
gpu.module @first {
  func.func @f(%x: f32) -> f32 {
    %0 = math.exp %x : f32
    return %0 : f32
  }
}
// CHECK-LABEL: gpu.module @second
// CHECK: llvm.func internal @symm.exp(
gpu.module @second {
  func.func @f(%x: f32) -> f32 {
    %0 = math.exp %x : f32
    return %0 : f32
  }
}

// -----

// CHECK-LABEL: func.func @short
// CHECK-SAME: (%[[H:.*]]: f16, %[[B:.*]]: vector<2xbf16>)
func.func @short(%h: f16, %b: vector<2xbf16>) -> (f16, vector<2xbf16>) {
  // CHECK: %[[WIDE:.*]] = arith.extf %[[H]] : f16 to f32
  // CHECK: %[[LOG:.*]] = llvm.call @symm.log(%[[WIDE]])
  // CHECK: arith.truncf %[[LOG]] : f32 to f16
  %logarithm = math.log %h : f16
  // CHECK: arith.extf %[[B]] : vector<2xbf16> to vector<2xf32>
  // CHECK: llvm.call_intrinsic "llvm.sqrt.v2f32"
  // CHECK: arith.truncf %{{.*}} : vector<2xf32> to vector<2xbf16>
  %root = math.sqrt %b : vector<2xbf16>
  return %logarithm, %root : f16, vector<2xbf16>
}

// -----

// Powers by constants are products and roots where these are as exact.
// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.*]]: f32, %[[D:.*]]: f64)
func.func @powers(%x: f32, %d: f64) -> (f32, f32, f32, f32, f64, f64) {
  %three = arith.constant 3.0 : f32
  %four = arith.constant 4.0 : f32
  %minus_half = arith.constant -0.5 : f32
  %one = arith.constant 1 : i32
  %minus_four = arith.constant -4.0 : f64
  // CHECK: %[[SQUARE:.*]] = arith.mulf %[[X]], %[[X]] : f32
  // CHECK: arith.mulf %[[X]], %[[SQUARE]] : f32
  %cube = math.powf %x, %three : f32
  // CHECK: llvm.call @symm.powf
  %long = math.powf %x, %four : f32
  // CHECK: llvm.call_intrinsic "llvm.sqrt.f32"
  // CHECK: arith.divf
  %root = math.powf %x, %minus_half : f32
  %itself = math.fpowi %x, %one : f32, i32
  // CHECK: %[[SQUARE:.*]] = arith.mulf %[[D]], %[[D]] : f64
  // CHECK: %[[FOURTH:.*]] = arith.mulf %[[SQUARE]], %[[SQUARE]] : f64
  // CHECK: arith.divf %{{.*}}, %[[FOURTH]] : f64
  %double = math.powf %d, %minus_four : f64
  // CHECK: llvm.call_intrinsic "llvm.sqrt.f64"
  // CHECK: arith.divf
  %inverse = math.rsqrt %d : f64
  // CHECK: return %{{.*}}, %{{.*}}, %{{.*}}, %[[X]],
  return %cube, %long, %root, %itself, %double, %inverse : f32, f32, f32, f32, f64, f64
}

// -----

func.func @vectors(%v: vector<4xf32>, %m: vector<2x4xf32>, %n: vector<2x4xf32>, %s: vector<f32>, %x: f32, %y: f32) -> (vector<4xf32>, vector<2x4xf32>, vector<f32>, f32, vector<f32>, vector<2x4xf32>) {
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
  // CHECK: vector.extract %{{.*}}[] : f32 from vector<f32>
  // CHECK: llvm.call @symm.exp
  // CHECK: vector.insert %{{.*}}, %{{.*}} [] : f32 into vector<f32>
  %exponential = math.exp %s : vector<f32>
  // CHECK: vector.extract %{{.*}}[0, 0] : f32 from vector<2x4xf32>
  // CHECK-COUNT-8: llvm.call @symm.powf
  // CHECK: vector.insert %{{.*}}, %{{.*}} [1, 3] : f32 into vector<2x4xf32>
  %power = math.powf %m, %n : vector<2x4xf32>
  return %root, %larger, %below, %smaller, %exponential, %power : vector<4xf32>, vector<2x4xf32>, vector<f32>, f32, vector<f32>, vector<2x4xf32>
}

// -----

// Functions are not inlined a hundred times.
// CHECK-LABEL: func.func @long_vector
func.func @long_vector(%v: vector<17xf32>) -> vector<17xf32> {
  // CHECK-COUNT-17: llvm.call @symm.exp(%{{.*}}) {no_inline}
  %exponential = math.exp %v : vector<17xf32>
  return %exponential : vector<17xf32>
}
