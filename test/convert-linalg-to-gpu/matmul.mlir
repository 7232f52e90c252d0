// RUN: symm-opt %s --convert-linalg-to-gpu | FileCheck %s

// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// CHECK: module attributes {symm.cuda = {{.*}}matmuls = [
// CHECK-SAME: {accumulate = false, batch = 1 : i64, dtype = "f32", k = 8 : i64, lda = 8 : i64, ldb = 16 : i64, ldc = 16 : i64
// CHECK-SAME: m = 4 : i64, n = 16 : i64, result_dtype = "f32", stride_a = 0 : i64, stride_b = 0 : i64, stride_c = 0 : i64, transpose_a = false, transpose_b = false}
// CHECK-SAME: {accumulate = true, batch = 2 : i64, dtype = "bf16"
// CHECK-SAME: result_dtype = "f32", stride_a = 32 : i64, stride_b = 128 : i64, stride_c = 64 : i64
// CHECK-SAME: k = 8 : i64, lda = 8 : i64, ldb = 8 : i64{{.*}}transpose_a = false, transpose_b = true}
// CHECK-SAME: k = 8 : i64, lda = 8 : i64, ldb = 1 : i64, ldc = 1 : i64{{.*}}m = 4 : i64, n = 1 : i64

// CHECK-LABEL: func.func @product
func.func @product(%a: memref<4x8xf32>, %b: memref<8x16xf32>) -> memref<4x16xf32> {
  // CHECK-NOT: linalg.fill
  // CHECK: %[[C:.*]] = memref.alloc
  // CHECK: memref.extract_aligned_pointer_as_index %arg0
  // CHECK: memref.extract_aligned_pointer_as_index %arg1
  // CHECK: memref.extract_aligned_pointer_as_index %[[C]]
  // CHECK: call @symm_rt.matmul
  // CHECK-NOT: gpu.launch
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc() : memref<4x16xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<4x16xf32>)
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return %c : memref<4x16xf32>
}

// CHECK-LABEL: func.func @batch
func.func @batch(%a: memref<2x4x8xbf16>, %b: memref<2x8x16xbf16>, %c: memref<2x4x16xf32>) {
  // CHECK: call @symm_rt.matmul
  linalg.batch_matmul ins(%a, %b : memref<2x4x8xbf16>, memref<2x8x16xbf16>) outs(%c : memref<2x4x16xf32>)
  return
}

#left = affine_map<(m, n, k) -> (m, k)>
#right_transposed = affine_map<(m, n, k) -> (n, k)>
#result = affine_map<(m, n, k) -> (m, n)>

