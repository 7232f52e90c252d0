// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --gpu-kernel-outlining --convert-launches-to-runtime="chip=sm_90" --split-input-file | FileCheck %s

// Of a buffer, a kernel gets the address and what the type does not tell, and puts it together again.
// CHECK-LABEL: func.func @buffers
// CHECK: call @symm_buffers.launch({{.*}}) : (i32, i32, i32, i32, i32, i32, !llvm.ptr, !llvm.ptr, i64, i64, i64) -> ()
// CHECK: gpu.func @symm_buffers(%[[X:.*]]: !llvm.ptr, %[[Y:.*]]: !llvm.ptr, %[[OFFSET:.*]]: i64, %[[SIZE:.*]]: i64, %[[STRIDE:.*]]: i64)
// CHECK: %[[AT_X:.*]] = llvm.insertvalue %[[X]], %{{.*}}[1]
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i64
// CHECK: llvm.insertvalue %[[ZERO]], %[[AT_X]][2]
// CHECK: %[[EIGHT:.*]] = arith.constant 8 : i64
// CHECK: llvm.insertvalue %[[EIGHT]], %{{.*}}[3, 0]
// CHECK: builtin.unrealized_conversion_cast %{{.*}} to memref<8xf32>
// CHECK: %[[AT_Y:.*]] = llvm.insertvalue %[[Y]], %{{.*}}[1]
// CHECK: %[[PLACED:.*]] = llvm.insertvalue %[[OFFSET]], %[[AT_Y]][2]
// CHECK: %[[SIZED:.*]] = llvm.insertvalue %[[SIZE]], %[[PLACED]][3, 0]
// CHECK: llvm.insertvalue %[[STRIDE]], %[[SIZED]][4, 0]
func.func @buffers(%x: memref<8xf32>, %y: memref<?xf32, strided<[?], offset: ?>>) {
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %eight, %sy = %one, %sz = %one) {
    %value = memref.load %x[%tx] : memref<8xf32>
    memref.store %value, %y[%tx] : memref<?xf32, strided<[?], offset: ?>>
    gpu.terminator
  }
  return
}

// -----

// PTX has integers of 8, 16, 32 and 64 bits.
// CHECK-LABEL: func.func @numbers
// CHECK-DAG: %[[NIBBLE:.*]] = arith.extui %{{.*}} : i4 to i8
// CHECK-DAG: %[[MIDDLE:.*]] = arith.extui %{{.*}} : i48 to i64
// CHECK-DAG: %[[UPPER:.*]] = arith.shrui %[[WIDE:.*]], %{{.*}} : i128
// CHECK-DAG: arith.extui %{{.*}} : i65 to i128
// CHECK-DAG: arith.trunci %[[UPPER]] : i128 to i64
// CHECK-DAG: arith.bitcast %{{.*}} : f8E5M2 to i8
// CHECK: call @symm_numbers.launch({{.*}}) : (i32, i32, i32, i32, i32, i32, i8, i64, i64, i64, i8, !llvm.ptr) -> ()
// CHECK: gpu.func @symm_numbers(%[[A:.*]]: i8, %[[B:.*]]: i64, %[[C:.*]]: i64, %[[D:.*]]: i64, %[[E:.*]]: i8, %{{.*}}: !llvm.ptr)
// CHECK: arith.trunci %[[A]] : i8 to i4
// CHECK: arith.trunci %[[B]] : i64 to i48
// CHECK: %[[HIGH:.*]] = arith.extui %[[D]] : i64 to i128
// CHECK: %[[MOVED:.*]] = arith.shli %[[HIGH]], %{{.*}} : i128
// CHECK: %[[WHOLE:.*]] = arith.ori %{{.*}}, %[[MOVED]] : i128
// CHECK: arith.trunci %[[WHOLE]] : i128 to i65
// CHECK: arith.bitcast %[[E]] : i8 to f8E5M2
func.func @numbers(%a: i4, %b: i48, %c: i65, %d: f8E5M2, %x: memref<f32>) {
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    %0 = arith.sitofp %a : i4 to f32
    %1 = arith.sitofp %b : i48 to f32
    %2 = arith.sitofp %c : i65 to f32
    %3 = arith.extf %d : f8E5M2 to f32
    %4 = arith.addf %0, %1 : f32
    %5 = arith.addf %2, %3 : f32
    %6 = arith.addf %4, %5 : f32
    memref.store %6, %x[] : memref<f32>
    gpu.terminator
  }
  return
}

// -----

// A grid that is too large for 32 bits stays too large.
// CHECK-LABEL: func.func @grid
// CHECK: %[[LIMIT:.*]] = arith.constant 4294967295 : index
// CHECK: %[[BLOCKS:.*]] = arith.minui %arg0, %[[LIMIT]] : index
// CHECK: arith.index_cast %[[BLOCKS]] : index to i32
func.func @grid(%blocks: index) {
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %blocks, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    gpu.terminator
  }
  return
}
