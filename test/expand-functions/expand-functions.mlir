// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --expand-functions --canonicalize | FileCheck %s

// CHECK-LABEL: func @infinite
// CHECK-SAME: (%[[X:.*]]: vector<4xbf16>, %{{.*}}: f8E4M3FN)
// CHECK-DAG: %[[NONE:.*]] = arith.constant false
// CHECK-DAG: %[[INFINITY:.*]] = arith.constant dense<0x7F80> : vector<4xbf16>
// CHECK: %[[MAGNITUDE:.*]] = math.absf %[[X]] : vector<4xbf16>
// CHECK: %[[IS:.*]] = arith.cmpf oeq, %[[MAGNITUDE]], %[[INFINITY]] : vector<4xbf16>
// CHECK: return %[[IS]], %[[NONE]]
func.func @infinite(%x: vector<4xbf16>, %y: f8E4M3FN) -> (vector<4xi1>, i1) {
  %a = math.isinf %x : vector<4xbf16>
  %b = math.isinf %y : f8E4M3FN
  return %a, %b : vector<4xi1>, i1
}

// Normal in f16, not in a wider type.
// CHECK-LABEL: func @normal
// CHECK-DAG: %[[LEAST:.*]] = arith.constant 6.103520e-05 : f16
// CHECK-DAG: %[[LEAST8:.*]] = arith.constant 1.562500e-02 : f8E4M3FN
// CHECK: %[[LARGE:.*]] = arith.cmpf oge, %{{.*}}, %[[LEAST]] : f16
// CHECK: %[[FINITE:.*]] = arith.cmpf olt, %{{.*}}, %{{.*}} : f16
// CHECK: arith.andi %[[LARGE]], %[[FINITE]]
// CHECK: arith.cmpf oge, %{{.*}}, %[[LEAST8]] : f8E4M3FN
// CHECK-NOT: arith.cmpf
func.func @normal(%x: f16, %y: f8E4M3FN) -> (i1, i1) {
  %a = math.isnormal %x : f16
  %b = math.isnormal %y : f8E4M3FN
  return %a, %b : i1, i1
}

// CHECK-LABEL: func @clamp
// CHECK-SAME: (%[[X:.*]]: f32, %[[LOWER:.*]]: f32, %[[UPPER:.*]]: f32)
// CHECK: %[[SMALLER:.*]] = arith.minimumf %[[X]], %[[UPPER]] : f32
// CHECK: arith.maximumf %[[SMALLER]], %[[LOWER]] : f32
func.func @clamp(%x: f32, %lower: f32, %upper: f32) -> f32 {
  %y = math.clampf %x to [%lower, %upper] : f32
  return %y : f32
}

// A product and a square for each bit but the sign: the first product is by one, and nobody uses the last square.
// CHECK-LABEL: func @power
// CHECK-COUNT-12: arith.muli %{{.*}} : vector<2xi8>
// CHECK-NOT: arith.muli %{{.*}}, %{{.*}} : vector<2xi8>
func.func @power(%x: vector<2xi8>, %y: vector<2xi8>) -> vector<2xi8> {
  %z = math.ipowi %x, %y : vector<2xi8>
  return %z : vector<2xi8>
}

// CHECK-LABEL: func @fused
// CHECK-COUNT-3: arith.extf %{{.*}} : f8E5M2 to f32
// CHECK: math.fma {{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f8E5M2
// CHECK: math.fma {{.*}} : bf16
func.func @fused(%x: f8E5M2, %y: bf16) -> (f8E5M2, bf16) {
  %a = math.fma %x, %x, %x : f8E5M2
  %b = math.fma %y, %y, %y : bf16
  return %a, %b : f8E5M2, bf16
}

// CHECK-LABEL: func @complex
// CHECK-SAME: (%[[X:[a-z0-9]*]]: complex<f32>
// CHECK: %[[RE:.*]] = complex.re %[[X]]
// CHECK: %[[IM:.*]] = complex.im %[[X]]
// CHECK: %[[MINUS:.*]] = arith.negf %[[IM]]
// CHECK: complex.create %[[RE]], %[[MINUS]]
// CHECK: complex.create
// CHECK: %[[FIRST:.*]] = arith.cmpf oeq
// CHECK: %[[SECOND:.*]] = arith.cmpf oeq
// CHECK: arith.andi %[[FIRST]], %[[SECOND]] : i1
// CHECK: arith.cmpf une
// CHECK: arith.ori
func.func @complex(%x: complex<f32>, %y: complex<f32>) -> (complex<f32>, complex<f32>, i1, i1) {
  %a = complex.conj %x : complex<f32>
  %b = complex.neg %x : complex<f32>
  %c = complex.eq %x, %y : complex<f32>
  %d = complex.neq %x, %y : complex<f32>
  return %a, %b, %c, %d : complex<f32>, complex<f32>, i1, i1
}

// Near 0, exp(x) - 1 has lost what x was.
// CHECK-LABEL: func @minus_one
// CHECK-SAME: (%[[SHORT:.*]]: vector<2xf16>)
// CHECK: %[[X:.*]] = arith.extf %[[SHORT]] : vector<2xf16> to vector<2xf32>
// CHECK: %[[POWER:.*]] = math.exp %[[X]]
// CHECK: %[[DIFFERENCE:.*]] = arith.subf %[[POWER]]
// CHECK: %[[LOG:.*]] = math.log %[[POWER]]
// CHECK: %[[QUOTIENT:.*]] = arith.divf %[[X]], %[[LOG]]
// CHECK: arith.mulf %[[DIFFERENCE]], %[[QUOTIENT]]
// CHECK-COUNT-2: arith.select
// CHECK: %[[Y:.*]] = arith.select %{{.*}}, %[[X]], %{{.*}}
// CHECK: arith.truncf %[[Y]] : vector<2xf32> to vector<2xf16>
func.func @minus_one(%x: vector<2xf16>) -> vector<2xf16> {
  %y = math.expm1 %x : vector<2xf16>
  return %y : vector<2xf16>
}

// Kernels have a function of their own for it.
// CHECK: gpu.module
// CHECK: math.expm1
gpu.module @kernels {
  func.func @minus_one(%x: f32) -> f32 {
    %y = math.expm1 %x : f32
    return %y : f32
  }
}
