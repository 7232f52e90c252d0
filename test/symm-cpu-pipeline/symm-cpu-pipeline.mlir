// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// From c10d on tensors to the LLVM dialect, with the options of the passes in it.

// RUN: symm-opt %s --symm-cpu-pipeline | FileCheck %s
// RUN: symm-opt %s --symm-cpu-pipeline=auto-select=false | FileCheck %s --check-prefix=LIBRARY
// RUN: %mlir_opt_symm %s --pass-pipeline='builtin.module(symm-cpu-pipeline)' -o %t.plugin
// RUN: symm-opt %s --symm-cpu-pipeline -o %t.own
// RUN: diff %t.own %t.plugin
// RUN: not symm-opt %s --symm-cpu-pipeline=entries=g 2>&1 | FileCheck %s --check-prefix=ENTRY

// CHECK: symm.ops = [{algorithm = "one_shot pull"
// CHECK-NOT: {{(memref|func|scf|arith|linalg|comm|c10d|symm_mem)\.[a-z_]+ }}
// CHECK: llvm.func @symm_entry_f(%{{.*}}: !llvm.ptr)
// CHECK: llvm.mlir.global external @symm_rt()
// LIBRARY: symm.ops = [{algorithm = "library"
// ENTRY: error: no public function @g with a body; there is: @f
comm.group @tp size(4) {symm_mem}
func.func @f(%x: tensor<8x4xbf16>) -> tensor<8x4xbf16> {
  %s = c10d.all_reduce<sum> %x on @tp : tensor<8x4xbf16>
  %y = c10d.wait_tensor %s : tensor<8x4xbf16>
  return %y : tensor<8x4xbf16>
}
