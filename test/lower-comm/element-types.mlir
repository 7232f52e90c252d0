// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Every reduction of every element type, up to 131072 bytes and not an element more.

// RUN: symm-opt %s --lower-comm="two-shot-threshold-bytes=0" | FileCheck %s

comm.group @tp size(8) {symm_mem}

// CHECK-LABEL: func.func @i1(
func.func @i1(%x: tensor<131072xi1>, %y: tensor<131073xi1>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<131072xi1>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<131072xi1>
  %1 = c10d.all_reduce<product> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<131072xi1>
  %2 = c10d.all_reduce<min> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<131072xi1>
  %3 = c10d.all_reduce<max> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<131072xi1>
  %4 = c10d.all_reduce<band> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<131072xi1>
  %5 = c10d.all_reduce<bor> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<131072xi1>
  %6 = c10d.all_reduce<bxor> %x on @tp : tensor<131072xi1>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<131073xi1>
  %7 = c10d.all_reduce<sum> %y on @tp : tensor<131073xi1>
  return
}

// CHECK-LABEL: func.func @i8(
func.func @i8(%x: tensor<131072xi8>, %y: tensor<131073xi8>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<131072xi8>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<131072xi8>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<131072xi8>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<131072xi8>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<131072xi8>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<131072xi8>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<131072xi8>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<131072xi8>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<131072xi8>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<131073xi8>
  %8 = c10d.all_reduce<sum> %y on @tp : tensor<131073xi8>
  return
}

// CHECK-LABEL: func.func @ui8(
func.func @ui8(%x: tensor<131072xui8>, %y: tensor<131073xui8>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<131072xui8>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<131072xui8>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<131072xui8>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<131072xui8>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<131072xui8>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<131072xui8>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<131072xui8>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<131072xui8>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<131072xui8>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<131073xui8>
  %8 = c10d.all_reduce<sum> %y on @tp : tensor<131073xui8>
  return
}

// CHECK-LABEL: func.func @i16(
func.func @i16(%x: tensor<65536xi16>, %y: tensor<65537xi16>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<65536xi16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<65536xi16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<65536xi16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<65536xi16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<65536xi16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<65536xi16>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<65536xi16>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<65536xi16>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<65536xi16>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<65537xi16>
  %8 = c10d.all_reduce<sum> %y on @tp : tensor<65537xi16>
  return
}

// CHECK-LABEL: func.func @i32(
func.func @i32(%x: tensor<32768xi32>, %y: tensor<32769xi32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<32768xi32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<32768xi32>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<32768xi32>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<32768xi32>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<32768xi32>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<32768xi32>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<32768xi32>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<32768xi32>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<32768xi32>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<32769xi32>
  %8 = c10d.all_reduce<sum> %y on @tp : tensor<32769xi32>
  return
}

// CHECK-LABEL: func.func @i64(
func.func @i64(%x: tensor<16384xi64>, %y: tensor<16385xi64>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<16384xi64>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<16384xi64>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<16384xi64>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<16384xi64>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<16384xi64>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<band> %{{.*}} on @tp : tensor<16384xi64>
  %5 = c10d.all_reduce<band> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bor> %{{.*}} on @tp : tensor<16384xi64>
  %6 = c10d.all_reduce<bor> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<bxor> %{{.*}} on @tp : tensor<16384xi64>
  %7 = c10d.all_reduce<bxor> %x on @tp : tensor<16384xi64>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<16385xi64>
  %8 = c10d.all_reduce<sum> %y on @tp : tensor<16385xi64>
  return
}

// CHECK-LABEL: func.func @f16(
func.func @f16(%x: tensor<65536xf16>, %y: tensor<65537xf16>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<65536xf16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<65536xf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<65536xf16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<65536xf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<65536xf16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<65536xf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<65536xf16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<65536xf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<65536xf16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<65536xf16>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<65537xf16>
  %5 = c10d.all_reduce<sum> %y on @tp : tensor<65537xf16>
  return
}

