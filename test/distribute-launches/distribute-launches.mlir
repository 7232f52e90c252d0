// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --distribute-launches=block-threads=64 --split-input-file | FileCheck %s
// RUN: not symm-opt %s --distribute-launches=block-threads=2000 2>&1 | FileCheck %s --check-prefix=REFUSED

// REFUSED: expected block-threads to be 1 to 1024, got 2000

// CHECK-LABEL: func.func @loop(

// CHECK: %[[COUNT:.*]] = arith.maxsi
// CHECK-NEXT: %[[BLOCK:.*]] = arith.constant 64 : index
// CHECK: %[[NEEDED:.*]] = arith.ceildivui %[[COUNT]], %[[BLOCK]]
// CHECK: %[[BLOCKS:.*]] = arith.maxui %[[NEEDED]]
// CHECK: gpu.launch blocks(%[[ID:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCKS]], {{.*}}) threads(%[[THREAD:.*]], %{{.*}}, %{{.*}}) in (%{{.*}} = %[[BLOCK]],
// CHECK: %[[FIRST:.*]] = arith.muli %[[ID]], %[[BLOCK]]
// CHECK: %[[NUMBER:.*]] = arith.addi %[[FIRST]], %[[THREAD]]
// CHECK: arith.cmpi ult, %[[NUMBER]], %[[COUNT]]
// CHECK: scf.if
// CHECK: memref.store
// CHECK-NOT: scf.parallel
func.func @loop(%x: memref<1000xf32>, %value: f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    %most = arith.constant 1000 : index
    scf.parallel (%i) = (%zero) to (%most) step (%one) {
      memref.store %value, %x[%i] : memref<1000xf32>
    }
    gpu.terminator
  }
  return
}

// -----

// Each of the blocks adds.
// CHECK-LABEL: func.func @blocks(
// CHECK: gpu.launch blocks({{.*}}) in (%{{.*}} = %c2,
// CHECK-NEXT: scf.parallel
func.func @blocks(%x: memref<100xi32>, %value: i32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %most = arith.constant 100 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %two, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    scf.parallel (%i) = (%zero) to (%most) step (%one) {
      %there = memref.atomic_rmw addi %value, %x[%i] : (i32, memref<100xi32>) -> i32
    }
    gpu.terminator
  }
  return
}

// -----

// How many there are is not known.
// CHECK-LABEL: func.func @some_blocks(
// CHECK: gpu.launch
// CHECK-NEXT: scf.parallel
func.func @some_blocks(%x: memref<100xi32>, %value: i32, %some: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %most = arith.constant 100 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %some, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    scf.parallel (%i) = (%zero) to (%most) step (%one) {
      %there = memref.atomic_rmw addi %value, %x[%i] : (i32, memref<100xi32>) -> i32
    }
    gpu.terminator
  }
  return
}

// -----

// A loop that is spread by hand.
// CHECK-LABEL: func.func @by_hand(
// CHECK: gpu.launch
// CHECK-NEXT: %[[BEFORE:.*]] = arith.muli
// CHECK-NEXT: %[[START:.*]] = arith.addi %[[BEFORE]]
// CHECK-NEXT: scf.parallel (%{{.*}}) = (%[[START]])
func.func @by_hand(%x: memref<100xf32>, %value: f32) {
  %one = arith.constant 1 : index
  %most = arith.constant 100 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    %before = arith.muli %bx, %sx : index
    %start = arith.addi %before, %tx : index
    scf.parallel (%i) = (%start) to (%most) step (%sx) {
      memref.store %value, %x[%i] : memref<100xf32>
    }
    gpu.terminator
  }
  return
}

// -----

// The only thread's number is 0.
// CHECK-LABEL: func.func @number(
// CHECK: gpu.launch
// CHECK-NEXT: scf.parallel
func.func @number(%x: memref<100xindex>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %most = arith.constant 100 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    scf.parallel (%i) = (%zero) to (%most) step (%one) {
      %number = gpu.thread_id x
      memref.store %number, %x[%i] : memref<100xindex>
    }
    gpu.terminator
  }
  return
}

// -----

// One buffer for all iterations is not one for each.
// CHECK-LABEL: func.func @shared(
// CHECK: gpu.launch
// CHECK: scf.parallel
func.func @shared(%x: memref<100xf32>, %value: f32) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %most = arith.constant 100 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
      threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one)
      workgroup(%shared: memref<1xf32, 3>) {
    scf.parallel (%i) = (%zero) to (%most) step (%one) {
      memref.store %value, %shared[%zero] : memref<1xf32, 3>
    }
    gpu.terminator
  }
  return
}
