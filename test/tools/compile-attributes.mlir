// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A program that brings the compiler's own tables, names that are not UTF-8, places without a file.

// RUN: not symm-compile %s -o %t.so --entry=f 2>&1 | FileCheck %s --check-prefix=TABLE
// RUN: sed -e 's/symm.ops/other.ops/' %s > %t.mlir
// RUN: symm-compile %t.mlir -v -o %t.so --entry=f 2>&1 | FileCheck %s
// RUN: not symm-compile %t.mlir -o %t.so 2>&1 | FileCheck %s --check-prefix=NAME

// TABLE: has a malformed symm.ops, the compiler's own attribute: expected a text 'name'; take it away
// CHECK: entry f(x: 4xf32) -> (out0: 4xf32)
// NAME: error: 'func.func' op expected an entry named with letters, digits and '_', got @g
module attributes {symm.ops = [{}]} {
  func.func @f(%x: tensor<4xf32> loc("":1:1)) -> tensor<4xf32> {
    return %x : tensor<4xf32> loc("":1:1)
  } loc("":1:1)
  func.func @"g\FF"(%x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
}
