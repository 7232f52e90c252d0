// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s | FileCheck %s
// RUN: symm-opt %s | symm-opt | FileCheck %s
// RUN: symm-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC
// RUN: symm-opt %s --mlir-print-op-generic | symm-opt | FileCheck %s
// RUN: symm-opt %s --emit-bytecode | symm-opt | FileCheck %s
// RUN: symm-opt %s --verify-roundtrip -o /dev/null

comm.group @tp size(4) {symm_mem}
comm.group @plain size(2)

// CHECK-LABEL: func.func @tensors(
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32>
func.func @tensors(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // CHECK: %[[R:.*]] = c10d.all_reduce<sum> %[[X]] on @tp : tensor<8x4xf32>
  // GENERIC: %[[R:.*]] = "c10d.all_reduce"(%{{.*}}) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8x4xf32>
  // CHECK: %[[W:.*]] = c10d.wait_tensor %[[R]] : tensor<8x4xf32>
  // GENERIC: "c10d.wait_tensor"(%[[R]]) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %1 = c10d.wait_tensor %0 : tensor<8x4xf32>
  // CHECK: c10d.all_gather_into_tensor %[[W]] on @tp : tensor<8x4xf32> -> tensor<32x4xf32>
  // GENERIC: "c10d.all_gather_into_tensor"(%{{.*}}) <{group = @tp}> : (tensor<8x4xf32>) -> tensor<32x4xf32>
  %2 = c10d.all_gather_into_tensor %1 on @tp : tensor<8x4xf32> -> tensor<32x4xf32>
  // CHECK: c10d.reduce_scatter_tensor<avg> %[[W]] on @plain : tensor<8x4xf32> -> tensor<4x4xf32>
  // GENERIC: "c10d.reduce_scatter_tensor"(%{{.*}}) <{group = @plain, reduce_op = #comm.reduce_op<avg>}> : (tensor<8x4xf32>) -> tensor<4x4xf32>
  %3 = c10d.reduce_scatter_tensor<avg> %1 on @plain : tensor<8x4xf32> -> tensor<4x4xf32>
  // CHECK: c10d.all_to_all_single %[[W]] on @tp : tensor<8x4xf32>
  // GENERIC: "c10d.all_to_all_single"(%{{.*}}) <{group = @tp}> : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %4 = c10d.all_to_all_single %1 on @tp : tensor<8x4xf32>
  // CHECK: c10d.broadcast src(3) %[[W]] on @tp {user.note = "kept"} : tensor<8x4xf32>
  // GENERIC: "c10d.broadcast"(%{{.*}}) <{group = @tp, src = 3 : i64}> {user.note = "kept"} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %5 = c10d.broadcast src(3) %1 on @tp {user.note = "kept"} : tensor<8x4xf32>
  return %5 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @memrefs(
// CHECK-SAME: %[[X:.*]]: memref<8x4xf32>, %[[Y:.*]]: memref<8x4xf32>, %[[G:.*]]: memref<32x4xf32>, %[[S:.*]]: memref<2x4xf32>
func.func @memrefs(%x: memref<8x4xf32>, %y: memref<8x4xf32>, %g: memref<32x4xf32>, %s: memref<2x4xf32>) {
  // CHECK: c10d.all_reduce<max> ins(%[[X]] : memref<8x4xf32>) outs(%[[Y]] : memref<8x4xf32>) on @tp
  // GENERIC: "c10d.all_reduce"(%{{.*}}, %{{.*}}) <{group = @tp, reduce_op = #comm.reduce_op<max>}> : (memref<8x4xf32>, memref<8x4xf32>) -> ()
  c10d.all_reduce<max> ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @tp
  // CHECK: c10d.wait_tensor %[[Y]] : memref<8x4xf32>
  // GENERIC: "c10d.wait_tensor"(%{{.*}}) : (memref<8x4xf32>) -> ()
  c10d.wait_tensor %y : memref<8x4xf32>
  // CHECK: c10d.all_gather_into_tensor ins(%[[X]] : memref<8x4xf32>) outs(%[[G]] : memref<32x4xf32>) on @tp
  c10d.all_gather_into_tensor ins(%x : memref<8x4xf32>) outs(%g : memref<32x4xf32>) on @tp
  // CHECK: c10d.reduce_scatter_tensor<min> ins(%[[X]] : memref<8x4xf32>) outs(%[[S]] : memref<2x4xf32>) on @tp
  c10d.reduce_scatter_tensor<min> ins(%x : memref<8x4xf32>) outs(%s : memref<2x4xf32>) on @tp
  // CHECK: c10d.all_to_all_single ins(%[[X]] : memref<8x4xf32>) outs(%[[Y]] : memref<8x4xf32>) on @tp
  c10d.all_to_all_single ins(%x : memref<8x4xf32>) outs(%y : memref<8x4xf32>) on @tp
  // CHECK: c10d.broadcast src(0) ins(%[[X]] : memref<8x4xf32>) outs(%[[X]] : memref<8x4xf32>) on @tp {user.note}
  c10d.broadcast src(0) ins(%x : memref<8x4xf32>) outs(%x : memref<8x4xf32>) on @tp {user.note}
  return
}

// CHECK-LABEL: func.func @layouts(
func.func @layouts(%x: memref<8xf32, strided<[2], offset: ?>>, %y: memref<8xf32, #comm.symm_mem<@tp>>) {
  // CHECK: c10d.all_reduce<sum> ins(%{{.*}} : memref<8xf32, strided<[2], offset: ?>>) outs(%{{.*}} : memref<8xf32, #comm.symm_mem<@tp>>) on @plain
  c10d.all_reduce<sum> ins(%x : memref<8xf32, strided<[2], offset: ?>>) outs(%y : memref<8xf32, #comm.symm_mem<@tp>>) on @plain
  return
}

// CHECK-LABEL: func.func @dynamic(
func.func @dynamic(%x: tensor<?x?xf32>, %y: tensor<?x4xf32>, %z: tensor<6x?xf32>, %s: tensor<f32>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<?x?xf32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<?x?xf32>
  // CHECK: c10d.all_gather_into_tensor %{{.*}} on @tp : tensor<?x4xf32>
  %1 = c10d.all_gather_into_tensor %y on @tp : tensor<?x4xf32>
  // CHECK: c10d.reduce_scatter_tensor<sum> %{{.*}} on @tp : tensor<?x4xf32>
  %2 = c10d.reduce_scatter_tensor<sum> %y on @tp : tensor<?x4xf32>
  // CHECK: c10d.reduce_scatter_tensor<sum> %{{.*}} on @plain : tensor<6x?xf32> -> tensor<3x?xf32>
  %3 = c10d.reduce_scatter_tensor<sum> %z on @plain : tensor<6x?xf32> -> tensor<3x?xf32>
  // CHECK: c10d.all_to_all_single %{{.*}} on @tp : tensor<?x4xf32>
  %4 = c10d.all_to_all_single %y on @tp : tensor<?x4xf32>
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<f32>
  %5 = c10d.all_reduce<sum> %s on @tp : tensor<f32>
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<?x?xf32> -> tensor<4x?xf32>
  %6 = c10d.all_reduce<sum> %x on @tp : tensor<?x?xf32> -> tensor<4x?xf32>
  return
}

// Every element type that can be communicated, with every reduction that exists for it.
// CHECK-LABEL: func.func @reductions_i1(
func.func @reductions_i1(%x: tensor<2xi1>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xi1>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xi1>
  %1 = c10d.all_reduce<product> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xi1>
  %2 = c10d.all_reduce<min> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xi1>
  %3 = c10d.all_reduce<max> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xi1>
  %4 = c10d.all_reduce<band> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xi1>
  %5 = c10d.all_reduce<bor> %x on @tp : tensor<2xi1>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xi1>
  %6 = c10d.all_reduce<bxor> %x on @tp : tensor<2xi1>
  return
}
// CHECK-LABEL: func.func @reductions_i8(
func.func @reductions_i8(%x: tensor<2xi8>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xi8>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xi8>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xi8>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xi8>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xi8>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xi8>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xi8>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<2xi8>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xi8>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<2xi8>
  return
}
// CHECK-LABEL: func.func @reductions_ui8(
func.func @reductions_ui8(%x: tensor<2xui8>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xui8>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xui8>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xui8>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xui8>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xui8>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xui8>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xui8>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<2xui8>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xui8>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<2xui8>
  return
}
// CHECK-LABEL: func.func @reductions_i16(
func.func @reductions_i16(%x: tensor<2xi16>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xi16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xi16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xi16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xi16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xi16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xi16>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xi16>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<2xi16>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xi16>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<2xi16>
  return
}
// CHECK-LABEL: func.func @reductions_i32(
func.func @reductions_i32(%x: tensor<2xi32>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xi32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xi32>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xi32>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xi32>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xi32>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xi32>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xi32>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<2xi32>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xi32>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<2xi32>
  return
}
// CHECK-LABEL: func.func @reductions_i64(
func.func @reductions_i64(%x: tensor<2xi64>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xi64>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xi64>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xi64>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xi64>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xi64>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<band> %{{.*}} on @tp : tensor<2xi64>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<bor> %{{.*}} on @tp : tensor<2xi64>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<2xi64>
  // CHECK: c10d.all_reduce<bxor> %{{.*}} on @tp : tensor<2xi64>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<2xi64>
  return
}
// CHECK-LABEL: func.func @reductions_f16(
func.func @reductions_f16(%x: tensor<2xf16>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xf16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xf16>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xf16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xf16>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xf16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xf16>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xf16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xf16>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xf16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xf16>
  return
}
// CHECK-LABEL: func.func @reductions_bf16(
func.func @reductions_bf16(%x: tensor<2xbf16>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xbf16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xbf16>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xbf16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xbf16>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xbf16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xbf16>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xbf16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xbf16>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xbf16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xbf16>
  return
}
// CHECK-LABEL: func.func @reductions_f32(
func.func @reductions_f32(%x: tensor<2xf32>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xf32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xf32>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xf32>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xf32>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xf32>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xf32>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xf32>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xf32>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xf32>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xf32>
  return
}
// CHECK-LABEL: func.func @reductions_f64(
func.func @reductions_f64(%x: tensor<2xf64>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xf64>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xf64>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xf64>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xf64>
  // CHECK: c10d.all_reduce<product> %{{.*}} on @tp : tensor<2xf64>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<2xf64>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xf64>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<2xf64>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xf64>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<2xf64>
  return
}
// CHECK-LABEL: func.func @reductions_f8E4M3FN(
func.func @reductions_f8E4M3FN(%x: tensor<2xf8E4M3FN>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xf8E4M3FN>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xf8E4M3FN>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xf8E4M3FN>
  %1 = c10d.all_reduce<min> %x on @tp : tensor<2xf8E4M3FN>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xf8E4M3FN>
  %2 = c10d.all_reduce<max> %x on @tp : tensor<2xf8E4M3FN>
  return
}
// CHECK-LABEL: func.func @reductions_f8E5M2(
func.func @reductions_f8E5M2(%x: tensor<2xf8E5M2>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xf8E5M2>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xf8E5M2>
  // CHECK: c10d.all_reduce<min> %{{.*}} on @tp : tensor<2xf8E5M2>
  %1 = c10d.all_reduce<min> %x on @tp : tensor<2xf8E5M2>
  // CHECK: c10d.all_reduce<max> %{{.*}} on @tp : tensor<2xf8E5M2>
  %2 = c10d.all_reduce<max> %x on @tp : tensor<2xf8E5M2>
  return
}
// CHECK-LABEL: func.func @reductions_complex_f32(
func.func @reductions_complex_f32(%x: tensor<2xcomplex<f32>>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xcomplex<f32>>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xcomplex<f32>>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xcomplex<f32>>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xcomplex<f32>>
  return
}
// CHECK-LABEL: func.func @reductions_complex_f64(
func.func @reductions_complex_f64(%x: tensor<2xcomplex<f64>>) {
  // CHECK: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<2xcomplex<f64>>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<2xcomplex<f64>>
  // CHECK: c10d.all_reduce<avg> %{{.*}} on @tp : tensor<2xcomplex<f64>>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<2xcomplex<f64>>
  return
}