// CHECK-LABEL: func.func @bf16(
func.func @bf16(%x: tensor<65536xbf16>, %y: tensor<65537xbf16>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<65536xbf16>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<65536xbf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<65536xbf16>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<65536xbf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<65536xbf16>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<65536xbf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<65536xbf16>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<65536xbf16>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<65536xbf16>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<65536xbf16>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<65537xbf16>
  %5 = c10d.all_reduce<sum> %y on @tp : tensor<65537xbf16>
  return
}

// CHECK-LABEL: func.func @f32(
func.func @f32(%x: tensor<32768xf32>, %y: tensor<32769xf32>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<32768xf32>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<32768xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<32768xf32>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<32768xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<32768xf32>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<32768xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<32768xf32>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<32768xf32>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<32768xf32>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<32768xf32>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<32769xf32>
  %5 = c10d.all_reduce<sum> %y on @tp : tensor<32769xf32>
  return
}

// CHECK-LABEL: func.func @f64(
func.func @f64(%x: tensor<16384xf64>, %y: tensor<16385xf64>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<16384xf64>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<16384xf64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<16384xf64>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<16384xf64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<product> %{{.*}} on @tp : tensor<16384xf64>
  %2 = c10d.all_reduce<product> %x on @tp : tensor<16384xf64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<16384xf64>
  %3 = c10d.all_reduce<min> %x on @tp : tensor<16384xf64>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<16384xf64>
  %4 = c10d.all_reduce<max> %x on @tp : tensor<16384xf64>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<16385xf64>
  %5 = c10d.all_reduce<sum> %y on @tp : tensor<16385xf64>
  return
}

// CHECK-LABEL: func.func @f8E4M3FN(
func.func @f8E4M3FN(%x: tensor<131072xf8E4M3FN>, %y: tensor<131073xf8E4M3FN>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<131072xf8E4M3FN>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<131072xf8E4M3FN>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<131072xf8E4M3FN>
  %1 = c10d.all_reduce<min> %x on @tp : tensor<131072xf8E4M3FN>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<131072xf8E4M3FN>
  %2 = c10d.all_reduce<max> %x on @tp : tensor<131072xf8E4M3FN>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<131073xf8E4M3FN>
  %3 = c10d.all_reduce<sum> %y on @tp : tensor<131073xf8E4M3FN>
  return
}

// CHECK-LABEL: func.func @f8E5M2(
func.func @f8E5M2(%x: tensor<131072xf8E5M2>, %y: tensor<131073xf8E5M2>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<131072xf8E5M2>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<131072xf8E5M2>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<min> %{{.*}} on @tp : tensor<131072xf8E5M2>
  %1 = c10d.all_reduce<min> %x on @tp : tensor<131072xf8E5M2>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<max> %{{.*}} on @tp : tensor<131072xf8E5M2>
  %2 = c10d.all_reduce<max> %x on @tp : tensor<131072xf8E5M2>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<131073xf8E5M2>
  %3 = c10d.all_reduce<sum> %y on @tp : tensor<131073xf8E5M2>
  return
}

// CHECK-LABEL: func.func @complex_f32(
func.func @complex_f32(%x: tensor<16384xcomplex<f32>>, %y: tensor<16385xcomplex<f32>>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<16384xcomplex<f32>>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<16384xcomplex<f32>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<16384xcomplex<f32>>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<16384xcomplex<f32>>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<16385xcomplex<f32>>
  %2 = c10d.all_reduce<sum> %y on @tp : tensor<16385xcomplex<f32>>
  return
}

// CHECK-LABEL: func.func @complex_f64(
func.func @complex_f64(%x: tensor<8192xcomplex<f64>>, %y: tensor<8193xcomplex<f64>>) {
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<sum> %{{.*}} on @tp : tensor<8192xcomplex<f64>>
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8192xcomplex<f64>>
  // CHECK-NEXT: symm_mem.one_shot_all_reduce<avg> %{{.*}} on @tp : tensor<8192xcomplex<f64>>
  %1 = c10d.all_reduce<avg> %x on @tp : tensor<8192xcomplex<f64>>
  // CHECK-NEXT: c10d.all_reduce<sum> %{{.*}} on @tp : tensor<8193xcomplex<f64>>
  %2 = c10d.all_reduce<sum> %y on @tp : tensor<8193xcomplex<f64>>
  return
}
