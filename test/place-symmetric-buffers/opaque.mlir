// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Ops of which nothing is known take and make ordinary memory.

// RUN: symm-opt %s --place-symmetric-buffers --allow-unregistered-dialect --split-input-file | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @reader(
func.func @reader() {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: %[[P:.*]] = memref.memory_space_cast %[[A]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32>
  // CHECK-NEXT: "test.read"(%[[P]]) : (memref<8xf32>) -> ()
  "test.read"(%a) : (memref<8xf32>) -> ()
  return
}

// CHECK-LABEL: func.func @conversion(
func.func @conversion() {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: %[[P:.*]] = memref.memory_space_cast
  // CHECK-NEXT: builtin.unrealized_conversion_cast %[[P]] : memref<8xf32> to i64
  %i = builtin.unrealized_conversion_cast %a : memref<8xf32> to i64
  return
}

// CHECK-LABEL: func.func @maker(
func.func @maker(%out: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = "test.make"() : () -> memref<8xf32>
  %a = "test.make"() : () -> memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[A]], %[[B]]
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @branch(
func.func @branch(%out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  // CHECK: "test.br"(%{{.*}})[^bb1] : (memref<8xf32>) -> ()
  "test.br"(%a)[^next] : (memref<8xf32>) -> ()
^next:
  // CHECK: memref.copy %{{.*}}, %{{.*}} : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// What is stored in memory comes back with the type that it was stored with.
// CHECK-LABEL: func.func @stored(
func.func @stored(%table: memref<4xmemref<8xf32>>, %i: index, %out: memref<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32>
  %a = memref.alloc() : memref<8xf32>
  memref.store %a, %table[%i] : memref<4xmemref<8xf32>>
  // CHECK: %[[L:.*]] = memref.load %{{.*}} : memref<4xmemref<8xf32>>
  %l = memref.load %table[%i] : memref<4xmemref<8xf32>>
  // CHECK: memref.copy %[[A]], %{{.*}} : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  // CHECK: memref.copy %[[L]], %{{.*}} : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.one_shot_all_reduce<sum> ins(%l : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// A cast between memory spaces joins nothing.
// CHECK-LABEL: func.func @space_cast(
func.func @space_cast() {
  // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: %[[P:.*]] = memref.memory_space_cast %[[A]] : memref<8xf32, #comm.symm_mem<@tp>> to memref<8xf32, 1>
  %p = memref.memory_space_cast %a : memref<8xf32> to memref<8xf32, 1>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  return
}

// The body of a launch uses buffers from around it.
// CHECK-LABEL: func.func @launch_body(
func.func @launch_body(%f: f32) {
  %c1 = arith.constant 1 : index
  %c0 = arith.constant 0 : index
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %c1, %gy = %c1, %gz = %c1)
             threads(%tx, %ty, %tz) in (%sx = %c1, %sy = %c1, %sz = %c1) {
    // CHECK: memref.store %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>
    memref.store %f, %a[%c0] : memref<8xf32>
    gpu.terminator
  }
  return
}

// -----

// Kernels of a GPU take ordinary memory.
module attributes {gpu.container_module} {
comm.group @tp size(4) {symm_mem}
// CHECK-LABEL: func.func @launch(
func.func @launch() {
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  // CHECK: %[[P:.*]] = memref.memory_space_cast
  // CHECK: gpu.launch_func @kernels::@k {{.*}} args(%[[P]] : memref<8xf32>)
  gpu.launch_func @kernels::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%a : memref<8xf32>)
  return
}
gpu.module @kernels {
  gpu.func @k(%x: memref<8xf32>) kernel {
    gpu.return
  }
}
}

// -----

// Functions of other dialects keep their types; a group belongs to the symbol table
// around it.
module attributes {gpu.container_module} {
// CHECK: gpu.module @kernels attributes {comm.placed}
gpu.module @kernels {
  comm.group @tp size(4) {symm_mem}
  // CHECK: gpu.func @f(%[[X:.*]]: memref<8xf32>) -> memref<8xf32>
  gpu.func @f(%x: memref<8xf32>) -> memref<8xf32> {
    // CHECK-NEXT: %[[A:.*]] = memref.alloc() : memref<8xf32>
    %a = memref.alloc() : memref<8xf32>
    // CHECK: memref.copy %[[X]], %{{.*}} : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%a : memref<8xf32>) on @tp
    // CHECK: memref.copy %[[A]], %{{.*}} : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
    symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
    // CHECK: gpu.return %[[A]] : memref<8xf32>
    gpu.return %a : memref<8xf32>
  }
}
}
