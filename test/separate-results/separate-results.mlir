// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --separate-results | FileCheck %s

// CHECK-LABEL: func.func @same
// CHECK:         %[[A:.*]] = memref.alloc() : memref<4xf32>
// CHECK:         %[[COPY:.*]] = memref.alloc() : memref<4xf32>
// CHECK:         memref.copy %[[A]], %[[COPY]]
// CHECK:         return %[[A]], %[[COPY]]
func.func @same() -> (memref<4xf32>, memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  return %a, %a : memref<4xf32>, memref<4xf32>
}

// CHECK-LABEL: func.func @distinct
// CHECK-NOT:     memref.copy
func.func @distinct(%x: memref<4xf32>) -> (memref<4xf32>, memref<4xf32>, memref<4xf32>, index) {
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() : memref<4xf32>
  %c = arith.constant 0 : index
  return %a, %b, %x, %c : memref<4xf32>, memref<4xf32>, memref<4xf32>, index
}

// CHECK-LABEL: func.func @perhaps
// CHECK:         %[[CHOICE:.*]] = arith.select
// CHECK:         memref.copy %[[CHOICE]]
func.func @perhaps(%c: i1) -> (memref<4xf32>, memref<4xf32>) {
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() : memref<4xf32>
  %r = arith.select %c, %a, %b : memref<4xf32>
  return %a, %r : memref<4xf32>, memref<4xf32>
}
