// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Peers find a buffer at the offset of their own: ranks that bring different ones end in an error, not in a wrong sum.

// RUN: symm-compile %s -o %t.so
// RUN: not symm-run %t.so --entry=different 2>&1 | FileCheck %s
// RUN: symm-run %t.so --entry=same | FileCheck %s --check-prefix=SAME
// RUN: symm-run %t.so --entry=placed | FileCheck %s --check-prefix=PLACED

// CHECK: error: 'symm_mem.one_shot_all_reduce' ({{.*}}different-buffers.mlir:{{.*}}) on @tp: ranks {{.*}} bring different buffers
// SAME: min 4 max 4
// Where placement has the choice, it copies them.
// PLACED: min 3 max 3

comm.group @tp size(2) {symm_mem}

func.func private @sum(%first: i1) -> memref<8xf32> {
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %a = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %b = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>
  %out = memref.alloc() : memref<8xf32>
  linalg.fill ins(%one : f32) outs(%a : memref<8xf32, #comm.symm_mem<@tp>>)
  linalg.fill ins(%two : f32) outs(%b : memref<8xf32, #comm.symm_mem<@tp>>)
  %x = arith.select %first, %a, %b : memref<8xf32, #comm.symm_mem<@tp>>
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32, #comm.symm_mem<@tp>>) outs(%out : memref<8xf32>) on @tp
  return %out : memref<8xf32>
}

func.func @different() -> memref<8xf32> {
  %rank = comm.rank on @tp
  %zero = arith.constant 0 : index
  %first = arith.cmpi eq, %rank, %zero : index
  %out = call @sum(%first) : (i1) -> memref<8xf32>
  return %out : memref<8xf32>
}

func.func @same() -> memref<8xf32> {
  %first = arith.constant false
  %out = call @sum(%first) : (i1) -> memref<8xf32>
  return %out : memref<8xf32>
}

func.func @placed() -> memref<8xf32> {
  %rank = comm.rank on @tp
  %zero = arith.constant 0 : index
  %first = arith.cmpi eq, %rank, %zero : index
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  %out = memref.alloc() : memref<8xf32>
  linalg.fill ins(%one : f32) outs(%a : memref<8xf32>)
  linalg.fill ins(%two : f32) outs(%b : memref<8xf32>)
  %x = arith.select %first, %a, %b : memref<8xf32>
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  return %out : memref<8xf32>
}
