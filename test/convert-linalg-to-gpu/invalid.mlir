// RUN: symm-opt %s --convert-linalg-to-gpu --split-input-file --verify-diagnostics

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

func.func @reads(%x: memref<8xf32>) -> f32 {
  %first = arith.constant 0 : index
  // expected-error @+1 {{reads or writes a buffer of the GPU on the host; express it as linalg.generic, or put it into an scf.forall}}
  %value = memref.load %x[%first] : memref<8xf32>
  return %value : f32
}

// -----

func.func @stack() {
  // expected-error @+1 {{is in the memory of the host; pass the values as an argument, or compute them with linalg.generic}}
  %x = memref.alloca() : memref<8xf32>
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @primitive(%epoch: i32) {
  %peer = arith.constant 1 : index
  // expected-error @+1 {{is a primitive of kernels, which a program for GPUs cannot have in its host code; use an op of symm_mem}}
  comm.signal %peer, %epoch on @tp
  return
}

// -----

comm.group @tp size(2)

func.func @collective(%x: memref<8xf32>) {
  // expected-error @+1 {{is a collective, which --convert-symm-mem-to-gpu makes a call of the runtime; run it before this pass}}
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  return
}

// -----

func.func @vectors(%x: memref<8xf32>) {
  %first = arith.constant 0 : index
  // expected-error @+1 {{is vector code, which --launch-host-code makes a kernel; run it before this pass}}
  %v = vector.load %x[%first] : memref<8xf32>, vector<8xf32>
  vector.store %v, %x[%first] : memref<8xf32>, vector<8xf32>
  return
}

// -----

func.func @loop(%x: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    // expected-error @+1 {{is in a parallel loop, which --launch-host-code makes a kernel; run it before this pass}}
    memref.store %zero, %x[%i] : memref<8xf32>
  }
  return
}

// -----

func.func @shape(%x: memref<4x6xf32>, %to: memref<2xindex>) -> memref<3x8xf32> {
  // expected-error @+1 {{reads the shape out of a buffer of the GPU on the host; use tensor.expand_shape and tensor.collapse_shape, or those of memref}}
  %y = memref.reshape %x(%to) : (memref<4x6xf32>, memref<2xindex>) -> memref<3x8xf32>
  return %y : memref<3x8xf32>
}

// -----

// expected-note @+1 {{the function}}
func.func private @square(%a: f32) -> f32 attributes {no_inline} {
  %b = arith.mulf %a, %a : f32
  return %b : f32
}

func.func @call(%x: memref<8xf32>) {
  linalg.map ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) (%a: f32, %to: f32) {
    // expected-error @+1 {{is a call of @square in a kernel, which has what is inlined only: functions of one block that neither call themselves nor are no_inline; make @square one, or write its ops here}}
    %b = func.call @square(%a) : (f32) -> f32
    linalg.yield %b : f32
  }
  return
}

// -----

// expected-note @+1 {{the function}}
func.func private @sinf(f32) -> f32

func.func @declared(%x: memref<8xf32>) {
  linalg.map ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) (%a: f32, %to: f32) {
    // expected-error @+1 {{is a call of @sinf in a kernel, which has what is inlined only, and @sinf has no body; write its ops here, such as those of math}}
    %b = func.call @sinf(%a) : (f32) -> f32
    linalg.yield %b : f32
  }
  return
}

// -----

// expected-error @+1 {{has a malformed symm.cuda, the compiler's own attribute: missing field `chip`; take it away}}
module attributes {symm.cuda = {}} {
}

// -----

func.func @tensors(%a: memref<4x4xf32>) {
  // expected-error @+1 {{has a tensor and no buffer; run --one-shot-bufferize first}}
  %b = bufferization.to_tensor %a : memref<4x4xf32> to tensor<4x4xf32>
  %r = linalg.matmul ins(%b, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%b : tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}
