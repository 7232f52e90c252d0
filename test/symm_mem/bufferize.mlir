// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --one-shot-bufferize="bufferize-function-boundaries" | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @one_shot(
// CHECK-SAME: %[[X:.*]]: memref<8x4xf32, strided<[?, ?], offset: ?>>
func.func @one_shot(%x: tensor<8x4xf32>) -> (tensor<8x4xf32>, tensor<8x4xf32>) {
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[X]] : {{.*}}) outs(%[[R]] : memref<8x4xf32>) on @tp
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8x4xf32>
  // CHECK-NEXT: %[[P:.*]] = memref.alloc() {alignment = 64 : i64} : memref<8x4xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min, push> ins(%[[R]] : {{.*}}) outs(%[[P]] : memref<8x4xf32>) on @tp {user.note}
  %1 = symm_mem.one_shot_all_reduce<min, push> %0 on @tp {user.note} : tensor<8x4xf32>
  // CHECK: return %[[R]], %[[P]]
  return %0, %1 : tensor<8x4xf32>, tensor<8x4xf32>
}

// CHECK-LABEL: func.func @one_shot_dynamic(
// CHECK-SAME: %[[X:.*]]: memref<?x4xf32, strided<[?, ?], offset: ?>>
func.func @one_shot_dynamic(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[D:.*]] = memref.dim %[[X]]
  // CHECK: %[[R:.*]] = memref.alloc(%[[D]]) {alignment = 64 : i64} : memref<?x4xf32>
  // CHECK: symm_mem.one_shot_all_reduce<sum> ins(%[[X]] : {{.*}}) outs(%[[R]] : memref<?x4xf32>) on @tp
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// The operand of a two-shot all-reduce is overwritten: nobody reads it later, so
// it happens in place.
// CHECK-LABEL: func.func @in_place(
func.func @in_place(%f: f32, %i: index) -> (tensor<8xf32>, f32) {
  // CHECK: %[[X:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NOT: memref.alloc
  // CHECK-NOT: memref.copy
  // CHECK: memref.load %[[X]]
  // CHECK: symm_mem.two_shot_all_reduce_<sum> inout(%[[X]] : memref<8xf32>) on @tp
  // CHECK-NOT: memref.copy
  // CHECK: return %[[X]]
  %x = tensor.splat %f : tensor<8xf32>
  %e = tensor.extract %x[%i] : tensor<8xf32>
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  return %0, %e : tensor<8xf32>, f32
}

// A later read of the operand gets its old contents: the reduction works on a copy.
// CHECK-LABEL: func.func @read_later(
func.func @read_later(%f: f32, %i: index) -> (tensor<8xf32>, f32) {
  // CHECK: %[[X:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK: %[[C:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK: memref.copy %[[X]], %[[C]] : memref<8xf32> to memref<8xf32>
  // CHECK: symm_mem.two_shot_all_reduce_<sum> inout(%[[C]] : memref<8xf32>) on @tp
  // CHECK: memref.load %[[X]]
  // CHECK: return %[[C]]
  %x = tensor.splat %f : tensor<8xf32>
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  %e = tensor.extract %x[%i] : tensor<8xf32>
  return %0, %e : tensor<8xf32>, f32
}

