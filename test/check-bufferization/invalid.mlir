// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --check-bufferization --split-input-file --verify-diagnostics

func.func @gather(%x: tensor<8x6xf32>, %i: tensor<3x1xi32>) -> tensor<3x6xf32> {
  // expected-error@+1 {{works on tensors and has no form on buffers; express it by linalg.generic with tensor.extract in it}}
  %y = tensor.gather %x[%i] gather_dims([0]) : (tensor<8x6xf32>, tensor<3x1xi32>) -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}

// -----

func.func @tosa(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{express it by --tosa-to-linalg, run before}}
  %y = tosa.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{express it by ops of linalg, tensor and arith}}
  %y = math.exp %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @transposed(%x: memref<4x6xf32>) -> memref<6x4xf32, strided<[1, 6]>> {
  %t = memref.transpose %x (i, j) -> (j, i) : memref<4x6xf32> to memref<6x4xf32, strided<[1, 6]>>
  // expected-error@+1 {{expected result #0 to be row-major and contiguous, got memref<6x4xf32, strided<[1, 6]>>; return a copy of it in a fresh buffer}}
  return %t : memref<6x4xf32, strided<[1, 6]>>
}

// -----

memref.global "private" @half : memref<536870912xi8>
// expected-error@+1 {{has 536870913 bytes, with which the constants of the program are more than the 1073741824 that an artifact holds; pass the values as an argument}}
memref.global "private" constant @more : memref<536870913xi8> = dense<1>

// -----

func.func @missing() -> tensor<2xf32> {
  // expected-error@+1 {{has its values in a resource that is not there; give it in dialect_resources}}
  %x = arith.constant dense_resource<missing> : tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

// expected-error@+1 {{has its values in a resource of 4 bytes, expected 8}}
memref.global "private" constant @short : memref<2xf32> = dense_resource<short>

{-#
  dialect_resources: { builtin: { short: "0x040000000000803F" } }
#-}

// -----

func.func @bits() -> tensor<2xi1> {
  // expected-error@+1 {{has values of i1 in a resource; expected floats or integers of 8, 16, 32 or 64 bits there, or the values in the text, as dense<...>}}
  %x = arith.constant dense_resource<bits> : tensor<2xi1>
  return %x : tensor<2xi1>
}

{-#
  dialect_resources: { builtin: { bits: "0x040000000100" } }
#-}

// -----

// LLVM ends the process.
func.func @vector() -> vector<2xf32> {
  // expected-error@+1 {{has a vector in a resource; give it in the text, as dense<...>}}
  %x = arith.constant dense_resource<vector> : vector<2xf32>
  return %x : vector<2xf32>
}

{-#
  dialect_resources: { builtin: { vector: "0x040000000000803F00000040" } }
#-}

// -----

// Bufferization ends the process.
// expected-error@+1 {{expected a tensor of a known size, got i32; make it one}}
ml_program.global private @number(1 : i32) : i32

// -----

func.func private @same(%m: memref<4xf32>) -> memref<4xf32> {
  // expected-error@+1 {{gives back, as result #0, a buffer that @same was given, of which its caller would get a copy; have the caller use the buffer that it has}}
  return %m : memref<4xf32>
}
func.func @calls(%m: memref<4xf32>) {
  %same = call @same(%m) : (memref<4xf32>) -> memref<4xf32>
  return
}

// -----

func.func private @either(%which: i1, %m: memref<4xf32>) -> (f32, memref<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %fresh = memref.alloc() : memref<4xf32>
  %part = memref.cast %m : memref<4xf32> to memref<?xf32>
  %same = memref.cast %part : memref<?xf32> to memref<4xf32>
  %one = scf.if %which -> memref<4xf32> {
    scf.yield %same : memref<4xf32>
  } else {
    scf.yield %fresh : memref<4xf32>
  }
  // expected-error@+1 {{gives back, as result #1, a buffer that @either was given}}
  return %zero, %one : f32, memref<4xf32>
}
func.func @calls_either(%which: i1, %m: memref<4xf32>) {
  %zero, %same = call @either(%which, %m) : (i1, memref<4xf32>) -> (f32, memref<4xf32>)
  return
}
