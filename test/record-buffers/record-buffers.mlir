// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Allocations of static size, with function, place, bytes and memory; the stack and dynamic sizes are left out.

// RUN: symm-opt %s --record-buffers | FileCheck %s

// CHECK: module attributes {symm.buffers = [
// CHECK-SAME: {bytes = array<i64: 16>, loc = "{{.*}}record-buffers.mlir:[[#@LINE+8]]:8", name = "@f", space = "symm_mem @tp"},
// CHECK-SAME: {bytes = array<i64: 12>, loc = "{{.*}}record-buffers.mlir:[[#@LINE+8]]:8", name = "@f", space = "private"}
// CHECK-SAME: {{^}}]}
module {
comm.group @tp size(2) {symm_mem}

// CHECK: memref.alloc
func.func @f(%n: index) {
  %a = memref.alloc() : memref<4xf32, #comm.symm_mem<@tp>>
  %b = memref.alloc() : memref<2x3xbf16>
  %c = memref.alloc(%n) : memref<?xbf16>
  %d = memref.alloca() : memref<3xf32>
  return
}
}
