// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The memref form, and waits on memrefs.

// RUN: symm-opt %s --lower-comm | FileCheck %s
// RUN: symm-opt %s --lower-comm="protocol=push" | FileCheck %s --check-prefix=PUSH

comm.group @tp size(4) {symm_mem}
comm.group @plain size(4)

// CHECK-LABEL: func.func @one_shot(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>, %[[Y:.*]]: memref<8xf32>
// PUSH-LABEL: func.func @one_shot(
func.func @one_shot(%x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> ins(%[[X]] : memref<8xf32>) outs(%[[Y]] : memref<8xf32>) on @tp {user.note = "kept"}
  // CHECK-NEXT: return
  // PUSH-NEXT: symm_mem.one_shot_all_reduce<max, push> ins(%{{.*}} : memref<8xf32>) outs(%{{.*}} : memref<8xf32>) on @tp {user.note = "kept"}
  // PUSH-NEXT: return
  c10d.all_reduce<max> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp {user.note = "kept"}
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// Two-shot works in place: the output gets the input first.
// CHECK-LABEL: func.func @two_shot(
// CHECK-SAME: %[[X:.*]]: memref<65536xf32>, %[[Y:.*]]: memref<65536xf32>
func.func @two_shot(%x: memref<65536xf32>, %y: memref<65536xf32>) {
  // CHECK-NEXT: memref.copy %[[X]], %[[Y]] : memref<65536xf32> to memref<65536xf32>
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<avg> inout(%[[Y]] : memref<65536xf32>) on @tp {user.note}
  // CHECK-NEXT: return
  c10d.all_reduce<avg> ins(%x : memref<65536xf32>) outs(%y : memref<65536xf32>) on @tp {user.note}
  c10d.wait_tensor %y : memref<65536xf32>
  return
}

// Where input and output are one, there is nothing to copy; and one-shot, whose
// peers would read what is being overwritten, is out of the question.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>
// PUSH-LABEL: func.func @in_place(
func.func @in_place(%x: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.two_shot_all_reduce_<sum> inout(%[[X]] : memref<8xf32>) on @tp
  // CHECK-NEXT: return
  // PUSH-NEXT: symm_mem.two_shot_all_reduce_<sum, push> inout(%{{.*}} : memref<8xf32>) on @tp
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  c10d.wait_tensor %x : memref<8xf32>
  return
}

// CHECK-LABEL: func.func @strided(
func.func @strided(%x: memref<8x4xf32, strided<[16, 1], offset: ?>>, %y: memref<8x4xf32, strided<[4, 1], offset: 8>>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> ins(%{{.*}} : memref<8x4xf32, strided<[16, 1], offset: ?>>) outs(%{{.*}} : memref<8x4xf32, strided<[4, 1], offset: 8>>) on @tp
  c10d.all_reduce<sum> ins(%x : memref<8x4xf32, strided<[16, 1], offset: ?>>) outs(%y : memref<8x4xf32, strided<[4, 1], offset: 8>>) on @tp
  return
}

// What stays is waited for.
// CHECK-LABEL: func.func @wait_for_what_stays(
func.func @wait_for_what_stays(%x: memref<8xf32>, %y: memref<8xf32>) {
  // CHECK-NEXT: c10d.all_reduce<sum> ins
  // CHECK-NEXT: c10d.wait_tensor
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @plain
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// CHECK-LABEL: func.func @wait_for_the_caller(
func.func @wait_for_the_caller(%y: memref<8xf32>) {
  // CHECK-NEXT: c10d.wait_tensor
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// Something else is on its way to the same buffer, or to one that may be.
// CHECK-LABEL: func.func @wait_after_another(
func.func @wait_after_another(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: c10d.broadcast
  // CHECK-NEXT: c10d.wait_tensor
  // CHECK-NEXT: c10d.wait_tensor
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  c10d.broadcast src(0) ins(%x : memref<8xf32>) outs(%z : memref<8xf32>) on @tp
  c10d.wait_tensor %z : memref<8xf32>
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// An allocation shares nothing with an argument, nor with another allocation.
// CHECK-LABEL: func.func @wait_after_another_elsewhere(
func.func @wait_after_another_elsewhere(%x: memref<8xf32>, %z: memref<8xf32>) -> (memref<8xf32>, memref<8xf32>) {
  // CHECK-NEXT: %[[Y:.*]] = memref.alloc
  // CHECK-NEXT: %[[U:.*]] = memref.alloc
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> {{.*}} outs(%[[Y]] :
  // CHECK-NEXT: c10d.broadcast src(0) {{.*}} outs(%arg1 :
  // CHECK-NEXT: c10d.broadcast src(1) {{.*}} outs(%[[U]] :
  // CHECK-NEXT: c10d.wait_tensor %[[U]]
  // CHECK-NEXT: c10d.wait_tensor %arg1
  // CHECK-NEXT: return
  %y = memref.alloc() : memref<8xf32>
  %u = memref.alloc() : memref<8xf32>
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  c10d.broadcast src(0) ins(%x : memref<8xf32>) outs(%z : memref<8xf32>) on @tp
  c10d.broadcast src(1) ins(%x : memref<8xf32>) outs(%u : memref<8xf32>) on @tp
  c10d.wait_tensor %u : memref<8xf32>
  c10d.wait_tensor %y : memref<8xf32>
  c10d.wait_tensor %z : memref<8xf32>
  return %y, %u : memref<8xf32>, memref<8xf32>
}

// A view of the same allocation.
// CHECK-LABEL: func.func @wait_after_view(
func.func @wait_after_view(%x: memref<8xf32>, %z: memref<4xf32>) {
  // CHECK: c10d.broadcast
  // CHECK-NEXT: c10d.wait_tensor
  %y = memref.alloc() : memref<8xf32>
  %part = memref.subview %y[4] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 4>>
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  c10d.broadcast src(0) ins(%z : memref<4xf32>) outs(%part : memref<4xf32, strided<[1], offset: 4>>) on @tp
  c10d.wait_tensor %y : memref<8xf32>
  return
}

func.func private @callee(memref<8xf32>)

// A call may start anything; a loop that starts nothing starts nothing.
// CHECK-LABEL: func.func @wait_after_call(
func.func @wait_after_call(%x: memref<8xf32>, %y: memref<8xf32>, %f: f32, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: call @callee
  // CHECK-NEXT: c10d.wait_tensor
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  call @callee(%y) : (memref<8xf32>) -> ()
  c10d.wait_tensor %y : memref<8xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min>
  // CHECK-NEXT: scf.for
  // CHECK-NOT: c10d.wait_tensor
  // CHECK: symm_mem.one_shot_all_reduce<max>
  c10d.all_reduce<min> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  scf.for %i = %c0 to %n step %c1 {
    memref.store %f, %x[%i] : memref<8xf32>
  }
  c10d.wait_tensor %y : memref<8xf32>
  // CHECK-NEXT: scf.for
  // CHECK-NEXT: c10d.broadcast
  // CHECK-NEXT: }
  // CHECK-NEXT: c10d.wait_tensor
  c10d.all_reduce<max> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  scf.for %i = %c0 to %n step %c1 {
    c10d.broadcast src(0) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  }
  c10d.wait_tensor %y : memref<8xf32>
  return
}

// Inside a loop, both in its body.
// CHECK-LABEL: func.func @loop(
func.func @loop(%x: memref<8xf32>, %y: memref<8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum>
  // CHECK-NEXT: }
  scf.for %i = %c0 to %n step %c1 {
    c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    c10d.wait_tensor %y : memref<8xf32>
  }
  return
}
