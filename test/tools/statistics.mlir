// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a pass counted is printed, although LLVM's own statistics are compiled out
// of release builds, and is a remark for whoever has no symm-opt.
//
// RUN: symm-opt %s --place-symmetric-buffers --mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s
// RUN: %mlir_opt_symm %s --pass-pipeline='builtin.module(place-symmetric-buffers)' --remarks-filter='place-symmetric-buffers' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: symm-opt %s --place-symmetric-buffers --remarks-filter='.*' --remark-policy=final -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK: Pass statistics report
// CHECK: place-symmetric-buffers
// CHECK: (S) 1 {{.*}}placed

// REMARK: remark: [Analysis] statistics | Category:place-symmetric-buffers
comm.group @tp size(4) {symm_mem}

func.func @f(%out: memref<8xf32>) {
  %x = memref.alloc() : memref<8xf32>
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%out : memref<8xf32>) on @tp
  memref.dealloc %x : memref<8xf32>
  return
}
