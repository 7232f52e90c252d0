// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --order-loops | FileCheck %s

// CHECK-DAG: #[[LEFT:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[RIGHT:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>

// Rows, sums, columns.

// CHECK-LABEL: func.func @product
// CHECK:         linalg.generic {indexing_maps = [#[[LEFT]], #[[RIGHT]], #[[RESULT]]], iterator_types = ["parallel", "reduction", "parallel"]}
func.func @product(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// CHECK-LABEL: func.func @batch
// CHECK:         iterator_types = ["parallel", "parallel", "reduction", "parallel"]
func.func @batch(%a: memref<2x4x8xf32>, %b: memref<2x8x16xf32>, %c: memref<2x4x16xf32>) {
  linalg.batch_matmul ins(%a, %b : memref<2x4x8xf32>, memref<2x8x16xf32>) outs(%c : memref<2x4x16xf32>)
  return
}

// Columns of a transposed right side lie far apart: sums stay innermost.

#left = affine_map<(m, n, k) -> (m, k)>
#transposed = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @transposed
// CHECK:         iterator_types = ["parallel", "parallel", "reduction"]
func.func @transposed(%a: memref<4x8xf32>, %b: memref<16x8xf32>, %c: memref<4x16xf32>) {
  linalg.generic {indexing_maps = [#left, #transposed, #result],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<16x8xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}

// An op that asks for the numbers of its loops is left alone.

#right = affine_map<(m, n, k) -> (k, n)>

// CHECK-LABEL: func.func @numbered
// CHECK:         iterator_types = ["parallel", "parallel", "reduction"]
func.func @numbered(%b: memref<8x16xindex>, %c: memref<4x16xindex>) {
  linalg.generic {indexing_maps = [#right, #result],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%b : memref<8x16xindex>) outs(%c : memref<4x16xindex>) {
  ^bb0(%x: index, %z: index):
    %k = linalg.index 2 : index
    %p = arith.muli %x, %k : index
    %s = arith.addi %z, %p : index
    linalg.yield %s : index
  }
  return
}

// A row of one sums of all rows: where the output is indexed by something else than a loop, loops stay as they are.

#first_row = affine_map<(m, n, k) -> (0, n)>
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (k, n)>

// CHECK-LABEL: func.func @one_row
// CHECK:         iterator_types = ["reduction", "parallel", "reduction"]
func.func @one_row(%a: memref<4x5xf32>, %b: memref<5x6xf32>, %c: memref<1x6xf32>) {
  linalg.generic {indexing_maps = [#rows, #columns, #first_row], iterator_types = ["reduction", "parallel", "reduction"]}
      ins(%a, %b : memref<4x5xf32>, memref<5x6xf32>) outs(%c : memref<1x6xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %z, %p : f32
    linalg.yield %s : f32
  }
  return
}
