// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// symm-translate parses modules with Symm's attributes and translates what has
// been lowered to LLVM.
//
// RUN: symm-translate --mlir-to-llvmir %s | FileCheck %s

// CHECK: define i32 @f(i32 %0)
module attributes {comm.world_size = 4 : i64} {
  llvm.func @f(%x: i32) -> i32 {
    llvm.return %x : i32
  }
}
