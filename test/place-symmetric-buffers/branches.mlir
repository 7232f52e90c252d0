// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What comes out of a branch that ranks may take differently is copied; other branches are followed.

// RUN: symm-opt %s --place-symmetric-buffers --split-input-file | FileCheck %s
// RUN: symm-opt %s --place-symmetric-buffers --split-input-file --remarks-filter=place-symmetric-buffers -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: the buffer comes out of 'scf.if', which ranks may run differently

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @by_rank(
// CHECK: %[[BUFFER:.*]] = scf.if %{{.*}} -> (memref<8xf32>) {
// CHECK: %[[COPY:.*]] = memref.alloc() {{.*}}: memref<8xf32, #comm.symm_mem<@tp>>
// CHECK: memref.copy %[[BUFFER]], %[[COPY]]
// CHECK: symm_mem.one_shot_all_reduce<sum> ins(%[[COPY]]
func.func @by_rank(%out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %rank = comm.rank on @tp
  %first = arith.cmpi eq, %rank, %zero : index
  %a = memref.alloc() : memref<8xf32>
  %b = scf.if %first -> memref<8xf32> {
    %c = memref.alloc() : memref<8xf32>
    scf.yield %c : memref<8xf32>
  } else {
    scf.yield %a : memref<8xf32>
  }
  symm_mem.one_shot_all_reduce<sum> ins(%b : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// The number comes through a call and a loop.
// CHECK-LABEL: func.func private @chosen(
// CHECK: arith.select {{.*}} : memref<8xf32>
// CHECK: memref.copy
// CHECK: symm_mem.one_shot_all_reduce
func.func private @chosen(%which: i1, %out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %c = arith.select %which, %a, %b : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%c : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}
func.func @calls(%out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %rank = comm.rank on @tp
  %sum = scf.for %i = %zero to %four step %one iter_args(%s = %zero) -> index {
    %t = arith.addi %s, %rank : index
    scf.yield %t : index
  }
  %which = arith.cmpi ugt, %sum, %one : index
  call @chosen(%which, %out) : (i1, memref<8xf32>) -> ()
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// How often it loops is in a buffer.
// CHECK-LABEL: func.func @loaded(
// CHECK: scf.for {{.*}} -> (memref<8xf32>) {
// CHECK: memref.copy
// CHECK: symm_mem.one_shot_all_reduce
func.func @loaded(%counts: memref<1xindex>, %out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %count = memref.load %counts[%zero] : memref<1xindex>
  %a = memref.alloc() : memref<8xf32>
  %b = scf.for %i = %zero to %count step %one iter_args(%s = %a) -> memref<8xf32> {
    %t = memref.alloc() : memref<8xf32>
    scf.yield %t : memref<8xf32>
  }
  symm_mem.one_shot_all_reduce<sum> ins(%b : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// All ranks that come to the op are in the same branch.
// CHECK-LABEL: func.func @inside(
// CHECK: scf.while {{.*}}#comm.symm_mem<@tp>
// CHECK-NOT: memref.copy
func.func @inside(%counts: memref<1xindex>, %out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %count = memref.load %counts[%zero] : memref<1xindex>
  %a = memref.alloc() : memref<8xf32>
  %b:2 = scf.while (%i = %zero, %s = %a) : (index, memref<8xf32>) -> (index, memref<8xf32>) {
    %more = arith.cmpi ult, %i, %count : index
    scf.condition(%more) %i, %s : index, memref<8xf32>
  } do {
  ^bb0(%i: index, %s: memref<8xf32>):
    symm_mem.one_shot_all_reduce<sum> ins(%s : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
    %t = memref.alloc() : memref<8xf32>
    %next = arith.addi %i, %one : index
    scf.yield %next, %t : index, memref<8xf32>
  }
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// Bounds that are the same on all ranks.
// CHECK-LABEL: func.func @same(
// CHECK: scf.for {{.*}} -> (memref<8xf32, #comm.symm_mem<@tp>>) {
// CHECK-NOT: memref.copy
func.func @same(%out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %four = arith.constant 4 : index
  %a = memref.alloc() : memref<8xf32>
  %b = scf.for %i = %zero to %four step %one iter_args(%s = %a) -> memref<8xf32> {
    %t = memref.alloc() : memref<8xf32>
    scf.yield %t : memref<8xf32>
  }
  symm_mem.one_shot_all_reduce<sum> ins(%b : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// A function that only one rank calls gives back the buffer, and may copy it for that.
// CHECK-LABEL: func.func private @keep(
// CHECK-SAME: memref<8xf32>) -> memref<8xf32>
// CHECK-LABEL: func.func @called(
// CHECK: memref.copy
// CHECK: symm_mem.one_shot_all_reduce
func.func private @keep(%x: memref<8xf32>) -> memref<8xf32> {
  return %x : memref<8xf32>
}
func.func @called(%out: memref<8xf32>) {
  %zero = arith.constant 0 : index
  %rank = comm.rank on @tp
  %first = arith.cmpi eq, %rank, %zero : index
  %a = memref.alloc() : memref<8xf32>
  scf.if %first {
    %b = func.call @keep(%a) : (memref<8xf32>) -> memref<8xf32>
  }
  symm_mem.one_shot_all_reduce<sum> ins(%a : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// One that all call does not matter.
// CHECK-LABEL: func.func @called_by_all(
// CHECK-NOT: memref.copy
func.func private @keep(%x: memref<8xf32>) -> memref<8xf32> {
  return %x : memref<8xf32>
}
func.func @called_by_all(%out: memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  %b = func.call @keep(%a) : (memref<8xf32>) -> memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%b : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

// A function says which it is.
// CHECK-LABEL: func.func @asked(
// CHECK: memref.copy
// CHECK: symm_mem.one_shot_all_reduce
func.func private @is_first() -> i1 {
  %zero = arith.constant 0 : index
  %rank = comm.rank on @tp
  %first = arith.cmpi eq, %rank, %zero : index
  return %first : i1
}
func.func @asked(%out: memref<8xf32>) {
  %first = call @is_first() : () -> i1
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %c = arith.select %first, %a, %b : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%c : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return
}
