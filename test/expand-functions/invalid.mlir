// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --expand-functions --split-input-file --verify-diagnostics

func.func @exp(%x: complex<f32>) -> complex<f32> {
  %sum = complex.add %x, %x : complex<f32>
  // expected-error@+1 {{has no implementation; take the number apart by complex.re and complex.im, and use functions of math}}
  %y = complex.exp %sum : complex<f32>
  return %y : complex<f32>
}

// -----

func.func @normal(%x: f80) -> i1 {
  // expected-error@+1 {{has no implementation for f80; use f64}}
  %y = math.isnormal %x : f80
  return %y : i1
}
