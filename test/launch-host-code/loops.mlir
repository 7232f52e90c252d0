// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --launch-host-code > %t.mlir
// RUN: FileCheck %s < %t.mlir
// RUN: symm-opt %s --launch-host-code --remarks-filter=launch-host-code -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: symm-opt %t.mlir --launch-host-code | diff %t.mlir -
// RUN: symm-opt %t.mlir --convert-linalg-to-parallel-loops --distribute-launches | FileCheck %s --check-prefix=SPREAD

// REMARK: [Passed] kernel | Category:launch-host-code | Function=rows | Threads="one per iteration"

// What a thread has for itself is allocated where it starts; copies and ops of linalg are part of the kernel.
// CHECK-LABEL: func.func @rows(
// CHECK: gpu.launch
// CHECK-NEXT: scf.parallel
// CHECK-NEXT: %[[OWN:.*]] = memref.alloca() : memref<8xf32>
// CHECK: linalg.copy ins(%{{.*}}) outs(%[[OWN]] : memref<8xf32>)
// CHECK: linalg.generic
// CHECK: vector.load %[[OWN]]
// CHECK: scf.for
// CHECK: memref.store
// CHECK-NOT: memref.dealloc
// CHECK: gpu.terminator
// SPREAD-LABEL: func.func @rows(
// SPREAD: gpu.launch
// SPREAD-NOT: scf.if
// SPREAD: memref.alloca() : memref<8xf32>
// SPREAD: scf.if
// SPREAD-NOT: gpu.launch
// SPREAD-LABEL: func.func @outer(
func.func @rows(%x: memref<64x8xf32, strided<[16, 1]>>, %y: memref<64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c64) step (%c1) {
    %own = memref.alloc() : memref<8xf32>
    %row = memref.subview %x[%i, 0] [1, 8] [1, 1] : memref<64x8xf32, strided<[16, 1]>> to memref<8xf32, strided<[1], offset: ?>>
    memref.copy %row, %own : memref<8xf32, strided<[1], offset: ?>> to memref<8xf32>
    linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%own : memref<8xf32>) {
    ^bb0(%e: f32):
      %exp = math.exp %e : f32
      linalg.yield %exp : f32
    }
    %v = vector.load %own[%c0] : memref<8xf32>, vector<8xf32>
    %first = vector.reduction <add>, %v : vector<8xf32> into f32
    %sum = scf.for %j = %c0 to %c8 step %c1 iter_args(%so_far = %first) -> f32 {
      %e = memref.load %own[%j] : memref<8xf32>
      %next = arith.addf %so_far, %e : f32
      scf.yield %next : f32
    }
    memref.store %sum, %y[%i] : memref<64xf32>
    memref.dealloc %own : memref<8xf32>
  }
  return
}

// A loop inside a loop of the host that has more to do; what only the host knows comes before the kernel.
comm.group @tp size(2) {symm_mem}
memref.global "private" constant @table : memref<8xf32> = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]>
// CHECK-LABEL: func.func @outer(
// CHECK: scf.for
// CHECK-NEXT: memref.get_global @table
// CHECK-NEXT: comm.rank on @tp
// CHECK-NEXT: arith.constant 1 : index
// CHECK-NEXT: gpu.launch
// CHECK: memref.load
// CHECK: gpu.terminator
// CHECK: c10d.all_reduce
func.func @outer(%x: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %step = %c0 to %c8 step %c1 {
    scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
      %table = memref.get_global @table : memref<8xf32>
      %rank = comm.rank on @tp
      %is_mine = arith.cmpi eq, %rank, %i : index
      scf.if %is_mine {
        %e = memref.load %table[%i] : memref<8xf32>
        memref.store %e, %x[%i] : memref<8xf32>
      }
    }
    c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  }
  return
}

// Ops of linalg have more to spread than the loop around them.
// CHECK-LABEL: func.func @of_ops(
// CHECK-NOT: gpu.launch
// CHECK: return
func.func @of_ops(%x: memref<4x1024xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c4) step (%c1) {
    %row = memref.subview %x[%i, 0] [1, 1024] [1, 1] : memref<4x1024xf32> to memref<1024xf32, strided<[1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%row : memref<1024xf32, strided<[1], offset: ?>>)
  }
  return
}
