// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --unshare-inits | FileCheck %s

// CHECK-LABEL: func.func @shared
// CHECK-DAG: %[[ONE:.*]] = linalg.fill
// CHECK-DAG: %[[OTHER:.*]] = linalg.fill
// CHECK: linalg.matmul {{.*}} outs(%[[A:.*]] : tensor<4x4xf32>)
// CHECK-NOT: outs(%[[A]] :
// CHECK: linalg.matmul
func.func @shared(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x4xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x4xf32>) -> tensor<4x4xf32>
  %c = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  %d = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%fill : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c, %d : tensor<4x4xf32>, tensor<4x4xf32>
}

// CHECK-LABEL: func.func @empty
// CHECK-COUNT-2: tensor.empty
func.func @empty(%a: tensor<4x8xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  %empty = tensor.empty() : tensor<8x4xf32>
  %b = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%empty : tensor<8x4xf32>) permutation = [1, 0]
  %c = linalg.transpose ins(%a : tensor<4x8xf32>) outs(%empty : tensor<8x4xf32>) permutation = [1, 0]
  return %b, %c : tensor<8x4xf32>, tensor<8x4xf32>
}

// What a loop yields is made in it, and not copied out of a tensor from outside.
// CHECK-LABEL: func.func @loop
func.func @loop(%a: tensor<8x8xf32>, %n: index) -> tensor<8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  // CHECK-NOT: tensor.empty
  // CHECK: scf.for
  // CHECK: %[[EMPTY:.*]] = tensor.empty
  // CHECK: %[[FILL:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]] :
  // CHECK: linalg.matmul {{.*}} outs(%[[FILL]] :
  // CHECK: %[[OTHER:.*]] = tensor.empty
  // CHECK: linalg.transpose {{.*}} outs(%[[OTHER]] :
  %empty = tensor.empty() : tensor<8x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%b = %a) -> tensor<8x8xf32> {
    %c = linalg.matmul ins(%b, %a : tensor<8x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<8x8xf32>) -> tensor<8x8xf32>
    %d = linalg.transpose ins(%c : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) permutation = [1, 0]
    scf.yield %d : tensor<8x8xf32>
  }
  return %r : tensor<8x8xf32>
}

// A parallel loop shares one, and so does the body of an op.
// CHECK-LABEL: func.func @parallel
// CHECK: %[[EMPTY:.*]] = tensor.empty
// CHECK-NEXT: scf.forall
// CHECK: tensor.parallel_insert_slice %[[EMPTY]]
func.func @parallel(%to: tensor<8xf32>) -> tensor<8xf32> {
  %empty = tensor.empty() : tensor<2xf32>
  %r = scf.forall (%i) = (0) to (8) step (2) shared_outs(%out = %to) -> tensor<8xf32> {
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %empty into %out[%i] [2] [1] : tensor<2xf32> into tensor<8xf32>
    }
  }
  return %r : tensor<8xf32>
}

// Users in other blocks of a function get theirs there.
// CHECK-LABEL: func.func @blocks
// CHECK-NOT: tensor.empty
// CHECK: ^bb1:
// CHECK-NEXT: %[[ONE:.*]] = tensor.empty
// CHECK-NEXT: linalg.exp {{.*}} outs(%[[ONE]] :
// CHECK: ^bb2:
// CHECK-NEXT: %[[OTHER:.*]] = tensor.empty
// CHECK-NEXT: linalg.abs {{.*}} outs(%[[OTHER]] :
func.func @blocks(%which: i1, %a: tensor<8xf32>) -> tensor<8xf32> {
  %empty = tensor.empty() : tensor<8xf32>
  cf.cond_br %which, ^bb1, ^bb2
^bb1:
  %b = linalg.exp ins(%a : tensor<8xf32>) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  return %b : tensor<8xf32>
^bb2:
  %c = linalg.abs ins(%a : tensor<8xf32>) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  return %c : tensor<8xf32>
}
