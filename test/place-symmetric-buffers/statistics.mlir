// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --place-symmetric-buffers --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s
// RUN: symm-opt %s --place-symmetric-buffers | symm-opt --place-symmetric-buffers --mlir-pass-statistics -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TWICE

// CHECK: place-symmetric-buffers
// CHECK-NEXT: (S) 3 buffers-placed
// CHECK-NEXT: (S) 96 bytes-copied
// CHECK-NEXT: (S) 64 bytes-placed
// CHECK-NEXT: (S) 4 copies-inserted

// The second run has nothing to count.
// TWICE-NOT: (S)

comm.group @tp size(4) {symm_mem}

func.func @f(%x: memref<8xf32>, %d: memref<?xf32>, %n: index) {
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  %c = memref.alloc(%n) : memref<?xf32>
  %kept = memref.alloc() : memref<8xf32>
  symm_mem.two_shot_all_reduce_<sum> inout(%a : memref<8xf32>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%c : memref<?xf32>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%kept : memref<8xf32>) on @tp
  symm_mem.one_shot_all_reduce<sum> ins(%d : memref<?xf32>) outs(%c : memref<?xf32>) on @tp
  return
}
