// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What is fine; a kernel of the program's own may have memory of its block.

// RUN: symm-opt %s --check-program -o %t
// RUN: symm-opt %s | diff - %t

comm.group @tp size(2) {symm_mem}

func.func @symm_entry(%x: memref<4xf32, #comm.symm_mem<@tp>>, %y: memref<*xcomplex<f64>>, %z: memref<4x4xf8E5M2, strided<[?, 2], offset: ?>>,
                      %e: tensor<4xf80>, %v: vector<4xi1>) {
  return
}

func.func @launch() {
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one) threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one)
      workgroup(%shared : memref<32xf32, #gpu.address_space<workgroup>>) {
    gpu.terminator
  }
  return
}

// Symmetric memory may be lent to ops that know nothing of it.
func.func @lent(%x: memref<4xf32, #comm.symm_mem<@tp>>) -> memref<4xf32> {
  %y = memref.memory_space_cast %x : memref<4xf32, #comm.symm_mem<@tp>> to memref<4xf32>
  return %y : memref<4xf32>
}
