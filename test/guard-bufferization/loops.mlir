// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --guard-bufferization --split-input-file | FileCheck %s

#id = affine_map<(i) -> (i)>

// One tensor is handed on as two.
// CHECK-LABEL: func.func @twice(
// CHECK: scf.for
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[SUM]])
// CHECK-NEXT: scf.yield %[[SUM]], %[[COPY]]
func.func @twice(%n: index, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
    %e = tensor.empty() : tensor<4xf32>
    %t = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%a, %b : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %s = arith.addf %p, %q : f32
      linalg.yield %s : f32
    } -> tensor<4xf32>
    scf.yield %t, %t : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// One part of a tensor, and all of it.
// CHECK-LABEL: func.func @part(
// CHECK: %[[PART:.*]] = tensor.extract_slice
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[PART]])
// CHECK-NEXT: scf.yield %{{.*}}, %[[COPY]]
func.func @part(%n: index, %x: tensor<4xf32>, %y: tensor<2xf32>, %value: f32) -> (tensor<4xf32>, tensor<2xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<2xf32>) {
    %t = tensor.insert %value into %a[%c0] : tensor<4xf32>
    %s = tensor.extract_slice %t[1] [2] [1] : tensor<4xf32> to tensor<2xf32>
    scf.yield %t, %s : tensor<4xf32>, tensor<2xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<2xf32>
}

// -----

// A tensor from outside.
// CHECK-LABEL: func.func @outside(
// CHECK-SAME: %[[OUTER:[a-z0-9]*]]: tensor<4xf32>)
// CHECK: tensor.insert
// CHECK-NEXT: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[OUTER]])
// CHECK-NEXT: scf.yield %[[COPY]]
func.func @outside(%n: index, %x: tensor<4xf32>, %value: f32, %outer: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %x) -> (tensor<4xf32>, tensor<4xf32>) {
    %t = tensor.insert %value into %a[%c0] : tensor<4xf32>
    scf.yield %outer, %t : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// What a loop changes, what it swaps, and what it makes, each handed on once.
// CHECK-LABEL: func.func @own(
// CHECK-NOT: bufferization.alloc_tensor
func.func @own(%n: index, %x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>, %value: f32)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y, %c = %z)
      -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    %t = tensor.insert %value into %a[%c0] : tensor<4xf32>
    %e = tensor.empty() : tensor<4xf32>
    %f = linalg.fill ins(%value : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %b, %t, %f : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// Both regions of a while loop hand on. A collective's result is one of the loop's.
// CHECK-LABEL: func.func @while(
// CHECK-SAME: %[[OUTER:[a-z0-9]*]]: tensor<4xf32>)
// CHECK: %[[SUM:.*]] = c10d.wait_tensor
// CHECK-NEXT: scf.condition(%{{.*}}) %[[SUM]]
// CHECK: ^bb0
// CHECK-NEXT: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[OUTER]])
// CHECK-NEXT: scf.yield %[[COPY]]
comm.group @tp size(2)
func.func @while(%more: i1, %x: tensor<4xf32>, %outer: tensor<4xf32>) -> tensor<4xf32> {
  %r = scf.while (%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    %s = c10d.all_reduce<sum> %a on @tp : tensor<4xf32>
    %w = c10d.wait_tensor %s : tensor<4xf32>
    scf.condition(%more) %w : tensor<4xf32>
  } do {
  ^bb0(%b: tensor<4xf32>):
    scf.yield %outer : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// What is written over a tensor from outside may be there.
// CHECK-LABEL: func.func @while_over_outside(
// CHECK: %[[OVER:.*]] = tensor.insert
// CHECK-NEXT: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[OVER]])
// CHECK-NEXT: scf.condition(%{{.*}}) %[[COPY]]
// CHECK: ^bb0
// CHECK-NEXT: scf.yield
func.func @while_over_outside(%more: i1, %x: tensor<4xf32>, %outer: tensor<4xf32>, %value: f32) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %r = scf.while (%a = %x) : (tensor<4xf32>) -> tensor<4xf32> {
    %t = tensor.insert %value into %outer[%c0] : tensor<4xf32>
    scf.condition(%more) %t : tensor<4xf32>
  } do {
  ^bb0(%b: tensor<4xf32>):
    scf.yield %b : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// -----

// Through a branch and an inner loop.
// CHECK-LABEL: func.func @nested(
// CHECK: scf.for
// CHECK-NEXT: %[[INNER:.*]] = scf.for
// CHECK: scf.yield
// CHECK: %[[IF:.*]] = scf.if
// CHECK: scf.yield %[[INNER]]
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[INNER]])
// CHECK-NEXT: scf.yield %[[IF]], %[[COPY]]
func.func @nested(%n: index, %which: i1, %x: tensor<4xf32>, %y: tensor<4xf32>, %value: f32) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %y) -> (tensor<4xf32>, tensor<4xf32>) {
    %inner = scf.for %j = %c0 to %n step %c1 iter_args(%c = %a) -> tensor<4xf32> {
      %t = tensor.insert %value into %c[%j] : tensor<4xf32>
      scf.yield %t : tensor<4xf32>
    }
    %if = scf.if %which -> tensor<4xf32> {
      scf.yield %inner : tensor<4xf32>
    } else {
      scf.yield %b : tensor<4xf32>
    }
    scf.yield %if, %inner : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}
