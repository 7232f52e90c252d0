// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Copies that are no memcpy become loops; the others stay.

// RUN: symm-opt %s --expand-strided-copies --canonicalize | FileCheck %s

// CHECK-LABEL: func @strided
// CHECK: %[[FROM:.*]] = memref.subview
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK: %[[X:.*]] = memref.load %[[FROM]][%[[I]], %[[J]]]
// CHECK: memref.store %[[X]], %arg1[%[[I]], %[[J]]]
// CHECK-NOT: memref.copy %[[FROM]]
// CHECK: memref.copy %arg1, %arg2
func.func @strided(%a: memref<4x4xf32>, %b: memref<2x2xf32>, %c: memref<2x2xf32>) {
  %s = memref.subview %a[1, 1] [2, 2] [1, 1] : memref<4x4xf32> to memref<2x2xf32, strided<[4, 1], offset: 5>>
  memref.copy %s, %b : memref<2x2xf32, strided<[4, 1], offset: 5>> to memref<2x2xf32>
  memref.copy %b, %c : memref<2x2xf32> to memref<2x2xf32>
  return
}

// CHECK-LABEL: func @rank_zero
// CHECK-NOT: scf.for
// CHECK: %[[X:.*]] = memref.load %arg0[]
// CHECK: memref.store %[[X]], %arg1[]
func.func @rank_zero(%a: memref<f32, strided<[], offset: 1>>, %b: memref<f32>) {
  memref.copy %a, %b : memref<f32, strided<[], offset: 1>> to memref<f32>
  return
}

// CHECK-LABEL: func @dynamic
// CHECK: %[[N:.*]] = memref.dim %arg0
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[N]]
func.func @dynamic(%a: memref<?x4xf32, strided<[8, 1]>>, %b: memref<?x4xf32>) {
  memref.copy %a, %b : memref<?x4xf32, strided<[8, 1]>> to memref<?x4xf32>
  return
}
