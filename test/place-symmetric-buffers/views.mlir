// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The memory space goes through every kind of view, back to the allocation and
// forward to every other view of it.

// RUN: symm-opt %s --place-symmetric-buffers | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @subview(
func.func @subview() {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8x16xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8x16xf32>
  // CHECK-NEXT: %[[V:.*]] = memref.subview %[[A]][2, 0] [4, 16] [1, 1] : memref<8x16xf32, #comm.symm_mem<@tp>> to memref<4x16xf32, strided<[16, 1], offset: 32>, #comm.symm_mem<@tp>>
  %v = memref.subview %a[2, 0] [4, 16] [1, 1] : memref<8x16xf32> to memref<4x16xf32, strided<[16, 1], offset: 32>>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[V]] : memref<4x16xf32, strided<[16, 1], offset: 32>, #comm.symm_mem<@tp>>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%v : memref<4x16xf32, strided<[16, 1], offset: 32>>) on @tp
  return
}

// CHECK-LABEL: func.func @cast(
func.func @cast() {
  %a = memref.alloc() : memref<8xf32>
  // CHECK: memref.cast %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>> to memref<?xf32, #comm.symm_mem<@tp>>
  %v = memref.cast %a : memref<8xf32> to memref<?xf32>
  // CHECK-NEXT: memref.cast %{{.*}} : memref<?xf32, #comm.symm_mem<@tp>> to memref<*xf32, #comm.symm_mem<@tp>>
  %u = memref.cast %v : memref<?xf32> to memref<*xf32>
  // CHECK-NEXT: memref.cast %{{.*}} : memref<*xf32, #comm.symm_mem<@tp>> to memref<8xf32, #comm.symm_mem<@tp>>
  %w = memref.cast %u : memref<*xf32> to memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%w : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @reinterpret_cast(
func.func @reinterpret_cast() {
  %a = memref.alloc() : memref<32xf32>
  // CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [4, 8], strides: [8, 1] : memref<32xf32, #comm.symm_mem<@tp>> to memref<4x8xf32, #comm.symm_mem<@tp>>
  %v = memref.reinterpret_cast %a to offset: [0], sizes: [4, 8], strides: [8, 1] : memref<32xf32> to memref<4x8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%v : memref<4x8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @reassociated(
func.func @reassociated() {
  %a = memref.alloc() : memref<32xf32>
  // CHECK: memref.expand_shape {{.*}} : memref<32xf32, #comm.symm_mem<@tp>> into memref<4x8xf32, #comm.symm_mem<@tp>>
  %e = memref.expand_shape %a [[0, 1]] output_shape [4, 8] : memref<32xf32> into memref<4x8xf32>
  // CHECK: memref.collapse_shape {{.*}} : memref<4x8xf32, #comm.symm_mem<@tp>> into memref<32xf32, #comm.symm_mem<@tp>>
  %c = memref.collapse_shape %e [[0, 1]] : memref<4x8xf32> into memref<32xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%c : memref<32xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @transposed_view_of_a_view(
func.func @transposed_view_of_a_view(%out: memref<8x8xf32>) {
  // CHECK: memref.alloc() : memref<16x8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<16x8xf32>
  // CHECK: memref.subview {{.*}} to memref<8x8xf32, strided<[8, 1], offset: 64>, #comm.symm_mem<@tp>>
  %v = memref.subview %a[8, 0] [8, 8] [1, 1] : memref<16x8xf32> to memref<8x8xf32, strided<[8, 1], offset: 64>>
  // CHECK: memref.transpose {{.*}} : memref<8x8xf32, strided<[8, 1], offset: 64>, #comm.symm_mem<@tp>> to memref<8x8xf32, strided<[1, 8], offset: 64>, #comm.symm_mem<@tp>>
  %t = memref.transpose %v (i, j) -> (j, i) : memref<8x8xf32, strided<[8, 1], offset: 64>> to memref<8x8xf32, strided<[1, 8], offset: 64>>
  // CHECK: one_shot_all_reduce<sum> ins(%{{.*}} : memref<8x8xf32, strided<[1, 8], offset: 64>, #comm.symm_mem<@tp>>) outs(%{{.*}} : memref<8x8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%t : memref<8x8xf32, strided<[1, 8], offset: 64>>) outs(%out : memref<8x8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @view_and_reshape(
func.func @view_and_reshape(%shift: index, %shape: memref<2xindex>) {
  // CHECK: memref.alloc() : memref<2048xi8, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<2048xi8>
  // CHECK: memref.view {{.*}} : memref<2048xi8, #comm.symm_mem<@tp>> to memref<4x8xf32, #comm.symm_mem<@tp>>
  %v = memref.view %a[%shift][] : memref<2048xi8> to memref<4x8xf32>
  // CHECK: memref.reshape {{.*}} : (memref<4x8xf32, #comm.symm_mem<@tp>>, memref<2xindex>) -> memref<?x?xf32, #comm.symm_mem<@tp>>
  %r = memref.reshape %v(%shape) : (memref<4x8xf32>, memref<2xindex>) -> memref<?x?xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%r : memref<?x?xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @promises(
func.func @promises() {
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  // CHECK: memref.assume_alignment %{{.*}}, 64 : memref<8xf32, #comm.symm_mem<@tp>>
  %c = memref.assume_alignment %a, 64 : memref<8xf32>
  // The second of the distinct objects stays where it is.
  // CHECK: memref.distinct_objects %{{.*}}, %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>
  %d:2 = memref.distinct_objects %c, %b : memref<8xf32>, memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%d#0 : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @metadata(
func.func @metadata() {
  %a = memref.alloc() : memref<4x8xf32>
  // CHECK: memref.extract_strided_metadata %{{.*}} : memref<4x8xf32, #comm.symm_mem<@tp>> -> memref<f32, #comm.symm_mem<@tp>>, index, index, index, index, index
  %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %a : memref<4x8xf32> -> memref<f32>, index, index, index, index, index
  // CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [32], strides: [1] : memref<f32, #comm.symm_mem<@tp>> to memref<32xf32, #comm.symm_mem<@tp>>
  %v = memref.reinterpret_cast %base to offset: [0], sizes: [32], strides: [1] : memref<f32> to memref<32xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%v : memref<32xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @reallocated(
func.func @reallocated() {
  // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: memref.realloc %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>> to memref<16xf32, #comm.symm_mem<@tp>>
  %b = memref.realloc %a : memref<8xf32> to memref<16xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%b : memref<16xf32>) on @tp
  return
}

// A clone may be its source.
// CHECK-LABEL: func.func @cloned(
func.func @cloned() {
  // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: bufferization.clone %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32, #comm.symm_mem<@tp>>
  %b = bufferization.clone %a : memref<8xf32> to memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%b : memref<8xf32>) on @tp
  return
}

// Ops of MLIR take symmetric memory as they take any other.
// CHECK-LABEL: func.func @users(
func.func @users(%x: memref<8xf32>, %i: index, %f: f32) -> vector<4xf32> {
  // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: memref.store %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>
  memref.store %f, %a[%i] : memref<8xf32>
  // CHECK-NEXT: linalg.add ins(%{{.*}}, %{{.*}} : memref<8xf32>, memref<8xf32>) outs(%{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>)
  linalg.add ins(%x, %x : memref<8xf32>, memref<8xf32>) outs(%a : memref<8xf32>)
  // CHECK-NEXT: affine.store %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>
  affine.store %f, %a[0] : memref<8xf32>
  // CHECK-NEXT: memref.atomic_rmw {{.*}} (f32, memref<8xf32, #comm.symm_mem<@tp>>) -> f32
  %o = memref.atomic_rmw addf %f, %a[%i] : (f32, memref<8xf32>) -> f32
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: vector.transfer_read {{.*}} : memref<8xf32, #comm.symm_mem<@tp>>, vector<4xf32>
  %v = vector.transfer_read %a[%i], %f : memref<8xf32>, vector<4xf32>
  return %v : vector<4xf32>
}
