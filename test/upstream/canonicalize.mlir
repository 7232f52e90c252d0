// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// symm-opt does to programs without a collective what mlir-opt does.

// RUN: mlir-opt %s --canonicalize > %t.mlir_opt
// RUN: symm-opt %s --canonicalize | diff %t.mlir_opt -
// RUN: %mlir_opt_symm %s --pass-pipeline="builtin.module(canonicalize)" | diff %t.mlir_opt -
// RUN: FileCheck %s < %t.mlir_opt
// RUN: mlir-opt %s --canonicalize="region-simplify=aggressive max-iterations=3 top-down=false" --inline --symbol-dce --mlir-print-op-generic > %t.generic
// RUN: symm-opt %s --canonicalize="region-simplify=aggressive max-iterations=3 top-down=false" --inline --symbol-dce --mlir-print-op-generic | diff %t.generic -

// CHECK-LABEL: func.func @arith(
// CHECK-NEXT: %[[C:.*]] = arith.constant 0
// CHECK: return %arg0, %[[C]]
func.func @arith(%a: i32, %b: i32) -> (i32, i32, i1, i32) {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %0 = arith.addi %a, %c0 : i32
  %1 = arith.subi %b, %b : i32
  %2 = arith.cmpi eq, %a, %a : i32
  %3 = arith.muli %0, %c1 : i32
  %4 = arith.ori %3, %c0 : i32
  return %4, %1, %2, %3 : i32, i32, i1, i32
}

func.func @floats(%x: f32) -> (f32, f32, f32) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %nzero = arith.constant -0.0 : f32
  %0 = arith.addf %x, %zero : f32
  %1 = arith.mulf %x, %one : f32
  %2 = arith.addf %x, %nzero : f32
  return %0, %1, %2 : f32, f32, f32
}

func.func @select(%c: i1, %x: i64, %y: i64) -> (i64, i64, i1) {
  %true = arith.constant true
  %false = arith.constant false
  %0 = arith.select %true, %x, %y : i64
  %1 = arith.select %c, %x, %x : i64
  %2 = arith.select %c, %true, %false : i1
  return %0, %1, %2 : i64, i64, i1
}

func.func @dims(%x: tensor<4x?xf32>, %m: memref<?x8xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = tensor.dim %x, %c0 : tensor<4x?xf32>
  %1 = memref.dim %m, %c1 : memref<?x8xf32>
  %2 = tensor.dim %x, %c1 : tensor<4x?xf32>
  return %0, %1, %2 : index, index, index
}

func.func @allocations(%n: index) -> memref<?x16xf32> {
  %c16 = arith.constant 16 : index
  %0 = memref.alloc(%n, %c16) : memref<?x?xf32>
  %1 = memref.cast %0 : memref<?x?xf32> to memref<?x16xf32>
  %dead = memref.alloc(%n) : memref<?xf32>
  memref.dealloc %dead : memref<?xf32>
  return %1 : memref<?x16xf32>
}

func.func @views(%m: memref<16x16xf32>) -> memref<4x4xf32, strided<[16, 1], offset: ?>> {
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c1 = arith.constant 1 : index
  %0 = memref.subview %m[%c2, %c2] [%c4, %c4] [%c1, %c1] : memref<16x16xf32> to memref<?x?xf32, strided<[?, ?], offset: ?>>
  %1 = memref.cast %0 : memref<?x?xf32, strided<[?, ?], offset: ?>> to memref<4x4xf32, strided<[16, 1], offset: ?>>
  return %1 : memref<4x4xf32, strided<[16, 1], offset: ?>>
}

func.func @tensors(%x: tensor<?x8xf32>, %f: f32) -> (tensor<8xf32>, tensor<?x8xf32>, tensor<4x2xf32>) {
  %0 = tensor.cast %x : tensor<?x8xf32> to tensor<?x?xf32>
  %1 = tensor.cast %0 : tensor<?x?xf32> to tensor<?x8xf32>
  %2 = tensor.extract_slice %1[0, 0] [1, 8] [1, 1] : tensor<?x8xf32> to tensor<8xf32>
  %3 = tensor.expand_shape %2 [[0, 1]] output_shape [4, 2] : tensor<8xf32> into tensor<4x2xf32>
  %4 = tensor.collapse_shape %3 [[0, 1]] : tensor<4x2xf32> into tensor<8xf32>
  %5 = tensor.insert_slice %4 into %1[0, 0] [1, 8] [1, 1] : tensor<8xf32> into tensor<?x8xf32>
  return %4, %5, %3 : tensor<8xf32>, tensor<?x8xf32>, tensor<4x2xf32>
}

func.func @flow(%c: i1, %x: i32) -> i32 {
  %true = arith.constant true
  cf.cond_br %true, ^a(%x : i32), ^b(%x : i32)
^a(%y: i32):
  cf.br ^c(%y : i32)
^b(%z: i32):
  %0 = arith.addi %z, %z : i32
  cf.br ^c(%0 : i32)
^c(%r: i32):
  return %r : i32
}

func.func @structured(%x: tensor<8xf32>, %n: index) -> (tensor<8xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
  %f = arith.constant 2.0 : f32
  %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %f) -> (tensor<8xf32>, f32) {
    scf.yield %a, %b : tensor<8xf32>, f32
  }
  %1 = scf.if %true -> tensor<8xf32> {
    scf.yield %0#0 : tensor<8xf32>
  } else {
    %2 = tensor.splat %f : tensor<8xf32>
    scf.yield %2 : tensor<8xf32>
  }
  %3 = scf.for %i = %c0 to %c1 step %c1 iter_args(%a = %0#1) -> f32 {
    %4 = arith.mulf %a, %a : f32
    scf.yield %4 : f32
  }
  return %1, %3 : tensor<8xf32>, f32
}

func.func @linalg(%x: tensor<8x8xf32>, %f: f32) -> tensor<8x8xf32> {
  %0 = tensor.empty() : tensor<8x8xf32>
  %1 = linalg.fill ins(%f : f32) outs(%0 : tensor<8x8xf32>) -> tensor<8x8xf32>
  %2 = linalg.transpose ins(%x : tensor<8x8xf32>) outs(%0 : tensor<8x8xf32>) permutation = [0, 1]
  %3 = linalg.copy ins(%2 : tensor<8x8xf32>) outs(%1 : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %3 : tensor<8x8xf32>
}

func.func @vectors(%v: vector<4xf32>) -> (f32, vector<4xf32>) {
  %0 = vector.broadcast %v : vector<4xf32> to vector<2x4xf32>
  %1 = vector.extract %0[1] : vector<4xf32> from vector<2x4xf32>
  %2 = vector.extract %1[2] : f32 from vector<4xf32>
  %3 = vector.transpose %0, [1, 0] : vector<2x4xf32> to vector<4x2xf32>
  %4 = vector.transpose %3, [1, 0] : vector<4x2xf32> to vector<2x4xf32>
  %5 = vector.extract %4[0] : vector<4xf32> from vector<2x4xf32>
  return %2, %5 : f32, vector<4xf32>
}

func.func private @callee(%x: i32) -> i32 {
  %0 = arith.addi %x, %x : i32
  return %0 : i32
}
func.func @caller(%x: i32) -> i32 {
  %0 = call @callee(%x) : (i32) -> i32
  %f = constant @callee : (i32) -> i32
  %1 = call_indirect %f(%0) : (i32) -> i32
  return %1 : i32
}
