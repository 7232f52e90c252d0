// RUN: symm-opt %s --convert-linalg-to-gpu --convert-linalg-to-parallel-loops --distribute-launches --canonicalize --cse | FileCheck %s

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#elements = affine_map<(r, c) -> (r, c)>
#rows = affine_map<(r, c) -> (r)>

// 480 iterations in 4 blocks of 128 threads.
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: memref<30x16xf32>, %y: memref<30x16xf32>) {
  // CHECK-DAG: %[[ROW:.*]] = arith.constant 16 : index
  // CHECK-DAG: %[[TOTAL:.*]] = arith.constant 480 : index
  // CHECK-DAG: %[[THREADS:.*]] = arith.constant 128 : index
  // CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in {{.*}} threads(%[[THREAD:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[THREADS]],
  // CHECK: %[[FIRST:.*]] = arith.muli %[[BLOCK]], %[[THREADS]]
  // CHECK: %[[NUMBER:.*]] = arith.addi %[[FIRST]], %[[THREAD]]
  // CHECK: %[[WORKS:.*]] = arith.cmpi ult, %[[NUMBER]], %[[TOTAL]]
  // CHECK: scf.if %[[WORKS]] {
  // CHECK: %[[C:.*]] = arith.remui %[[NUMBER]], %[[ROW]]
  // CHECK: %[[R:.*]] = arith.divui %[[NUMBER]], %[[ROW]]
  // CHECK: memref.load %arg0[%[[R]], %[[C]]]
  // CHECK: memref.store %{{.*}}, %arg1[%[[R]], %[[C]]]
  linalg.generic {indexing_maps = [#elements, #elements], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<30x16xf32>) outs(%y : memref<30x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %double = arith.addf %in, %in : f32
    linalg.yield %double : f32
  }
  return
}

// A block per row; its 64 threads combine in 6 steps.
// CHECK-LABEL: func.func @row_sums
func.func @row_sums(%x: memref<3x50xf32>, %y: memref<3xf32>) {
  // CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %c3,{{.*}} threads(%[[THREAD:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %c64,{{.*}} workgroup(%[[SHARED:.*]] : memref<64xf32, #gpu.address_space<workgroup>>)
  // CHECK: scf.for %[[COLUMN:.*]] = %[[THREAD]] to %{{.*}} step %c64 iter_args(%[[SUM:.*]] = %{{.*}})
  // CHECK: %[[VALUE:.*]] = memref.load %arg0[%[[BLOCK]], %[[COLUMN]]]
  // CHECK: %[[SQUARE:.*]] = arith.mulf %[[VALUE]], %[[VALUE]]
  // CHECK: arith.addf %[[SUM]], %[[SQUARE]]
  // CHECK: memref.store %{{.*}}, %[[SHARED]][%[[THREAD]]]
  // CHECK-COUNT-7: gpu.barrier
  // CHECK-NOT: gpu.barrier
  // CHECK: %[[THERE:.*]] = memref.load %arg1[%[[BLOCK]]]
  // CHECK: %[[ALL:.*]] = arith.addf %[[THERE]], %{{.*}}
  // CHECK: memref.store %[[ALL]], %arg1[%[[BLOCK]]]
  linalg.generic {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x50xf32>) outs(%y : memref<3xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %square = arith.mulf %in, %in : f32
    %next = arith.addf %sum, %square : f32
    linalg.yield %next : f32
  }
  return
}

// A grid has so many blocks and no more: each takes one row after the other, once no thread reads the one before.
// CHECK-LABEL: func.func @many_rows
func.func @many_rows(%x: memref<3000000000x2xi8>, %y: memref<3000000000xi8>) {
  // CHECK-DAG: %[[BLOCKS:.*]] = arith.constant 2147483647 : index
  // CHECK-DAG: %[[ROWS:.*]] = arith.constant 3000000000 : index
  // CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCKS]],
  // CHECK: scf.for %[[ROW:.*]] = %[[BLOCK]] to %[[ROWS]] step %[[BLOCKS]] {
  // CHECK: memref.load %arg0[%[[ROW]], %{{.*}}]
  // CHECK: memref.store %{{.*}}, %arg1[%[[ROW]]]
  // CHECK-NEXT: }
  // CHECK-NEXT: gpu.barrier
  // CHECK-NEXT: }
  // CHECK-NEXT: gpu.terminator
  linalg.generic {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3000000000x2xi8>) outs(%y : memref<3000000000xi8>) {
  ^bb0(%in: i8, %sum: i8):
    %next = arith.addi %sum, %in : i8
    linalg.yield %next : i8
  }
  return
}

// Nor is it known here how many are needed.
// CHECK-LABEL: func.func @unknown
// CHECK-SAME: %[[X:.*]]: memref<?x?xi8>, %[[Y:.*]]: memref<?xi8>
func.func @unknown(%x: memref<?x?xi8>, %y: memref<?xi8>) {
  // CHECK: %[[ROWS:.*]] = memref.dim %[[X]], %c0
  // CHECK: %[[SOME:.*]] = arith.maxui %[[ROWS]], %c1
  // CHECK: %[[BLOCKS:.*]] = arith.minui %[[SOME]], %c2147483647
  // CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCKS]],
  // CHECK: scf.for %{{.*}} = %[[BLOCK]] to %[[ROWS]] step %[[BLOCKS]]
  linalg.generic {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xi8>) outs(%y : memref<?xi8>) {
  ^bb0(%in: i8, %sum: i8):
    %next = arith.addi %sum, %in : i8
    linalg.yield %next : i8
  }
  return
}

// CHECK-LABEL: func.func @unknown_elements
// CHECK-SAME: %[[X:.*]]: memref<?xi8>
func.func @unknown_elements(%x: memref<?xi8>, %zero: i8) {
  // CHECK: %[[SIZE:.*]] = memref.dim %[[X]], %c0
  // CHECK: %[[BLOCKS:.*]] = arith.minui %{{.*}}, %c2147483647
  // CHECK: %[[THREADS:.*]] = arith.muli %[[BLOCKS]], %c128
  // CHECK: gpu.launch blocks(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCKS]],
  // CHECK: %[[FIRST:.*]] = arith.addi
  // CHECK: scf.for %[[AT:.*]] = %[[FIRST]] to %{{.*}} step %[[THREADS]]
  // CHECK-NEXT: memref.store %{{.*}}, %[[X]][%[[AT]]]
  linalg.fill ins(%zero : i8) outs(%x : memref<?xi8>)
  return
}

// What the result is filled with need not be in memory.
// CHECK-LABEL: func.func @filled
func.func @filled(%x: memref<3x50xf32>) -> memref<3xf32> {
  // CHECK-DAG: %[[FIVE:.*]] = arith.constant 5.0
  // CHECK: %[[Y:.*]] = memref.alloc
  // CHECK-COUNT-1: gpu.launch
  // CHECK-NOT: memref.load %[[Y]]
  // CHECK: %[[ALL:.*]] = arith.addf %{{.*}}, %[[FIVE]]
  // CHECK: memref.store %[[ALL]], %[[Y]]
  // CHECK-NOT: gpu.launch
  // CHECK: return
  %five = arith.constant 5.0 : f32
  %y = memref.alloc() : memref<3xf32>
  linalg.fill ins(%five : f32) outs(%y : memref<3xf32>)
  linalg.generic {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x50xf32>) outs(%y : memref<3xf32>) {
  ^bb0(%in: f32, %sum: f32):
    %next = arith.addf %sum, %in : f32
    linalg.yield %next : f32
  }
  return %y : memref<3xf32>
}

// The element that is there is used twice: no reduction, a thread per row.
// CHECK-LABEL: func.func @not_associative
func.func @not_associative(%x: memref<3x50xf32>, %y: memref<3xf32>) {
  // CHECK: gpu.launch
  // CHECK-NOT: gpu.barrier
  // CHECK: scf.for
  // CHECK: return
  linalg.generic {indexing_maps = [#elements, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<3x50xf32>) outs(%y : memref<3xf32>) {
  ^bb0(%in: f32, %so_far: f32):
    %square = arith.mulf %so_far, %so_far : f32
    %next = arith.addf %square, %in : f32
    linalg.yield %next : f32
  }
  return
}

// CHECK-LABEL: func.func @copies
func.func @copies(%x: memref<3x16xf32>, %y: memref<3x16xf32>, %z: memref<3x16xf32, strided<[32, 1]>>) {
  // CHECK: %[[BYTES:.*]] = arith.constant 192 : i64
  // CHECK: call @symm_rt.copy(%{{.*}}, %{{.*}}, %[[BYTES]])
  memref.copy %x, %y : memref<3x16xf32> to memref<3x16xf32>
  // CHECK: gpu.launch
  memref.copy %x, %z : memref<3x16xf32> to memref<3x16xf32, strided<[32, 1]>>
  return
}

// A view of a buffer by vectors looks at no element.
// CHECK-LABEL: func.func @view
// CHECK: vector.type_cast
func.func @view(%x: memref<8x8xf32>) -> memref<vector<8x8xf32>> {
  %y = vector.type_cast %x : memref<8x8xf32> to memref<vector<8x8xf32>>
  return %y : memref<vector<8x8xf32>>
}
