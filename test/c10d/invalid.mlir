// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --verify-diagnostics --split-input-file

// Groups.

func.func @unknown_group(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  return
}

// -----

// expected-note@+1 {{it is this}}
func.func @not_a_group(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_to_all_single' op expected @not_a_group to be a comm.group}}
  %0 = c10d.all_to_all_single %x on @not_a_group : tensor<8xf32>
  return
}

// -----

// A bad group is its own error; its users don't add theirs.
// expected-error@+1 {{'comm.group' op expected a size of at least 1, got 0}}
comm.group @tp size(0)
func.func @bad_group(%x: tensor<8xf32>) {
  %0 = c10d.all_to_all_single %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @src_too_large(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.broadcast' op src 4 is not a rank of @tp, which has 4}}
  %0 = c10d.broadcast src(4) %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @src_negative(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.broadcast' op src -1 is not a rank of @tp, which has 4}}
  %0 = c10d.broadcast src(-1) %x on @tp : tensor<8xf32>
  return
}

// -----

// Forms.

comm.group @tp size(4)
func.func @mixed(%x: tensor<8xf32>, %y: memref<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op mixes tensors and memrefs}}
  c10d.all_reduce<sum> ins(%x : tensor<8xf32>) outs(%y : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @tensor_without_result(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op on tensors has one result}}
  "c10d.all_reduce"(%x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (tensor<8xf32>) -> ()
  return
}

// -----

comm.group @tp size(4)
func.func @memref_with_result(%x: memref<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op on memrefs has no result}}
  %0 = "c10d.all_reduce"(%x, %x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}>
      : (memref<8xf32>, memref<8xf32>) -> tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @memref_without_output(%x: memref<8xf32>) {
  // expected-error@+1 {{'c10d.all_to_all_single' op on memrefs has an output}}
  "c10d.all_to_all_single"(%x) <{group = @tp}> : (memref<8xf32>) -> ()
  return
}

// -----

comm.group @tp size(4)
func.func @unranked(%x: tensor<*xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op operand #0 must be ranked tensor or strided memref, but got 'tensor<*xf32>'}}
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<*xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @not_strided(%x: memref<8xf32, affine_map<(d0) -> (d0 mod 4)>>, %y: memref<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op operand #0 must be ranked tensor or strided memref}}
  c10d.all_reduce<sum> ins(%x : memref<8xf32, affine_map<(d0) -> (d0 mod 4)>>) outs(%y : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @scalar(%x: f32) {
  // expected-error@+1 {{'c10d.all_reduce' op operand #0 must be ranked tensor or strided memref, but got 'f32'}}
  %0 = "c10d.all_reduce"(%x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (f32) -> tensor<8xf32>
  return
}

// -----

func.func @wait_without_result(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.wait_tensor' op on a tensor has one result}}
  "c10d.wait_tensor"(%x) : (tensor<8xf32>) -> ()
  return
}

// -----

func.func @wait_with_result(%x: memref<8xf32>) {
  // expected-error@+1 {{'c10d.wait_tensor' op on a memref has no result}}
  %0 = "c10d.wait_tensor"(%x) : (memref<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @wait_type(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.wait_tensor' op expected a result of type 'tensor<8xf32>', got 'tensor<?xf32>'}}
  %0 = "c10d.wait_tensor"(%x) : (tensor<8xf32>) -> tensor<?xf32>
  return
}

// -----

// Shapes.

comm.group @tp size(4)
func.func @all_reduce_shape(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op expected a result of shape 'tensor<8xf32>', got 'tensor<4xf32>'}}
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32> -> tensor<4xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @all_reduce_rank(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op expected a result of shape 'tensor<8xf32>', got 'tensor<8x1xf32>'}}
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32> -> tensor<8x1xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @all_reduce_element(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op expected a result of shape 'tensor<8xf32>', got 'tensor<8xf16>'}}
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32> -> tensor<8xf16>
  return
}

// -----

comm.group @tp size(4)
func.func @all_reduce_output(%x: memref<8xf32>, %y: memref<2x4xf32>) {
  // expected-error@+1 {{'c10d.all_reduce' op expected a result of shape 'tensor<8xf32>', got 'memref<2x4xf32>'}}
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<2x4xf32>) on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @gather_shape(%x: tensor<2x4xf32>) {
  // expected-error@+1 {{'c10d.all_gather_into_tensor' op expected a result of shape 'tensor<8x4xf32>', got 'tensor<2x4xf32>'}}
  %0 = c10d.all_gather_into_tensor %x on @tp : tensor<2x4xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @gather_other_dim(%x: tensor<2x4xf32>) {
  // expected-error@+1 {{expected a result of shape 'tensor<8x4xf32>', got 'tensor<8x5xf32>'}}
  %0 = c10d.all_gather_into_tensor %x on @tp : tensor<2x4xf32> -> tensor<8x5xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @gather_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{'c10d.all_gather_into_tensor' op expected at least one dimension, got 'tensor<f32>'}}
  %0 = c10d.all_gather_into_tensor %x on @tp : tensor<f32> -> tensor<4xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @scatter_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op expected at least one dimension, got 'tensor<f32>'}}
  %0 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<f32>
  return
}

