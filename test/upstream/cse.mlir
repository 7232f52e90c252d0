// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// symm-opt does to programs without a collective what mlir-opt does.

// RUN: mlir-opt %s --cse > %t.mlir_opt
// RUN: symm-opt %s --cse | diff %t.mlir_opt -
// RUN: %mlir_opt_symm %s --pass-pipeline="builtin.module(cse)" | diff %t.mlir_opt -
// RUN: FileCheck %s < %t.mlir_opt
// RUN: mlir-opt %s --mlir-print-op-generic --mlir-print-debuginfo --pass-pipeline="builtin.module(func.func(cse,loop-invariant-code-motion,control-flow-sink,sccp,mem2reg))" > %t.generic
// RUN: symm-opt %s --mlir-print-op-generic --mlir-print-debuginfo --pass-pipeline="builtin.module(func.func(cse,loop-invariant-code-motion,control-flow-sink,sccp,mem2reg))" | diff %t.generic -

#mod = affine_map<(d0) -> (d0 mod 2)>

func.func @constants() -> (i32, i32, f32) {
  %0 = arith.constant 1 : i32
  %1 = arith.constant 1 : i32
  %2 = arith.constant 1.0 : f32
  return %0, %1, %2 : i32, i32, f32
}

// CHECK-LABEL: func.func @maps(
// CHECK-COUNT-1: affine.apply
// CHECK-NOT: affine.apply
func.func @maps(%i: index) -> (index, index) {
  %0 = affine.apply #mod(%i)
  %1 = affine.apply #mod(%i)
  return %0, %1 : index, index
}

// CHECK-LABEL: func.func @tree(
// CHECK-COUNT-4: arith.addf
// CHECK-NOT: arith.addf
func.func @tree(%a: f32, %b: f32) -> f32 {
  %0 = arith.addf %a, %b : f32
  %1 = arith.addf %a, %b : f32
  %2 = arith.addf %b, %a : f32
  %3 = arith.addf %0, %1 : f32
  %4 = arith.addf %1, %0 : f32
  %5 = arith.addf %3, %4 : f32
  %6 = arith.addf %5, %2 : f32
  return %6 : f32
}

func.func @attributes(%a: index, %b: index) -> (i1, i1, i1) {
  %0 = arith.cmpi slt, %a, %b : index
  %1 = arith.cmpi ne, %a, %b : index
  %2 = arith.cmpi ne, %a, %b : index
  return %0, %1, %2 : i1, i1, i1
}

func.func @results(%x: tensor<*xf32>) -> (tensor<?x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>) {
  %0 = tensor.cast %x : tensor<*xf32> to tensor<?x?xf32>
  %1 = tensor.cast %x : tensor<*xf32> to tensor<4x?xf32>
  %2 = tensor.cast %x : tensor<*xf32> to tensor<4x?xf32>
  return %0, %1, %2 : tensor<?x?xf32>, tensor<4x?xf32>, tensor<4x?xf32>
}

func.func @effects(%m: memref<8xf32>, %f: f32, %i: index) -> (f32, f32, f32, memref<2xf32>, memref<2xf32>) {
  %0 = memref.load %m[%i] : memref<8xf32>
  %1 = memref.load %m[%i] : memref<8xf32>
  memref.store %f, %m[%i] : memref<8xf32>
  %2 = memref.load %m[%i] : memref<8xf32>
  %3 = memref.alloc() : memref<2xf32>
  %4 = memref.alloc() : memref<2xf32>
  return %0, %1, %2, %3, %4 : f32, f32, f32, memref<2xf32>, memref<2xf32>
}

func.func @dominance(%c: i1) -> i32 {
  %0 = arith.constant 0 : i32
  cf.cond_br %c, ^a, ^b(%0 : i32)
^a:
  %1 = arith.constant 0 : i32
  %2 = arith.constant 7 : i32
  %3 = arith.addi %1, %2 : i32
  cf.br ^b(%3 : i32)
^b(%x: i32):
  %4 = arith.constant 7 : i32
  %5 = arith.addi %x, %4 : i32
  return %5 : i32
}

func.func @regions(%n: index, %c: i1, %x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0 : i32
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %z) -> i32 {
    %1 = arith.index_cast %i : index to i32
    %2 = arith.index_cast %i : index to i32
    %3 = arith.addi %1, %2 : i32
    %4 = scf.if %c -> i32 {
      %5 = arith.index_cast %i : index to i32
      scf.yield %5 : i32
    } else {
      %5 = arith.constant 3 : i32
      scf.yield %5 : i32
    }
    %6 = arith.addi %3, %4 : i32
    scf.yield %6 : i32
  }
  %1 = linalg.add ins(%x, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) -> tensor<?x?xf32>
  %2 = linalg.add ins(%x, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1, %2, %0 : tensor<?x?xf32>, tensor<?x?xf32>, i32
}

func.func @promoted(%a: i32, %c: i1) -> i32 {
  %m = memref.alloca() : memref<i32>
  memref.store %a, %m[] : memref<i32>
  cf.cond_br %c, ^a, ^b
^a:
  %0 = memref.load %m[] : memref<i32>
  %1 = arith.muli %0, %0 : i32
  memref.store %1, %m[] : memref<i32>
  cf.br ^b
^b:
  %2 = memref.load %m[] : memref<i32>
  return %2 : i32
}

module @nested {
  func.func @inside() -> (i32, i32) {
    %0 = arith.constant 1 : i32
    %1 = arith.constant 1 : i32
    return %0, %1 : i32, i32
  }
}
