// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each public function gets a wrapper that unpacks descriptors and copies results out.

// RUN: symm-opt %s --create-entry-points | FileCheck %s
// RUN: symm-opt %s --create-entry-points=entries=g | FileCheck %s --check-prefix=ONE
// RUN: not symm-opt %s --create-entry-points=entries=g,h 2>&1 | FileCheck %s --check-prefix=MISSING

// CHECK: symm.entries = [
// CHECK-SAME: {args = [{dtype = "f32", name = "x", shape = array<i64: 4>}, {dtype = "bf16", name = "arg1", shape = array<i64: 2, 3>}], name = "f", results = [{dtype = "f32", name = "out0", shape = array<i64: 4>}], symbol = "symm_entry_f"},
// CHECK-SAME: {args = [], name = "g", results = [], symbol = "symm_entry_g"}]

// CHECK: func.func private @f
// CHECK: func.func public @symm_entry_f(%[[ARGS:.*]]: !llvm.ptr)
// CHECK: %[[RESULT:.*]] = call @f(
// CHECK: llvm.getelementptr %[[ARGS]][16]
// CHECK: memref.copy %[[RESULT]], %{{.*}} : memref<4xf32> to memref<4xf32>
// CHECK: memref.dealloc %[[RESULT]]
func.func @f(%x: memref<4xf32> loc("x"), %y: memref<2x3xbf16>) -> memref<4xf32> {
  %a = memref.alloc() : memref<4xf32>
  memref.copy %x, %a : memref<4xf32> to memref<4xf32>
  return %a : memref<4xf32>
}

// CHECK-NOT: @symm_entry_helper
func.func private @helper() {
  return
}

// CHECK: func.func public @symm_entry_g(
func.func @g() {
  return
}

// ONE: symm.entries = [{args = [], name = "g", results = [], symbol = "symm_entry_g"}]
// ONE: func.func private @f
// ONE-NOT: @symm_entry_f

// MISSING: error: no public function @h with a body; there is: @f, @g
