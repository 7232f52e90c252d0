// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s | FileCheck %s
// RUN: symm-opt %s | symm-opt | FileCheck %s
// RUN: symm-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: symm-opt %s --mlir-print-op-generic | symm-opt | FileCheck %s
// RUN: symm-opt %s --emit-bytecode | symm-opt | FileCheck %s
// RUN: symm-opt %s --verify-roundtrip -o /dev/null

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @tensors(
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<8x4xf32>
func.func @tensors(%x: tensor<8x4xf32>, %b: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK: symm_mem.one_shot_all_reduce<sum> %[[X]] on @tp : tensor<8x4xf32>
  // GENERIC: "symm_mem.one_shot_all_reduce"(%{{.*}}) <{group = @tp, protocol = #comm.protocol<pull>, reduce_op = #comm.reduce_op<sum>}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8x4xf32>
  // CHECK: symm_mem.one_shot_all_reduce<max, push> %[[X]] on @tp {user.note} : tensor<8x4xf32>
  // GENERIC: "symm_mem.one_shot_all_reduce"(%{{.*}}) <{group = @tp, protocol = #comm.protocol<push>, reduce_op = #comm.reduce_op<max>}> {user.note} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = symm_mem.one_shot_all_reduce<max, push> %x on @tp {user.note} : tensor<8x4xf32>
  // The default protocol may be spelled out.
  // CHECK: symm_mem.one_shot_all_reduce<min> %[[X]] on @tp : tensor<8x4xf32>
  %2 = symm_mem.one_shot_all_reduce<min, pull> %x on @tp : tensor<8x4xf32>
  // CHECK: symm_mem.one_shot_all_reduce_copy<sum> %[[B]], %[[X]] on @tp : tensor<8x4xf32>
  // GENERIC: "symm_mem.one_shot_all_reduce_copy"(%{{.*}}, %{{.*}}) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %3 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8x4xf32>
  // CHECK: symm_mem.two_shot_all_reduce_<avg> %[[X]] on @tp : tensor<8x4xf32>
  // GENERIC: "symm_mem.two_shot_all_reduce_"(%{{.*}}) <{group = @tp, protocol = #comm.protocol<pull>, reduce_op = #comm.reduce_op<avg>}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %4 = symm_mem.two_shot_all_reduce_<avg> %x on @tp : tensor<8x4xf32>
  // CHECK: symm_mem.two_shot_all_reduce_<product, push> %[[X]] on @tp : tensor<8x4xf32>
  %5 = symm_mem.two_shot_all_reduce_<product, push> %x on @tp : tensor<8x4xf32>
  return %5 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @memrefs(
// CHECK-SAME: %[[S:.*]]: memref<8xf32, #comm.symm_mem<@tp>>, %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>
func.func @memrefs(%s: memref<8xf32, #comm.symm_mem<@tp>>, %x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK: symm_mem.one_shot_all_reduce<sum> ins(%[[S]] : memref<8xf32, #comm.symm_mem<@tp>>) outs(%[[Y]] : memref<8xf32>) on @tp
  // GENERIC: "symm_mem.one_shot_all_reduce"(%{{.*}}, %{{.*}}) <{group = @tp, protocol = #comm.protocol<pull>, reduce_op = #comm.reduce_op<sum>}> : (memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>) -> ()
  symm_mem.one_shot_all_reduce<sum> ins(%s : memref<8xf32, #comm.symm_mem<@tp>>) outs(%y : memref<8xf32>) on @tp
  // Before placement an operand without a memory space is as good.
  // CHECK: symm_mem.one_shot_all_reduce<sum> ins(%[[X]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  // CHECK: symm_mem.one_shot_all_reduce<sum, push> ins(%[[X]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  // CHECK: symm_mem.one_shot_all_reduce_copy<sum> ins(%[[S]], %[[X]] : memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp {user.note}
  // GENERIC: "symm_mem.one_shot_all_reduce_copy"(%{{.*}}, %{{.*}}, %{{.*}}) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> {user.note} : (memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>, memref<8xf32>) -> ()
  symm_mem.one_shot_all_reduce_copy<sum> ins(%s, %x : memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>) outs(%y : memref<8xf32>) on @tp {user.note}
  // CHECK: symm_mem.two_shot_all_reduce_<sum> inout(%[[S]] : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  // GENERIC: "symm_mem.two_shot_all_reduce_"(%{{.*}}) <{group = @tp, protocol = #comm.protocol<pull>, reduce_op = #comm.reduce_op<sum>}> : (memref<8xf32, #comm.symm_mem<@tp>>) -> ()
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
  // CHECK: symm_mem.two_shot_all_reduce_<sum, push> inout(%[[X]] : memref<8xf32>) on @tp
  symm_mem.two_shot_all_reduce_<sum, push> inout(%x : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @dynamic(
func.func @dynamic(%x: tensor<?x4xf32>, %y: memref<?xf32, strided<[?], offset: ?>, #comm.symm_mem<@tp>>, %z: memref<?xf32>) {
  // CHECK: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<?x4xf32>
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<?x4xf32>
  // CHECK: symm_mem.one_shot_all_reduce<sum> ins(%{{.*}} : memref<?xf32, strided<[?], offset: ?>, #comm.symm_mem<@tp>>) outs(%{{.*}} : memref<?xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%y : memref<?xf32, strided<[?], offset: ?>, #comm.symm_mem<@tp>>) outs(%z : memref<?xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @barriers(
func.func @barriers() {
  // CHECK: symm_mem.barrier on @tp{{$}}
  // GENERIC: "symm_mem.barrier"() <{channel = 0 : i64, group = @tp}> : () -> ()
  symm_mem.barrier on @tp
  // CHECK: symm_mem.barrier on @tp channel(1) {user.note}
  // GENERIC: "symm_mem.barrier"() <{channel = 1 : i64, group = @tp}> {user.note} : () -> ()
  symm_mem.barrier on @tp channel(1) {user.note}
  return
}
