// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What no pass has made LLVM's is named, and where it would run.

// RUN: not symm-compile %s -o %t.so 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not symm-compile --device=cuda %s -o %t.so 2>&1 | FileCheck %s --check-prefix=HOST

// CPU: compile-left.mlir:[[#@LINE+2]]:1: error: 'emitc.global' op cannot be lowered to code for CPU; express it in ops that MLIR converts to LLVM
// HOST: compile-left.mlir:[[#@LINE+1]]:1: error: 'emitc.global' op cannot be lowered to code for the host of a GPU; express it in ops that MLIR converts to LLVM
emitc.global @g : i32

func.func @f() {
  return
}
