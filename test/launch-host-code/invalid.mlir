// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --launch-host-code --split-input-file --verify-diagnostics

func.func @reduce(%x: memref<64xf32>) -> f32 {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %z = arith.constant 0.0 : f32
  // expected-error @+1 {{reduces to a value of the host, which does not wait for the GPU; write to a buffer and reduce it with linalg.reduce}}
  %r = scf.parallel (%i) = (%c0) to (%c64) step (%c1) init (%z) -> f32 {
    %v = memref.load %x[%i] : memref<64xf32>
    scf.reduce(%v : f32) {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }
  }
  return %r : f32
}

// -----

comm.group @tp size(2) {symm_mem}
func.func @collective(%x: memref<64x8xf32>, %y: memref<8xf32>) {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  // expected-note @+1 {{the loop}}
  scf.parallel (%i) = (%c0) to (%c64) step (%c1) {
    %v = memref.load %x[%i, %c0] : memref<64x8xf32>
    memref.store %v, %x[%i, %c1] : memref<64x8xf32>
    // expected-error @+1 {{cannot be part of a kernel; take it out of the scf.parallel or scf.forall that accesses elements of buffers}}
    c10d.all_reduce<sum> ins(%y : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  }
  return
}

// -----

func.func @flow(%x: memref<64xf32>, %y: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %v = vector.load %x[%c0] : memref<64xf32>, vector<8xf32>
  %s = vector.extract %v[3] : f32 from vector<8xf32>
  // expected-error @+1 {{hands a value of a kernel on to what is no part of it, for which no host waits; write it to a buffer}}
  %c = arith.cmpf ogt, %s, %z : f32
  // expected-note @+1 {{used here}}
  scf.if %c {
    linalg.fill ins(%z : f32) outs(%y : memref<8xf32>)
  }
  return
}

// -----

func.func @large(%x: memref<4096xf32>, %i: index) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  // expected-error @+1 {{expected vectors of at most 256 elements in a kernel, where a thread has all of a vector, got vector<4096xi1>; use linalg, or smaller vectors in an scf.forall}}
  %m = vector.create_mask %i : vector<4096xi1>
  %v = vector.transfer_read %x[%c0], %z, %m : memref<4096xf32>, vector<4096xf32>
  vector.transfer_write %v, %x[%i] : vector<4096xf32>, memref<4096xf32>
  return
}

// -----

func.func @buffer(%x: memref<64xf32>, %n: index) {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i) = (%c0) to (%c64) step (%c1) {
    // expected-error @+1 {{expected a buffer of a known size of at most 4096 bytes inside a kernel, got memref<?xf32>; allocate it outside of the loop}}
    %t = memref.alloc(%n) : memref<?xf32>
    %v = memref.load %x[%i] : memref<64xf32>
    memref.store %v, %t[%c0] : memref<?xf32>
    memref.dealloc %t : memref<?xf32>
  }
  return
}

// -----

comm.group @tp size(2) {symm_mem}
func.func @between(%x: memref<16xf32>, %y: memref<16xf32>, %i: index) {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %m = vector.create_mask %i : vector<16xi1>
  // expected-error @+1 {{hands a value of a kernel on to what is no part of it, for which no host waits; write it to a buffer}}
  %v = vector.transfer_read %x[%c0], %z, %m : memref<16xf32>, vector<16xf32>
  c10d.all_reduce<sum> ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) on @tp
  // expected-note @+1 {{used here}}
  vector.transfer_write %v, %y[%c0], %m : vector<16xf32>, memref<16xf32>
  return
}

// -----

func.func @handed(%x: memref<16xf32>, %y: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %z = arith.constant 0.0 : f32
  %s = arith.constant dense<0.0> : vector<4xf32>
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %s) -> vector<4xf32> {
    linalg.fill ins(%z : f32) outs(%y : memref<16xf32>)
    vector.transfer_write %a, %x[%c0] : vector<4xf32>, memref<16xf32>
    // expected-error @+1 {{hands a value of a kernel on to what is no part of it, for which no host waits; write it to a buffer}}
    %v = vector.load %x[%c4] : memref<16xf32>, vector<4xf32>
    // expected-note @+1 {{used here}}
    scf.yield %v : vector<4xf32>
  }
  vector.store %r, %x[%c0] : memref<16xf32>, vector<4xf32>
  return
}

// -----

func.func @copies(%x: memref<16xf32>, %y: memref<16x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-note @+1 {{the loop}}
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    // expected-error @+1 {{cannot be part of a kernel; take it out of the scf.parallel or scf.forall that accesses elements of buffers}}
    %k = func.call @g(%i) : (index) -> index
    %v = memref.load %x[%k] : memref<16xf32>
    memref.store %v, %x[%i] : memref<16xf32>
    scf.reduce
  }
  return
}
func.func private @g(index) -> index

// -----

// A host loop hands a vector to a kernel of each iteration.
func.func @around(%x: memref<16xf32>, %y: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %z = arith.constant 0.0 : f32
  %s = arith.constant dense<0.0> : vector<4xf32>
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %s) -> vector<4xf32> {
    linalg.fill ins(%z : f32) outs(%y : memref<16xf32>)
    // expected-error @+1 {{uses a vector that the host hands on from one iteration to the next; keep it in a buffer}}
    vector.store %a, %x[%c0] : memref<16xf32>, vector<4xf32>
    %n = arith.addf %a, %a : vector<4xf32>
    scf.yield %n : vector<4xf32>
  }
  return
}
