// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the runtime can't give or take.

// RUN: symm-opt %s --create-entry-points --split-input-file --verify-diagnostics

// expected-error@+1 {{expected argument #0 to be a ranked tensor or memref, got f32}}
func.func @scalar(%x: f32) {
  return
}

// -----

// expected-error@+1 {{expected result #0 to be of static shape, got memref<?xf32>}}
func.func @dynamic(%x: memref<2xf32>) -> memref<?xf32> {
  %0 = memref.cast %x : memref<2xf32> to memref<?xf32>
  return %0 : memref<?xf32>
}

// -----

// expected-error@+1 {{expected argument #1 to be of an element type that collectives can move, got memref<2xi7>}}
func.func @element(%x: memref<2xf32>, %y: memref<2xi7>) {
  return
}

// -----

// expected-error@+1 {{expected argument #0 to be row-major and contiguous, got memref<2x2xf32, strided<[4, 1]>>}}
func.func @strided(%x: memref<2x2xf32, strided<[4, 1]>>) {
  return
}

// -----

// expected-error@+1 {{expected argument #0 to be of less than 2^63 bytes, got memref<4611686018427387904x1024xf32>}}
func.func @huge(%x: memref<4611686018427387904x1024xf32>) {
  return
}

// -----

// expected-error@+1 {{expected argument #0 to be of less than 2^63 bytes, got memref<2305843009213693952xf32>}}
func.func @too_large(%x: memref<2305843009213693952xf32>) {
  return
}

// -----

// expected-error@+1 {{expected an entry named with letters, digits and '_', got @a.b}}
func.func @a.b() {
  return
}

// -----

// expected-error@+1 {{expected a public function with a body as entry, got none}}
module {
  func.func private @f() {
    return
  }
}
