// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --convert-linalg-to-gpu --split-input-file --verify-diagnostics | FileCheck %s

// One section, however often it is used.
// CHECK: constants = [{bytes = 24 : i64, section = ".symm.const.0"}]
// CHECK: llvm.mlir.global internal constant @symm.const.0(dense<{{.*}}> : tensor<2x3xf32>) {{{.*}}section = ".symm.const.0"} : !llvm.array<2 x array<3 x f32>>
// CHECK-NOT: memref.global
memref.global "private" constant @table : memref<2x3xf32> = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]>

// CHECK-LABEL: func.func @used_twice
func.func @used_twice() -> (memref<2x3xf32>, memref<2x3xf32>) {
  // CHECK: call @symm_rt.constant(%{{.*}}) : (i32) -> !llvm.ptr
  %a = memref.get_global @table : memref<2x3xf32>
  // CHECK: call @symm_rt.constant
  %b = memref.get_global @table : memref<2x3xf32>
  return %a, %b : memref<2x3xf32>, memref<2x3xf32>
}

// -----

memref.global "private" @variable : memref<2xf32> = dense<[1.0, 2.0]>

func.func @written() -> memref<2xf32> {
  // expected-error @+1 {{is no constant that a GPU can hold; pass the values as an argument}}
  %a = memref.get_global @variable : memref<2xf32>
  return %a : memref<2xf32>
}