// CHECK-LABEL: func.func @transposed
func.func @transposed(%a: memref<4x8xf32>, %b: memref<16x8xf32>, %c: memref<4x16xf32>) {
  // CHECK: call @symm_rt.matmul
  linalg.generic
      {indexing_maps = [#left, #right_transposed, #result],
       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<16x8xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %next = arith.addf %sum, %product : f32
    linalg.yield %next : f32
  }
  return
}

// CHECK-LABEL: func.func @vector
func.func @vector(%a: memref<4x8xf32>, %x: memref<8xf32>, %y: memref<4xf32>) {
  // CHECK: call @symm_rt.matmul
  linalg.matvec ins(%a, %x : memref<4x8xf32>, memref<8xf32>) outs(%y : memref<4xf32>)
  return
}

// The library has no integers, and only takes aligned matrices: these become kernels.
// CHECK-LABEL: func.func @kernels
func.func @kernels(%a: memref<4x8xi32>, %b: memref<8x16xi32>, %c: memref<4x16xi32>,
                   %d: memref<4x8xf32, strided<[8, 1], offset: 1>>, %e: memref<8x16xf32>, %f: memref<4x16xf32>) {
  // CHECK-NOT: symm_rt.matmul
  // CHECK: gpu.launch
  linalg.matmul ins(%a, %b : memref<4x8xi32>, memref<8x16xi32>) outs(%c : memref<4x16xi32>)
  // CHECK: gpu.launch
  linalg.matmul ins(%d, %e : memref<4x8xf32, strided<[8, 1], offset: 1>>, memref<8x16xf32>) outs(%f : memref<4x16xf32>)
  // CHECK: return
  return
}

#left_vector = affine_map<(m, n, k) -> (k)>
#right = affine_map<(m, n, k) -> (k, n)>
#rows = affine_map<(m, n) -> (m)>
#matrix = affine_map<(m, n) -> (m, n)>

// MLIR calls these contractions, too, but they are no products of the library's: a function of an operand, of the product or
// of the sum; rows that only the result has, and a sum over what only one operand has.
// CHECK-LABEL: func.func @no_products
func.func @no_products(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>, %v: memref<8xf32>,
                       %r: memref<4xf32>, %s: memref<4xf32>) {
  // CHECK-NOT: symm_rt.matmul
  // CHECK: linalg.generic
  linalg.generic
      {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %exp = math.exp %x : f32
    %product = arith.mulf %exp, %y : f32
    %next = arith.addf %sum, %product : f32
    %all = arith.negf %next : f32
    linalg.yield %all : f32
  }
  // CHECK: gpu.launch
  linalg.generic
      {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %negative = arith.negf %product : f32
    %next = arith.addf %negative, %sum : f32
    linalg.yield %next : f32
  }
  // CHECK: gpu.launch
  linalg.matmul indexing_maps = [#left_vector, #right, #result]
      ins(%v, %b : memref<8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  // CHECK: gpu.launch
  linalg.generic {indexing_maps = [#matrix, #rows, #rows], iterator_types = ["parallel", "reduction"]}
      ins(%c, %r : memref<4x16xf32>, memref<4xf32>) outs(%s : memref<4xf32>) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %product = arith.mulf %x, %y : f32
    %next = arith.addf %sum, %product : f32
    linalg.yield %next : f32
  }
  // CHECK: return
  return
}

// Factors may come in any order, and be made wider before: the library multiplies in f32.
// CHECK-LABEL: func.func @wider
func.func @wider(%a: memref<4x8xbf16>, %b: memref<8x16xbf16>, %c: memref<4x16xf32>) {
  // CHECK: call @symm_rt.matmul
  linalg.generic
      {indexing_maps = [#left, #right, #result], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<4x8xbf16>, memref<8x16xbf16>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: bf16, %y: bf16, %sum: f32):
    %left = arith.extf %x : bf16 to f32
    %right = arith.extf %y : bf16 to f32
    %product = arith.mulf %right, %left : f32
    %next = arith.addf %product, %sum : f32
    linalg.yield %next : f32
  }
  return
}

#slice = strided<[8, 1], offset: ?>

// The weights of a layer: each step of the loop's is a multiple of 16 bytes.
// CHECK-LABEL: func.func @layers
func.func @layers(%a: memref<4x8xf32>, %w: memref<3x8x8xf32>, %c: memref<4x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  scf.for %i = %c0 to %c3 step %c1 {
    // CHECK: %[[LAYER:.*]] = memref.subview
    // CHECK: %{{[a-z_0-9]*}}, %[[OFFSET:[a-z_0-9]*]], {{.*}} = memref.extract_strided_metadata %[[LAYER]]
    // CHECK: %[[WIDE:.*]] = arith.index_cast %[[OFFSET]]
    // CHECK: %[[BYTES:.*]] = arith.muli %[[WIDE]], %c4{{.*}}
    // CHECK: arith.addi %{{.*}}, %[[BYTES]]
    // CHECK: call @symm_rt.matmul
    %layer = memref.subview %w[%i, 0, 0] [1, 8, 8] [1, 1, 1] : memref<3x8x8xf32> to memref<8x8xf32, #slice>
    linalg.matmul ins(%a, %layer : memref<4x8xf32>, memref<8x8xf32, #slice>) outs(%c : memref<4x8xf32>)
  }
  return
}

// A column, and a row behind one that the library cannot take, may be anywhere.
// CHECK-LABEL: func.func @anywhere
func.func @anywhere(%a: memref<4x4xf32>, %w: memref<4x8xf32>, %c: memref<4x4xf32>, %i: index) {
  // CHECK-NOT: symm_rt.matmul
  // CHECK: return
  %columns = memref.subview %w[0, %i] [4, 4] [1, 1] : memref<4x8xf32> to memref<4x4xf32, #slice>
  linalg.matmul ins(%a, %columns : memref<4x4xf32>, memref<4x4xf32, #slice>) outs(%c : memref<4x4xf32>)
  %rest = memref.subview %w[0, 1] [4, 4] [1, 1] : memref<4x8xf32> to memref<4x4xf32, strided<[8, 1], offset: 1>>
  %rows = memref.subview %rest[%i, 0] [1, 4] [1, 1] : memref<4x4xf32, strided<[8, 1], offset: 1>> to memref<1x4xf32, #slice>
  linalg.matmul ins(%a, %rest : memref<4x4xf32>, memref<4x4xf32, strided<[8, 1], offset: 1>>) outs(%c : memref<4x4xf32>)
  %row = memref.subview %c[0, 0] [1, 4] [1, 1] : memref<4x4xf32> to memref<1x4xf32, strided<[4, 1]>>
  linalg.matmul ins(%rows, %a : memref<1x4xf32, #slice>, memref<4x4xf32>) outs(%row : memref<1x4xf32, strided<[4, 1]>>)
  return
}

// The fill stays where something else sees it, and where it is no zero.
// CHECK-LABEL: func.func @kept_fills
func.func @kept_fills(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>, %d: memref<4x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  // CHECK: linalg.fill
  linalg.fill ins(%zero : f32) outs(%c : memref<4x16xf32>)
  // CHECK: call @symm_rt.copy
  memref.copy %c, %d : memref<4x16xf32> to memref<4x16xf32>
  // CHECK: call @symm_rt.matmul
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  // CHECK: linalg.fill
  linalg.fill ins(%one : f32) outs(%c : memref<4x16xf32>)
  // CHECK: call @symm_rt.matmul
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// What a loop makes itself is no part of what it was handed.
// CHECK-LABEL: func.func @handed
func.func @handed(%a: memref<8x8xf32>, %b: memref<8x8xf32>) -> memref<8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  // CHECK: scf.for
  // CHECK-NOT: linalg.fill
  // CHECK: call @symm_rt.matmul
  %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%x = %a) -> memref<8x8xf32> {
    %c = memref.alloc() : memref<8x8xf32>
    linalg.fill ins(%zero : f32) outs(%c : memref<8x8xf32>)
    linalg.matmul ins(%x, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>)
    scf.yield %c : memref<8x8xf32>
  }
  // What was made before a loop may be what the loop was handed.
  // CHECK: linalg.fill
  %d = memref.alloc() : memref<8x8xf32>
  %s = scf.for %i = %c0 to %c3 step %c1 iter_args(%x = %d) -> memref<8x8xf32> {
    linalg.fill ins(%zero : f32) outs(%d : memref<8x8xf32>)
    linalg.matmul ins(%x, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%d : memref<8x8xf32>)
    scf.yield %r : memref<8x8xf32>
  }
  return %s : memref<8x8xf32>
}

// Another product reads the zeros in between, by their address.
// CHECK-LABEL: func.func @seen
func.func @seen(%a: memref<8x8xf32>) {
  %c = memref.alloc() : memref<8x8xf32>
  %d = memref.alloc() : memref<8x8xf32>
  %zero = arith.constant 0.0 : f32
  // CHECK: linalg.fill
  linalg.fill ins(%zero : f32) outs(%c : memref<8x8xf32>)
  linalg.matmul ins(%a, %c : memref<8x8xf32>, memref<8x8xf32>) outs(%d : memref<8x8xf32>)
  linalg.matmul ins(%a, %a : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>)
  return
}
