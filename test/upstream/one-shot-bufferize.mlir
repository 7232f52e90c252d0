// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// symm-opt does to programs without a collective what mlir-opt does.

// RUN: mlir-opt %s --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops" > %t.mlir_opt
// RUN: symm-opt %s --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops" | diff %t.mlir_opt -
// RUN: %mlir_opt_symm %s --pass-pipeline="builtin.module(one-shot-bufferize{bufferize-function-boundaries allow-return-allocs-from-loops})" | diff %t.mlir_opt -
// RUN: FileCheck %s < %t.mlir_opt
// RUN: mlir-opt %s --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops test-analysis-only" > %t.analysis
// RUN: symm-opt %s --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops test-analysis-only" | diff %t.analysis -
// RUN: mlir-opt %s --empty-tensor-to-alloc-tensor --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops function-boundary-type-conversion=identity-layout-map" --buffer-deallocation-pipeline --canonicalize > %t.deallocated
// RUN: symm-opt %s --empty-tensor-to-alloc-tensor --one-shot-bufferize="bufferize-function-boundaries allow-return-allocs-from-loops function-boundary-type-conversion=identity-layout-map" --buffer-deallocation-pipeline --canonicalize | diff %t.deallocated -

func.func private @external(tensor<?xf32>)

// CHECK-LABEL: func.func @in_place(
// CHECK-NOT: memref.copy
// CHECK: return
func.func @in_place(%x: tensor<?xf32>, %f: f32, %i: index) -> tensor<?xf32> {
  %0 = tensor.insert %f into %x[%i] : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @conflict(
// CHECK: memref.copy
func.func @conflict(%x: tensor<?xf32>, %f: f32, %i: index) -> (tensor<?xf32>, f32) {
  %0 = tensor.insert %f into %x[%i] : tensor<?xf32>
  %1 = tensor.extract %x[%i] : tensor<?xf32>
  return %0, %1 : tensor<?xf32>, f32
}

func.func @read_only(%x: tensor<8xf32> {bufferization.writable = false}, %f: f32, %i: index) -> tensor<8xf32> {
  %0 = tensor.insert %f into %x[%i] : tensor<8xf32>
  return %0 : tensor<8xf32>
}

func.func @constant(%f: f32, %i: index) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %1 = tensor.insert %f into %0[%i] : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

func.func @slices(%x: tensor<?x?xf32>, %y: tensor<4x4xf32>, %i: index) -> tensor<?x?xf32> {
  %0 = tensor.extract_slice %x[%i, 0] [4, 4] [1, 1] : tensor<?x?xf32> to tensor<4x4xf32>
  %1 = linalg.add ins(%0, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = tensor.insert_slice %1 into %x[%i, 0] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<?x?xf32>
  return %2 : tensor<?x?xf32>
}

func.func @reshapes(%x: tensor<2x3x4xf32>) -> (tensor<6x4xf32>, tensor<2x3x2x2xf32>) {
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x4xf32> into tensor<6x4xf32>
  %1 = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 3, 2, 2] : tensor<2x3x4xf32> into tensor<2x3x2x2xf32>
  return %0, %1 : tensor<6x4xf32>, tensor<2x3x2x2xf32>
}

func.func @loop(%x: tensor<?xf32>, %n: index, %f: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%it = %x) -> tensor<?xf32> {
    %1 = tensor.extract %it[%i] : tensor<?xf32>
    %2 = arith.mulf %1, %f : f32
    %3 = tensor.insert %2 into %it[%i] : tensor<?xf32>
    scf.yield %3 : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

func.func @swap(%x: tensor<8xf32>, %y: tensor<8xf32>, %n: index) -> (tensor<8xf32>, tensor<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (tensor<8xf32>, tensor<8xf32>) {
    scf.yield %b, %a : tensor<8xf32>, tensor<8xf32>
  }
  return %0#0, %0#1 : tensor<8xf32>, tensor<8xf32>
}

func.func @fresh_in_loop(%n: index, %f: f32) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = tensor.splat %f : tensor<8xf32>
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%it = %x) -> tensor<8xf32> {
    %1 = tensor.splat %f : tensor<8xf32>
    scf.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

func.func @branch(%c: i1, %x: tensor<8xf32>, %f: f32, %i: index) -> (tensor<8xf32>, f32) {
  %0 = scf.if %c -> tensor<8xf32> {
    %1 = tensor.insert %f into %x[%i] : tensor<8xf32>
    scf.yield %1 : tensor<8xf32>
  } else {
    scf.yield %x : tensor<8xf32>
  }
  %2 = tensor.extract %x[%i] : tensor<8xf32>
  return %0, %2 : tensor<8xf32>, f32
}

func.func @while(%x: tensor<8xf32>, %f: f32, %i: index) -> tensor<8xf32> {
  %0 = scf.while (%a = %x) : (tensor<8xf32>) -> tensor<8xf32> {
    %1 = tensor.extract %a[%i] : tensor<8xf32>
    %2 = arith.cmpf olt, %1, %f : f32
    scf.condition(%2) %a : tensor<8xf32>
  } do {
  ^bb0(%b: tensor<8xf32>):
    %1 = tensor.insert %f into %b[%i] : tensor<8xf32>
    scf.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

func.func private @callee(%x: tensor<8xf32>, %f: f32, %i: index) -> tensor<8xf32> {
  %0 = tensor.insert %f into %x[%i] : tensor<8xf32>
  return %0 : tensor<8xf32>
}
func.func @caller(%x: tensor<8xf32>, %f: f32, %i: index) -> (tensor<8xf32>, tensor<8xf32>) {
  %0 = call @callee(%x, %f, %i) : (tensor<8xf32>, f32, index) -> tensor<8xf32>
  return %0, %x : tensor<8xf32>, tensor<8xf32>
}

func.func @matmul(%a: tensor<8x16xf32>, %b: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = bufferization.alloc_tensor() : tensor<8x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x4xf32>) -> tensor<8x4xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<8x16xf32>, tensor<16x4xf32>) outs(%init : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

func.func @generic(%x: tensor<?x?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%y : tensor<?xf32>) {
  ^bb0(%a: f32, %acc: f32):
    %1 = arith.addf %a, %acc : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

func.func @vector(%x: tensor<8xf32>, %v: vector<4xf32>, %i: index) -> (tensor<8xf32>, vector<4xf32>) {
  %f = arith.constant 0.0 : f32
  %0 = vector.transfer_read %x[%i], %f : tensor<8xf32>, vector<4xf32>
  %1 = vector.transfer_write %v, %x[%i] : vector<4xf32>, tensor<8xf32>
  return %1, %0 : tensor<8xf32>, vector<4xf32>
}

func.func @forall(%x: tensor<8xf32>, %f: f32) -> tensor<8xf32> {
  %0 = scf.forall (%i) in (8) shared_outs(%o = %x) -> tensor<8xf32> {
    %1 = tensor.splat %f : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %1 into %o[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    }
  }
  return %0 : tensor<8xf32>
}

func.func @select(%c: i1, %x: tensor<8xf32>, %y: tensor<8xf32>, %f: f32, %i: index) -> tensor<8xf32> {
  %0 = arith.select %c, %x, %y : tensor<8xf32>
  %1 = tensor.insert %f into %0[%i] : tensor<8xf32>
  return %1 : tensor<8xf32>
}

func.func @reads(%x: tensor<?xf32>) {
  call @external(%x) : (tensor<?xf32>) -> ()
  return
}
