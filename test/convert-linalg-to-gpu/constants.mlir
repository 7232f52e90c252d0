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

// As LLVM has them: f8 as bytes, an index as 64 bits, complex numbers as two floats each.
// CHECK-LABEL: symm.cuda
// CHECK-SAME: {bytes = 2 : i64, section = ".symm.const.0"}, {bytes = 24 : i64, section = ".symm.const.1"}, {bytes = 16 : i64, section = ".symm.const.2"}, {bytes = 8 : i64, section = ".symm.const.3"}
// CHECK-DAG: @symm.const.0(dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf8E4M3FN>) {{.*}} : !llvm.array<2 x i8>
// CHECK-DAG: @symm.const.1(dense<[1, 5, 2]> : tensor<3xindex>) {{.*}} : !llvm.array<3 x i64>
// CHECK-DAG: @symm.const.2({{.*}} : tensor<2xcomplex<f32>>) {{.*}} : !llvm.array<2 x struct<(f32, f32)>>
// CHECK-DAG: @symm.const.3(dense_resource<beside> : tensor<2xf32>) {{.*}} : !llvm.array<2 x f32>
memref.global "private" constant @small : memref<2xf8E4M3FN> = dense<[1.0, 2.0]>
memref.global "private" constant @rows : memref<3xindex> = dense<[1, 5, 2]>
memref.global "private" constant @pairs : memref<2xcomplex<f32>> = dense<[(1.0, 2.0), (3.0, 4.0)]>
memref.global "private" constant @beside : memref<2xf32> = dense_resource<beside>

func.func @types() -> (memref<2xf8E4M3FN>, memref<3xindex>, memref<2xcomplex<f32>>, memref<2xf32>) {
  %small = memref.get_global @small : memref<2xf8E4M3FN>
  %rows = memref.get_global @rows : memref<3xindex>
  %pairs = memref.get_global @pairs : memref<2xcomplex<f32>>
  %beside = memref.get_global @beside : memref<2xf32>
  return %small, %rows, %pairs, %beside : memref<2xf8E4M3FN>, memref<3xindex>, memref<2xcomplex<f32>>, memref<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      beside: "0x040000000000803F00000040"
    }
  }
#-}

// -----

memref.global "private" @variable : memref<2xf32> = dense<[1.0, 2.0]>

func.func @written() -> memref<2xf32> {
  // expected-error @+1 {{is of a global that may change, which there are none of on a GPU; pass the buffer as an argument, or make the global a constant}}
  %a = memref.get_global @variable : memref<2xf32>
  return %a : memref<2xf32>
}

// -----

memref.global "private" constant @odd : memref<2xi24> = dense<[1, 2]>

func.func @odd_bits() -> memref<2xi24> {
  // expected-error @+1 {{is a constant of i24, of which an artifact has no arrays that lie as the buffers of a GPU do; use elements of 1, 8, 16, 32 or 64 bits, and convert them}}
  %a = memref.get_global @odd : memref<2xi24>
  return %a : memref<2xi24>
}
