// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Values that control flow joins are in one memory space.

// RUN: symm-opt %s --place-symmetric-buffers | FileCheck %s

comm.group @tp size(4) {symm_mem}

// CHECK-LABEL: func.func @select(
func.func @select(%c: i1) {
  // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: arith.select %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>
  %s = arith.select %c, %a, %b : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32>) on @tp
  return
}

// One of the two is the caller's: neither can be moved, so a copy is.
// CHECK-LABEL: func.func @select_argument(
func.func @select_argument(%c: i1, %x: memref<8xf32>, %out: memref<8xf32>) {
  // CHECK-NEXT: memref.alloc() : memref<8xf32>
  %a = memref.alloc() : memref<8xf32>
  // CHECK-NEXT: %[[S:.*]] = arith.select %{{.*}} : memref<8xf32>
  %s = arith.select %c, %a, %x : memref<8xf32>
  // CHECK-NEXT: %[[B:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: memref.copy %[[S]], %[[B]] : memref<8xf32> to memref<8xf32, #comm.symm_mem<@tp>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%[[B]] :
  symm_mem.one_shot_all_reduce<sum> ins(%s : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @scf_if(
func.func @scf_if(%c: i1) {
  // CHECK: scf.if %{{.*}} -> (memref<8xf32, #comm.symm_mem<@tp>>) {
  %r = scf.if %c -> memref<8xf32> {
    // CHECK-NEXT: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
    %a = memref.alloc() : memref<8xf32>
    scf.yield %a : memref<8xf32>
  } else {
    // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
    %b = memref.alloc() : memref<8xf32>
    scf.yield %b : memref<8xf32>
  }
  symm_mem.two_shot_all_reduce_<sum> inout(%r : memref<8xf32>) on @tp
  return
}

// Double buffering: what is swapped is one class.
// CHECK-LABEL: func.func @scf_for_swap(
func.func @scf_for_swap(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK-COUNT-2: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  // CHECK: scf.for {{.*}} -> (memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32, #comm.symm_mem<@tp>>) {
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (memref<8xf32>, memref<8xf32>) {
    // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>) outs(%{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    scf.yield %y, %x : memref<8xf32>, memref<8xf32>
  }
  return
}

// Without a swap the output stays in ordinary memory.
// CHECK-LABEL: func.func @scf_for_no_swap(
func.func @scf_for_no_swap(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  // CHECK: scf.for {{.*}} -> (memref<8xf32, #comm.symm_mem<@tp>>, memref<8xf32>) {
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (memref<8xf32>, memref<8xf32>) {
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    scf.yield %x, %y : memref<8xf32>, memref<8xf32>
  }
  return
}

// CHECK-LABEL: func.func @scf_while(
func.func @scf_while(%c: i1) {
  // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: scf.while {{.*}} : (memref<8xf32, #comm.symm_mem<@tp>>) -> memref<8xf32, #comm.symm_mem<@tp>> {
  %r = scf.while (%x = %a) : (memref<8xf32>) -> memref<8xf32> {
    // CHECK: scf.condition(%{{.*}}) %{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>
    scf.condition(%c) %x : memref<8xf32>
  } do {
  // CHECK: ^bb0(%{{.*}}: memref<8xf32, #comm.symm_mem<@tp>>):
  ^bb0(%y: memref<8xf32>):
    symm_mem.two_shot_all_reduce_<sum> inout(%y : memref<8xf32>) on @tp
    scf.yield %y : memref<8xf32>
  }
  return
}

// CHECK-LABEL: func.func @scf_regions(
func.func @scf_regions(%i: index) {
  // CHECK: scf.execute_region -> memref<8xf32, #comm.symm_mem<@tp>> {
  %a = scf.execute_region -> memref<8xf32> {
    %0 = memref.alloc() : memref<8xf32>
    scf.yield %0 : memref<8xf32>
  }
  // CHECK: scf.index_switch %{{.*}} -> memref<8xf32, #comm.symm_mem<@tp>>
  %b = scf.index_switch %i -> memref<8xf32>
  case 0 {
    scf.yield %a : memref<8xf32>
  }
  default {
    // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
    %1 = memref.alloc() : memref<8xf32>
    scf.yield %1 : memref<8xf32>
  }
  symm_mem.two_shot_all_reduce_<sum> inout(%b : memref<8xf32>) on @tp
  return
}

// No list of ops is behind this: any op that implements MLIR's interface will do.
// CHECK-LABEL: func.func @affine_and_scopes(
func.func @affine_and_scopes() {
  // CHECK: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: affine.for {{.*}} -> (memref<8xf32, #comm.symm_mem<@tp>>) {
  %r = affine.for %i = 0 to 8 iter_args(%x = %a) -> (memref<8xf32>) {
    affine.yield %x : memref<8xf32>
  }
  // CHECK: memref.alloca_scope -> (memref<8xf32, #comm.symm_mem<@tp>>) {
  %s = memref.alloca_scope -> (memref<8xf32>) {
    memref.alloca_scope.return %r : memref<8xf32>
  }
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32>) on @tp
  return
}

// CHECK-LABEL: func.func @cf_loop(
func.func @cf_loop(%c: i1) {
  // CHECK: %[[A:.*]] = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  // CHECK: cf.br ^bb1(%[[A]] : memref<8xf32, #comm.symm_mem<@tp>>)
  cf.br ^loop(%a : memref<8xf32>)
// CHECK: ^bb1(%[[X:.*]]: memref<8xf32, #comm.symm_mem<@tp>>):
^loop(%x: memref<8xf32>):
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  // CHECK: cf.cond_br %{{.*}}, ^bb1(%[[X]] : memref<8xf32, #comm.symm_mem<@tp>>), ^bb2(%[[X]] : memref<8xf32, #comm.symm_mem<@tp>>)
  cf.cond_br %c, ^loop(%x : memref<8xf32>), ^exit(%x : memref<8xf32>)
// CHECK: ^bb2(%{{.*}}: memref<8xf32, #comm.symm_mem<@tp>>):
^exit(%y: memref<8xf32>):
  return
}

// CHECK-LABEL: func.func @cf_switch(
func.func @cf_switch(%flag: i32) {
  // CHECK-COUNT-2: memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  cf.switch %flag : i32, [
    default: ^join(%a : memref<8xf32>),
    42: ^join(%b : memref<8xf32>)
  ]
^join(%x: memref<8xf32>):
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}