// -----

comm.group @tp size(4)
func.func @exchange_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{'c10d.all_to_all_single' op expected at least one dimension, got 'tensor<f32>'}}
  %0 = c10d.all_to_all_single %x on @tp : tensor<f32>
  return
}

// -----

comm.group @tp size(4)
func.func @scatter_divides(%x: tensor<6x4xf32>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op dimension 0 of size 6 does not divide by the 4 ranks of @tp}}
  %0 = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<6x4xf32> -> tensor<1x4xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @exchange_divides(%x: tensor<6x4xf32>) {
  // expected-error@+1 {{'c10d.all_to_all_single' op dimension 0 of size 6 does not divide by the 4 ranks of @tp}}
  %0 = c10d.all_to_all_single %x on @tp : tensor<6x4xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @scatter_shape(%x: memref<8x4xf32>, %y: memref<4x4xf32>) {
  // expected-error@+1 {{'c10d.reduce_scatter_tensor' op expected a result of shape 'tensor<2x4xf32>', got 'memref<4x4xf32>'}}
  c10d.reduce_scatter_tensor<sum> ins(%x : memref<8x4xf32>) outs(%y : memref<4x4xf32>) on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @broadcast_shape(%x: tensor<8xf32>) {
  // expected-error@+1 {{'c10d.broadcast' op expected a result of shape 'tensor<8xf32>', got 'tensor<9xf32>'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xf32> -> tensor<9xf32>
  return
}

// -----

// Element types.

comm.group @tp size(4)
func.func @element_index(%x: tensor<8xindex>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'index'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xindex>
  return
}

// -----

comm.group @tp size(4)
func.func @element_i4(%x: tensor<8xi4>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'i4'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xi4>
  return
}

// -----

comm.group @tp size(4)
func.func @element_i128(%x: tensor<8xi128>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'i128'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xi128>
  return
}

// -----

comm.group @tp size(4)
func.func @element_ui16(%x: tensor<8xui16>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'ui16'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xui16>
  return
}

// -----

comm.group @tp size(4)
func.func @element_si32(%x: tensor<8xsi32>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'si32'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xsi32>
  return
}

// -----

comm.group @tp size(4)
func.func @element_f80(%x: tensor<8xf80>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'f80'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xf80>
  return
}

// -----

comm.group @tp size(4)
func.func @element_f8E4M3FNUZ(%x: tensor<8xf8E4M3FNUZ>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'f8E4M3FNUZ'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xf8E4M3FNUZ>
  return
}

// -----

comm.group @tp size(4)
func.func @element_complex_f16(%x: tensor<8xcomplex<f16>>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'complex<f16>'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xcomplex<f16>>
  return
}

// -----

comm.group @tp size(4)
func.func @element_complex_i32(%x: tensor<8xcomplex<i32>>) {
  // expected-error@+1 {{'c10d.broadcast' op cannot communicate elements of type 'complex<i32>'}}
  %0 = c10d.broadcast src(0) %x on @tp : tensor<8xcomplex<i32>>
  return
}

// -----

// Syntax.

comm.group @tp size(4)
func.func @unknown_reduction(%x: tensor<8xf32>) {
  // expected-error@+1 {{unknown reduction 'mean'}}
  %0 = c10d.all_reduce<mean> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @missing_reduction(%x: tensor<8xf32>) {
  // expected-error@+1 {{expected '<'}}
  %0 = c10d.all_reduce %x on @tp : tensor<8xf32>
  return
}

// -----

func.func @missing_group(%x: tensor<8xf32>) {
  // expected-error@+1 {{expected 'on'}}
  %0 = c10d.all_reduce<sum> %x : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @missing_output(%x: memref<8xf32>) {
  // expected-error@+1 {{expected 'outs'}}
  c10d.all_reduce<sum> ins(%x : memref<8xf32>) on @tp
  return
}
