// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --launch-host-code > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: symm-opt %s --launch-host-code --remarks-filter=launch-host-code -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: symm-opt %t.mlir --launch-host-code | diff %t.mlir -

// REMARK: [Missed] kernel | Category:launch-host-code | Function=run | Reason="its vector code is none that --raise-vectors spreads over threads", Threads=one

// One launch: allocations come before it, deallocations after it, constants into it.
// CHECK-LABEL: func.func @run(
// CHECK: %[[OUT:.*]] = memref.alloc() : memref<8xf32>
// CHECK-NOT: dense
// CHECK: gpu.launch
// CHECK: vector.create_mask %{{.*}} : vector<8xi1>
// CHECK: vector.transfer_read
// CHECK: arith.constant dense<2.0
// CHECK: arith.mulf
// CHECK: vector.reduction
// CHECK: memref.store
// CHECK: vector.transfer_write
// CHECK: gpu.terminator
// CHECK: memref.dealloc
// CHECK-NOT: gpu.launch
// CHECK: return %[[OUT]]
func.func @run(%x: memref<8xf32>, %s: memref<f32>, %n: index) -> memref<8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %two = arith.constant dense<2.0> : vector<8xf32>
  %mask = vector.create_mask %n : vector<8xi1>
  %v = vector.transfer_read %x[%c0], %zero, %mask : memref<8xf32>, vector<8xf32>
  %out = memref.alloc() : memref<8xf32>
  %other = memref.alloc() : memref<8xf32>
  %twice = arith.mulf %v, %two : vector<8xf32>
  %sum = vector.reduction <add>, %twice : vector<8xf32> into f32
  memref.dealloc %other : memref<8xf32>
  memref.store %sum, %s[] : memref<f32>
  vector.transfer_write %twice, %out[%c0], %mask : vector<8xf32>, memref<8xf32>
  return %out : memref<8xf32>
}

// Other work of the stream is in between: two launches, each with its constants.
// CHECK-LABEL: func.func @between(
// CHECK: gpu.launch
// CHECK: arith.constant dense
// CHECK: gpu.terminator
// CHECK: linalg.fill
// CHECK: gpu.launch
// CHECK: arith.constant dense
// CHECK: gpu.terminator
func.func @between(%x: memref<8xf32>, %y: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %mask = arith.constant dense<[true, false, true, false, true, false, true, false]> : vector<8xi1>
  %v = vector.transfer_read %x[%c0], %zero, %mask : memref<8xf32>, vector<8xf32>
  vector.transfer_write %v, %x[%c0] : vector<8xf32>, memref<8xf32>
  linalg.fill ins(%zero : f32) outs(%y : memref<8xf32>)
  %w = vector.transfer_read %x[%c0], %zero, %mask : memref<8xf32>, vector<8xf32>
  vector.transfer_write %w, %y[%c0] : vector<8xf32>, memref<8xf32>
  return
}

// A loop is part of the kernel, with the vectors that it hands on.
// CHECK-LABEL: func.func @loop(
// CHECK: gpu.launch
// CHECK: arith.constant dense<0.0
// CHECK: scf.for
// CHECK: vector.load
// CHECK: vector.store
// CHECK: gpu.terminator
// CHECK-NOT: gpu.launch
// CHECK: return
func.func @loop(%x: memref<64xf32>, %y: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zeros = arith.constant dense<0.0> : vector<8xf32>
  %sum = scf.for %i = %c0 to %c64 step %c8 iter_args(%so_far = %zeros) -> vector<8xf32> {
    %v = vector.load %x[%i] : memref<64xf32>, vector<8xf32>
    %next = arith.addf %so_far, %v : vector<8xf32>
    scf.yield %next : vector<8xf32>
  }
  vector.store %sum, %y[%c0] : memref<8xf32>, vector<8xf32>
  return
}

// So are loops and masks that only compute.
// CHECK-LABEL: func.func @compute(
// CHECK: gpu.launch
// CHECK: vector.transfer_read
// CHECK: vector.mask
// CHECK: scf.for
// CHECK: vector.transfer_write
// CHECK: gpu.terminator
// CHECK-NOT: vector
// CHECK: return
func.func @compute(%x: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %mask = vector.create_mask %n : vector<8xi1>
  %v = vector.transfer_read %x[%c0], %zero, %mask : memref<8xf32>, vector<8xf32>
  %sum = vector.mask %mask { vector.reduction <add>, %v : vector<8xf32> into f32 } : vector<8xi1> -> f32
  %power = scf.for %i = %c0 to %n step %c1 iter_args(%so_far = %v) -> vector<8xf32> {
    %all = vector.broadcast %sum : f32 to vector<8xf32>
    %next = arith.mulf %so_far, %all : vector<8xf32>
    scf.yield %next : vector<8xf32>
  }
  vector.transfer_write %power, %x[%c0] : vector<8xf32>, memref<8xf32>
  return
}

// A loop with work for more than one thread stays the host's.
// CHECK-LABEL: func.func @mixed(
// CHECK: scf.for
// CHECK-NEXT: linalg.fill
// CHECK: gpu.launch
// CHECK: vector.load
func.func @mixed(%x: memref<64xf32>, %y: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %c64 step %c8 {
    linalg.fill ins(%zero : f32) outs(%x : memref<64xf32>)
    %v = vector.load %x[%i] : memref<64xf32>, vector<8xf32>
    vector.store %v, %y[%c0] : memref<8xf32>, vector<8xf32>
  }
  return
}

// Single elements are for the host, who does not get them: --convert-linalg-to-gpu says so.
// CHECK-LABEL: func.func @elements(
// CHECK-NOT: gpu.launch
func.func @elements(%x: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %e = memref.load %x[%c0] : memref<64xf32>
  memref.store %e, %x[%c8] : memref<64xf32>
  return
}
