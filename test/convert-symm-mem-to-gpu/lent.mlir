// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A pulled result that may be in the operand's memory goes through a copy, also where that is lent.

// RUN: symm-opt %s --convert-symm-mem-to-gpu=chip=sm_90 | FileCheck %s

comm.group @tp size(2) {symm_mem}

// CHECK-LABEL: func.func @view
// CHECK: %[[COPY:.*]] = memref.alloc() : memref<4xf32>
// CHECK: memref.copy %[[COPY]],
func.func @view() {
  %p = memref.alloc() : memref<4xf32, #comm.symm_mem<@tp>>
  %to = memref.memory_space_cast %p : memref<4xf32, #comm.symm_mem<@tp>> to memref<4xf32>
  symm_mem.one_shot_all_reduce<sum, pull>
    ins(%p : memref<4xf32, #comm.symm_mem<@tp>>) outs(%to : memref<4xf32>) on @tp
  return
}
