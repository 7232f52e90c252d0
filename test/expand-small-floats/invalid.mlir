// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --expand-small-floats --verify-diagnostics

func.func @upward(%a: f32) -> bf16 {
  // expected-error@+1 {{rounds in a way that is not supported: expected to_nearest_even}}
  %0 = arith.truncf %a upward : f32 to bf16
  return %0 : bf16
}
