// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What symm-compile writes, and what it says of it.

// RUN: rm -rf %t && mkdir %t
// RUN: symm-compile %s -o %t/f.so -v 2>&1 | FileCheck %s --check-prefix=PLAN
// RUN: symm-compile %s -o %t/again.so
// RUN: cmp %t/f.so %t/again.so
// RUN: ldd %t/f.so | FileCheck %s --check-prefix=LIBRARIES
// RUN: symm-compile %s --emit=mlir -o - | FileCheck %s --check-prefix=MLIR
// RUN: symm-compile %s --emit=llvm -o - | FileCheck %s --check-prefix=LLVM
// RUN: symm-compile %s --emit=obj -o %t/f.o
// RUN: llvm-nm %t/f.o | FileCheck %s --check-prefix=OBJECT
// RUN: symm-compile - --entry=g -o %t/g.so < %s
// RUN: symm-compile %s --auto-select=false -o %t/library.so -v 2>&1 | FileCheck %s --check-prefix=LIBRARY

// PLAN: entry f(x: 8x4xf32) -> (out0: 8x4xf32)
// PLAN: entry g() -> ()
// PLAN: group @tp: 4 ranks [0, 1, 2, 3], symmetric memory
// PLAN: collectives:
// PLAN-NEXT: compile.mlir:[[#@LINE+20]]:8: symm_mem.one_shot_all_reduce on @tp: one_shot pull
// PLAN: decisions:
// PLAN-NEXT: lower-comm one-shot; {{.*}}Reason: 128 bytes are within one-shot-threshold-bytes
// PLAN-NEXT: place-symmetric-buffers copied; {{.*}}Reason: the buffer is an argument of public function @f
// PLAN: buffers:
// PLAN-DAG: 128 bytes in symm_mem @tp
// PLAN-DAG: 128 bytes in private

// LIBRARIES-NOT: LLVM
// LIBRARIES-NOT: MLIR

// MLIR: llvm.func @symm_entry_f
// LLVM: define void @symm_entry_f(ptr
// OBJECT: T symm_entry_f
// LIBRARY: c10d.all_reduce on @tp: library
// LIBRARY: lower-comm kept; {{.*}}auto-select is off

comm.group @tp size(4) {symm_mem}

func.func @f(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %s = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>
  return %s : tensor<8x4xf32>
}

func.func @g() {
  return
}
