// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What an artifact exports and needs, and the order of its memory accesses.

// RUN: rm -rf %t && mkdir %t
// RUN: symm-compile %s -o %t/a.so
// RUN: llvm-nm -D --defined-only %t/a.so | FileCheck %s --check-prefix=DEFINED
// RUN: llvm-nm -D --undefined-only %t/a.so | FileCheck %s --check-prefix=UNDEFINED --allow-empty
// RUN: llvm-readelf -S %t/a.so | FileCheck %s --check-prefix=SECTIONS
// RUN: symm-compile %s --emit=llvm -o - | FileCheck %s --check-prefix=LLVM

// DEFINED:       T symm_entry_main
// DEFINED-NEXT:  B symm_rt
// DEFINED-NOT:   {{.}}

// Conversions of bf16 and f16 need no library of a C compiler.

// UNDEFINED-NOT: U {{(symm|_mlir|malloc|free|__trunc|__extend)}}

// SECTIONS-DAG:  .symm.manifest
// SECTIONS-DAG:  .symm.digest

// Law L1, in the code that runs.

// LLVM-NOT:      atomicrmw
// LLVM-DAG:      store atomic i32 %{{.*}}, ptr %{{.*}} release, align 4
// LLVM-DAG:      load atomic i32, ptr %{{.*}} acquire, align 4
// LLVM-NOT:      atomicrmw
comm.group @tp size(2) {symm_mem}
func.func @main(%x: tensor<1000xbf16>, %y: tensor<1000xf16>) -> (tensor<1000xbf16>, tensor<1000xf16>) {
  %s = c10d.all_reduce<sum> %x on @tp : tensor<1000xbf16>
  %t = c10d.all_reduce<avg> %y on @tp : tensor<1000xf16>
  return %s, %t : tensor<1000xbf16>, tensor<1000xf16>
}
