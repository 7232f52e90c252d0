// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --approximate-math --split-input-file --verify-diagnostics
// RUN: not symm-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(approximate-math))' 2>&1 | FileCheck %s

func.func @double(%x: f64) -> f64 {
  // expected-error @+1 {{has no implementation on GPUs for this type; use f32}}
  %exponential = math.exp %x : f64
  return %exponential : f64
}

// -----

func.func @remainder_of_doubles(%x: f64) -> f64 {
  // expected-error @+1 {{'arith.remf' op has no implementation on GPUs for this type; use f32}}
  %rest = arith.remf %x, %x : f64
  return %rest : f64
}

// -----

func.func @power_of_double(%x: f64, %n: i32) -> f64 {
  // expected-error @+1 {{has no implementation on GPUs for this type; use f32}}
  %power = math.fpowi %x, %n : f64, i32
  return %power : f64
}

// -----

func.func @not_expanded(%x: f32) -> f32 {
  // expected-error @+1 {{has no implementation on GPUs; express it by others, as '--expand-functions' does}}
  %clamped = math.clampf %x to [%x, %x] : f32
  return %clamped : f32
}

// -----

func.func @wide_exponent(%x: f32, %n: i128) -> f32 {
  // expected-error @+1 {{has an exponent of more than 64 bits, which GPUs have no numbers of}}
  %power = math.fpowi %x, %n : f32, i128
  return %power : f32
}

// -----

// CHECK: needs a function of the module: run the pass on that
func.func @alone(%x: f32) -> f32 {
  %sine = math.sin %x : f32
  return %sine : f32
}