// CHECK-LABEL: func.func @in_place_dynamic(
// CHECK-SAME: %[[X:.*]]: memref<?xf32, strided<[?], offset: ?>>
func.func @in_place_dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum, push> inout(%[[X]] : {{.*}}) on @tp {user.note}
  // CHECK-NEXT: return %[[X]]
  %0 = symm_mem.two_shot_all_reduce_<sum, push> %x on @tp {user.note} : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @read_only_argument(
// CHECK-SAME: %[[X:.*]]: memref<8xf32, strided<[?], offset: ?>>
func.func @read_only_argument(%x: tensor<8xf32> {bufferization.writable = false}) -> tensor<8xf32> {
  // CHECK: memref.copy %[[X]], %[[C:.*]] :
  // CHECK: symm_mem.two_shot_all_reduce_<sum> inout(%[[C]] : memref<8xf32>) on @tp
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @constant(
func.func @constant() -> tensor<8xf32> {
  // CHECK: %[[G:.*]] = memref.get_global
  // CHECK: memref.copy %[[G]], %[[C:.*]] :
  // CHECK: symm_mem.two_shot_all_reduce_<sum> inout(%[[C]] : memref<8xf32>) on @tp
  %x = arith.constant dense<1.0> : tensor<8xf32>
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @in_place_loop(
// CHECK-SAME: %[[X:.*]]: memref<8xf32, strided<[?], offset: ?>>
func.func @in_place_loop(%x: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for {{.*}} iter_args(%[[IT:.*]] = %[[X]])
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[IT]] : {{.*}}) on @tp
  // CHECK-NEXT: scf.yield %[[IT]]
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%it = %x) -> tensor<8xf32> {
    %1 = symm_mem.two_shot_all_reduce_<sum> %it on @tp : tensor<8xf32>
    scf.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// A staging buffer without contents is used as it is.
// CHECK-LABEL: func.func @staged(
// CHECK-SAME: %[[X:.*]]: memref<8xf32, strided<[?], offset: ?>>
func.func @staged(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NEXT: %[[R:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[B]], %[[X]] : memref<8xf32>, memref<8xf32, {{.*}}>) outs(%[[R]] : memref<8xf32>) on @tp
  %b = bufferization.alloc_tensor() : tensor<8xf32>
  %0 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8xf32>
  // The next op may stage through it again.
  // CHECK-NEXT: %[[S:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[B]], %[[R]] : memref<8xf32>, memref<8xf32>) outs(%[[S]] : memref<8xf32>) on @tp
  %1 = symm_mem.one_shot_all_reduce_copy<sum> %b, %0 on @tp : tensor<8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// On tensors nobody sees what staging leaves in the buffer: it gets another one,
// without a copy, as its contents aren't read.
// CHECK-LABEL: func.func @staging_buffer_read_later(
func.func @staging_buffer_read_later(%f: f32, %x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK: %[[B:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK: linalg.map outs(%[[B]]
  // CHECK: %[[FRESH:.*]] = memref.alloc() {{.*}} : memref<8xf32>
  // CHECK-NOT: memref.copy
  // CHECK: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[FRESH]], %{{.*}}) outs(%[[R:.*]] : memref<8xf32>) on @tp
  // CHECK: return %[[R]], %[[B]]
  %b = tensor.splat %f : tensor<8xf32>
  %0 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8xf32>
  return %0, %b : tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @staged_dynamic(
// CHECK-SAME: %[[X:.*]]: memref<?xf32, strided<[?], offset: ?>>
func.func @staged_dynamic(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  // CHECK: %[[B:.*]] = memref.alloc(%{{.*}}) {{.*}} : memref<?xf32>
  // CHECK: %[[D:.*]] = memref.dim %[[X]]
  // CHECK: %[[R:.*]] = memref.alloc(%[[D]]) {{.*}} : memref<?xf32>
  // CHECK: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[B]], %[[X]] : {{.*}}) outs(%[[R]] : memref<?xf32>) on @tp
  %b = bufferization.alloc_tensor(%n) : tensor<?xf32>
  %0 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<?xf32>
  return %0 : tensor<?xf32>
}

// Neither the memref form nor a barrier has anything to bufferize.
// CHECK-LABEL: func.func @memrefs(
func.func @memrefs(%x: memref<8xf32>, %y: memref<8xf32>, %b: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins
  // CHECK-NEXT: symm_mem.one_shot_all_reduce_copy<sum> ins
  // CHECK-NEXT: symm_mem.barrier on @tp channel(2)
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout
  // CHECK-NEXT: return
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce_copy<sum> ins(%b, %x : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  symm_mem.barrier on @tp channel(2)
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}
