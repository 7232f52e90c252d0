// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each decision has a reason, at the op that it is about.

// RUN: symm-opt %s --place-symmetric-buffers --remarks-filter=place-symmetric-buffers -o /dev/null 2>&1 | FileCheck %s
// RUN: symm-opt %s --place-symmetric-buffers | symm-opt --place-symmetric-buffers --remarks-filter=place-symmetric-buffers -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TWICE --allow-empty
// TWICE-NOT: remark

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}
memref.global "private" constant @weights : memref<4096xf32> = dense<1.0>
func.func private @external() -> memref<8xf32>

// CHECK-DAG: remarks.mlir:[[# @LINE + 3]]:3: remark: [Passed] placed | Category:place-symmetric-buffers | Function=placed | Group=@tp, Operand=0, Reason="allocation at {{.*}}remarks.mlir:[[# @LINE + 2]]:8"
func.func @placed(%out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Passed] placed | {{.*}} | Function=joined | Group=@tp, Operand=0, Reason="allocation at {{.*}}remarks.mlir:[[# @LINE + 2]]:8 and 1 more"
func.func @joined(%c: i1) {
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %s = arith.select %c, %a, %b : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%s : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Passed] placed | {{.*}} | Function=requested | Group=@tp, Reason="it was requested"
func.func @requested() {
  %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}

// CHECK-DAG: [Passed] placed | {{.*}} | Function=uncalled | Group=@tp, Operand=0, Reason="no allocation reaches it"
func.func private @uncalled(%x: memref<8xf32>) {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=argument | Copies=2, Group=@tp, Operand=0, Reason="the buffer is an argument of public function @argument", Size="64 KiB"
func.func @argument(%x: memref<16384xf32>) {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<16384xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=global | Copies=1, Group=@tp, Operand=0, Reason="the buffer is global @weights", Size="16 KiB"
func.func @global(%out: memref<4096xf32>) {
  %w = memref.get_global @weights : memref<4096xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%w : memref<4096xf32>) outs(%out : memref<4096xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=stack | {{.*}}Reason="the buffer is on the stack", Size="a dynamic number of bytes"
func.func @stack(%n: index, %out: memref<?xf32>) {
  %a = memref.alloca(%n) : memref<?xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<?xf32>) outs(%out : memref<?xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=result_of_call | {{.*}}Reason="the buffer is a result of a call to @external"
func.func @result_of_call(%out: memref<8xf32>) {
  %a = call @external() : () -> memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=other_group | {{.*}}Group=@dp{{.*}}Reason="the buffer is in symmetric memory of @tp"
func.func @other_group(%out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @dp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=taken | {{.*}}Reason="the buffer is an argument of function @taken, which is used other than by calls"
func.func private @taken(%x: memref<8xf32>) {
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  return
}
func.func @takes() {
  %f = func.constant @taken : (memref<8xf32>) -> ()
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=stored | {{.*}}Reason="the buffer's descriptor is stored in memory"
func.func @stored(%table: memref<memref<8xf32>>, %out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  memref.store %a, %table[] : memref<memref<8xf32>>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=made | {{.*}}Reason="the buffer comes from 'gpu.alloc'"
func.func @made(%out: memref<8xf32>) {
  %a = gpu.alloc () : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// CHECK-DAG: [Missed] copied-out | {{.*}} | Function=copied_out | Operand=0, Reason="callers of a public function expect ordinary memory", Size="32 bytes"
func.func @copied_out() -> memref<8xf32> {
  %a = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  return %a : memref<8xf32>
}

// CHECK-DAG: [Missed] copied | {{.*}} | Function=copied_in | {{.*}}Reason="the buffer is a result of public function @copied_in", Size="4 bytes"
func.func @copied_in() -> memref<8xf32> {
  %a = memref.alloc() : memref<8xf32>
  %v = memref.subview %a[0] [1] [1] : memref<8xf32> to memref<1xf32, strided<[1]>>
  symm_mem.two_shot_all_reduce_<sum> inout(%v : memref<1xf32, strided<[1]>>) on @tp
  return %a : memref<8xf32>
}
