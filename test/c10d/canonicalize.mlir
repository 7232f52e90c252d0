// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --canonicalize | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @one size(1)
comm.group @chosen size(1) {ranks = [3]}

// A collective over one rank is its input.

// CHECK-LABEL: func.func @one_rank_tensors(
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32>
func.func @one_rank_tensors(%x: tensor<8x4xf32>)
    -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
  %0 = c10d.all_reduce<avg> %x on @one : tensor<8x4xf32>
  %1 = c10d.all_gather_into_tensor %x on @one : tensor<8x4xf32>
  %2 = c10d.reduce_scatter_tensor<product> %x on @chosen : tensor<8x4xf32>
  %3 = c10d.all_to_all_single %x on @one : tensor<8x4xf32>
  %4 = c10d.broadcast src(0) %x on @one : tensor<8x4xf32>
  return %0, %1, %2, %3, %4
      : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
}

// On memrefs, a copy into the output.
// CHECK-LABEL: func.func @one_rank_memrefs(
// CHECK-SAME: %[[X:.*]]: memref<8x4xf32>, %[[Y:.*]]: memref<8x4xf32>
func.func @one_rank_memrefs(%x: memref<8x4xf32>, %y: memref<8x4xf32>) {
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]] : memref<8x4xf32> to memref<8x4xf32>
  c10d.all_reduce<max> ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @one
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]]
  c10d.all_gather_into_tensor ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @one
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]]
  c10d.reduce_scatter_tensor<sum> ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @one
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]]
  c10d.all_to_all_single ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @one
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]]
  c10d.broadcast src(0) ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @one
  // In place there is nothing to copy.
  // CHECK-NEXT: return
  c10d.all_reduce<max> ins(%x : memref<8x4xf32>) outs(%x : memref<8x4xf32>) on @one
  return
}

