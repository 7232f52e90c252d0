// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the program frees, it frees itself; the rest is the compiler's.

// RUN: symm-opt %s --keep-deallocations --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @own
// CHECK: memref.alloc() {bufferization.manual_deallocation} : memref<4xf32>
// CHECK: memref.alloc() : memref<5xf32>
// CHECK: memref.dealloc %{{.*}} {bufferization.manual_deallocation} : memref<4xf32>
func.func @own() {
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() : memref<5xf32>
  memref.dealloc %a : memref<4xf32>
  return
}

// -----

func.func @argument(%a: memref<4xf32>) {
  // expected-error@+1 {{frees a buffer whose allocation is not in the same function; drop it: the compiler frees what the program does not}}
  memref.dealloc %a : memref<4xf32>
  return
}
