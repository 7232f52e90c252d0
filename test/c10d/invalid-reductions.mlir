// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each pair of a reduction and an element type that does not exist.

// RUN: symm-opt %s --verify-diagnostics --split-input-file

comm.group @tp size(4)
func.func @avg_of_i1(%x: tensor<8xi1>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'avg' does not exist for 'i1'}}
  %0 = c10d.all_reduce<avg> %x on @tp : tensor<8xi1>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_f16(%x: tensor<8xf16>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'f16'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xf16>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_f16(%x: tensor<8xf16>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'f16'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xf16> -> tensor<2xf16>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_f16(%x: tensor<8xf16>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'f16'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xf16>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_bf16(%x: tensor<8xbf16>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'bf16'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xbf16>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_bf16(%x: tensor<8xbf16>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'bf16'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xbf16> -> tensor<2xbf16>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_bf16(%x: tensor<8xbf16>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'bf16'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xbf16>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_f32(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'f32'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_f32(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'f32'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xf32> -> tensor<2xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_f32(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'f32'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_f64(%x: tensor<8xf64>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'f64'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xf64>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_f64(%x: tensor<8xf64>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'f64'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xf64> -> tensor<2xf64>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_f64(%x: tensor<8xf64>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'f64'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xf64>
  return
}

// -----

comm.group @tp size(4)
func.func @avg_of_f8E4M3FN(%x: tensor<8xf8E4M3FN>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'avg' does not exist for 'f8E4M3FN'}}
  %0 = c10d.all_reduce<avg> %x on @tp : tensor<8xf8E4M3FN>
  return
}

// -----

comm.group @tp size(4)
func.func @product_of_f8E4M3FN(%x: tensor<8xf8E4M3FN>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'product' does not exist for 'f8E4M3FN'}}
  %0 = c10d.all_reduce<product> %x on @tp : tensor<8xf8E4M3FN>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_f8E4M3FN(%x: tensor<8xf8E4M3FN>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'f8E4M3FN'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xf8E4M3FN>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_f8E4M3FN(%x: tensor<8xf8E4M3FN>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'f8E4M3FN'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xf8E4M3FN> -> tensor<2xf8E4M3FN>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_f8E4M3FN(%x: tensor<8xf8E4M3FN>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'f8E4M3FN'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xf8E4M3FN>
  return
}

// -----

comm.group @tp size(4)
func.func @avg_of_f8E5M2(%x: tensor<8xf8E5M2>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'avg' does not exist for 'f8E5M2'}}
  %0 = c10d.all_reduce<avg> %x on @tp : tensor<8xf8E5M2>
  return
}

// -----

comm.group @tp size(4)
func.func @product_of_f8E5M2(%x: tensor<8xf8E5M2>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'product' does not exist for 'f8E5M2'}}
  %0 = c10d.all_reduce<product> %x on @tp : tensor<8xf8E5M2>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_f8E5M2(%x: tensor<8xf8E5M2>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'f8E5M2'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xf8E5M2>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_f8E5M2(%x: tensor<8xf8E5M2>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'f8E5M2'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xf8E5M2> -> tensor<2xf8E5M2>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_f8E5M2(%x: tensor<8xf8E5M2>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'f8E5M2'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xf8E5M2>
  return
}

// -----

comm.group @tp size(4)
func.func @product_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'product' does not exist for 'complex<f32>'}}
  %0 = c10d.all_reduce<product> %x on @tp : tensor<8xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @min_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'min' does not exist for 'complex<f32>'}}
  %0 = c10d.all_reduce<min> %x on @tp : tensor<8xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @max_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'max' does not exist for 'complex<f32>'}}
  %0 = c10d.all_reduce<max> %x on @tp : tensor<8xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'complex<f32>'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'complex<f32>'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xcomplex<f32>> -> tensor<2xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_complex_f32(%x: tensor<8xcomplex<f32>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'complex<f32>'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xcomplex<f32>>
  return
}

// -----

comm.group @tp size(4)
func.func @product_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'product' does not exist for 'complex<f64>'}}
  %0 = c10d.all_reduce<product> %x on @tp : tensor<8xcomplex<f64>>
  return
}

// -----

comm.group @tp size(4)
func.func @min_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'min' does not exist for 'complex<f64>'}}
  %0 = c10d.all_reduce<min> %x on @tp : tensor<8xcomplex<f64>>
  return
}

// -----

comm.group @tp size(4)
func.func @max_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'max' does not exist for 'complex<f64>'}}
  %0 = c10d.all_reduce<max> %x on @tp : tensor<8xcomplex<f64>>
  return
}

// -----

comm.group @tp size(4)
func.func @band_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'band' does not exist for 'complex<f64>'}}
  %0 = c10d.all_reduce<band> %x on @tp : tensor<8xcomplex<f64>>
  return
}

// -----

comm.group @tp size(4)
func.func @bor_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op reduction 'bor' does not exist for 'complex<f64>'}}
  %0 = c10d.reduce_scatter_tensor<bor> %x on @tp : tensor<8xcomplex<f64>> -> tensor<2xcomplex<f64>>
  return
}

// -----

comm.group @tp size(4)
func.func @bxor_of_complex_f64(%x: tensor<8xcomplex<f64>>) {
  // expected-error@+1 {{'c10d.all_reduce' op reduction 'bxor' does not exist for 'complex<f64>'}}
  %0 = c10d.all_reduce<bxor> %x on @tp : tensor<8xcomplex<f64>>
  return
}