// CHECK-LABEL: func.func @one_rank_cast(
func.func @one_rank_cast(%x: tensor<?xf32>) -> tensor<8xf32> {
  // The result is known better than the input: stays.
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @one : tensor<?xf32> -> tensor<8xf32>
  %0 = c10d.all_reduce<sum> %x on @one : tensor<?xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @four_ranks(
func.func @four_ranks(%x: tensor<8x4xf32>, %m: memref<8x4xf32>, %n: memref<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK-NEXT: c10d.all_reduce
  // CHECK-NEXT: c10d.all_gather_into_tensor
  // CHECK-NEXT: c10d.reduce_scatter_tensor
  // CHECK-NEXT: c10d.all_to_all_single
  // CHECK-NEXT: c10d.broadcast
  // CHECK-NEXT: c10d.all_reduce<sum> ins
  // CHECK-NEXT: return
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>
  %1 = c10d.all_gather_into_tensor %x on @tp : tensor<8x4xf32> -> tensor<32x4xf32>
  %2 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<8x4xf32> -> tensor<2x4xf32>
  %3 = c10d.all_to_all_single %x on @tp : tensor<8x4xf32>
  %4 = c10d.broadcast src(0) %x on @tp : tensor<8x4xf32>
  c10d.all_reduce<sum> ins(%m : memref<8x4xf32>) outs(%n : memref<8x4xf32>) on @tp
  return %4 : tensor<8x4xf32>
}

// Waits.

// CHECK-LABEL: func.func @wait_of_wait(
func.func @wait_of_wait(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = c10d.all_reduce<sum>
  // CHECK-NEXT: %[[W:.*]] = c10d.wait_tensor %[[R]]
  // CHECK-NEXT: return %[[W]]
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = c10d.wait_tensor %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_synchronous(
func.func @wait_of_synchronous(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: return %[[R]]
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_in_place(
func.func @wait_of_in_place(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[R:.*]] = symm_mem.two_shot_all_reduce_<sum>
  // CHECK-NEXT: return %[[R]]
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_constant(
func.func @wait_of_constant() -> tensor<8xf32> {
  // CHECK-NEXT: %[[C:.*]] = arith.constant
  // CHECK-NEXT: return %[[C]]
  %0 = arith.constant dense<1.0> : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_elementwise(
func.func @wait_of_elementwise(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK-NEXT: %[[S:.*]] = arith.addf
  // CHECK-NEXT: return %[[S]]
  %0 = arith.addf %x, %x : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_splat(
func.func @wait_of_splat(%f: f32) -> tensor<8xf32> {
  // CHECK-NEXT: %[[S:.*]] = tensor.splat
  // CHECK-NEXT: return %[[S]]
  %0 = tensor.splat %f : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_one_rank(
// CHECK-SAME: %[[F:.*]]: f32
func.func @wait_of_one_rank(%f: f32) -> tensor<8xf32> {
  // CHECK-NEXT: %[[S:.*]] = tensor.splat %[[F]]
  // CHECK-NEXT: return %[[S]]
  %0 = tensor.splat %f : tensor<8xf32>
  %1 = c10d.all_reduce<sum> %0 on @one : tensor<8xf32>
  %2 = c10d.wait_tensor %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_collective(
func.func @wait_of_collective(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: c10d.wait_tensor
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// A block argument may be the result of somebody's collective.
// CHECK-LABEL: func.func @wait_of_argument(
func.func @wait_of_argument(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: c10d.wait_tensor
  %0 = c10d.wait_tensor %x : tensor<8xf32>
  return %0 : tensor<8xf32>
}

func.func private @callee() -> tensor<8xf32>

// CHECK-LABEL: func.func @wait_of_call(
func.func @wait_of_call() -> tensor<8xf32> {
  // CHECK: c10d.wait_tensor
  %0 = call @callee() : () -> tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_loop(
func.func @wait_of_loop(%x: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%it = %x) -> tensor<8xf32> {
    // CHECK: c10d.wait_tensor
    %1 = c10d.wait_tensor %it : tensor<8xf32>
    %2 = c10d.all_reduce<sum> %1 on @tp : tensor<8xf32>
    scf.yield %2 : tensor<8xf32>
  }
  // CHECK: c10d.wait_tensor
  %3 = c10d.wait_tensor %0 : tensor<8xf32>
  return %3 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_view(
func.func @wait_of_view(%x: tensor<8xf32>)
    -> (tensor<4xf32>, tensor<2x4xf32>, tensor<?xf32>, tensor<8xi32>, tensor<16xf32>) {
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  // CHECK: %[[V1:.*]] = tensor.extract_slice
  // CHECK: c10d.wait_tensor %[[V1]]
  %1 = tensor.extract_slice %0[0] [4] [1] : tensor<8xf32> to tensor<4xf32>
  %2 = c10d.wait_tensor %1 : tensor<4xf32>
  // CHECK: %[[V2:.*]] = tensor.expand_shape
  // CHECK: c10d.wait_tensor %[[V2]]
  %3 = tensor.expand_shape %0 [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %4 = c10d.wait_tensor %3 : tensor<2x4xf32>
  // CHECK: %[[V3:.*]] = tensor.cast
  // CHECK: c10d.wait_tensor %[[V3]]
  %5 = tensor.cast %0 : tensor<8xf32> to tensor<?xf32>
  %6 = c10d.wait_tensor %5 : tensor<?xf32>
  // CHECK: %[[V4:.*]] = arith.bitcast
  // CHECK: c10d.wait_tensor %[[V4]]
  %7 = arith.bitcast %0 : tensor<8xf32> to tensor<8xi32>
  %8 = c10d.wait_tensor %7 : tensor<8xi32>
  // CHECK: %[[V5:.*]] = tensor.insert_slice
  // CHECK: c10d.wait_tensor %[[V5]]
  %9 = tensor.empty() : tensor<16xf32>
  %10 = tensor.insert_slice %0 into %9[0] [8] [1] : tensor<8xf32> into tensor<16xf32>
  %11 = c10d.wait_tensor %10 : tensor<16xf32>
  return %2, %4, %6, %8, %11 : tensor<4xf32>, tensor<2x4xf32>, tensor<?xf32>, tensor<8xi32>, tensor<16xf32>
}

// CHECK-LABEL: func.func @wait_of_select(
func.func @wait_of_select(%c: i1, %x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = arith.select %c, %0, %y : tensor<8xf32>
  // CHECK: c10d.wait_tensor
  %2 = c10d.wait_tensor %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func.func @wait_of_memref(
func.func @wait_of_memref(%m: memref<8xf32>) {
  // CHECK: c10d.wait_tensor
  c10d.wait_tensor %m : memref<8xf32>
  return
}
