// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --verify-diagnostics --split-input-file

// Groups.

func.func @unknown_group(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @pull_without_symmetric_memory(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
  return
}

// -----

// The slots of a push are symmetric memory.
comm.group @tp size(4)
func.func @push_without_symmetric_memory(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = symm_mem.two_shot_all_reduce_<sum, push> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @copy_without_symmetric_memory(%b: tensor<8xf32>, %x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = symm_mem.one_shot_all_reduce_copy<sum> %b, %x on @tp : tensor<8xf32>
  return
}

// -----

func.func @barrier_unknown_group() {
  // expected-error@+1 {{'symm_mem.barrier' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  symm_mem.barrier on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @barrier_without_symmetric_memory() {
  // expected-error@+1 {{'symm_mem.barrier' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  symm_mem.barrier on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @barrier_channel() {
  // expected-error@+1 {{'symm_mem.barrier' op expected a channel of 0 or more, got -1}}
  symm_mem.barrier on @tp channel(-1)
  return
}

// -----

// Placement of operands.

comm.group @tp size(4) {symm_mem}
comm.group @dp size(4) {symm_mem}
func.func @wrong_group(%x: memref<8xf32, #comm.symm_mem<@dp>>, %y: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op operand #0 must be in symmetric memory of @tp, got 'memref<8xf32, #comm.symm_mem<@dp>>'}}
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32, #comm.symm_mem<@dp>>) outs(%y : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @other_space(%x: memref<8xf32, 1>) {
  // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op operand #0 must be in symmetric memory of @tp, got 'memref<8xf32, 1>'}}
  symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32, 1>) on @tp
  return
}

// -----

module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  func.func @one_shot_after_placement(%x: memref<8xf32>, %y: memref<8xf32>) {
    // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op operand #0 must be in symmetric memory of @tp, got 'memref<8xf32>'; run --place-symmetric-buffers}}
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    return
  }
}

// -----

module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  func.func @two_shot_after_placement(%x: memref<8xf32>) {
    // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op operand #0 must be in symmetric memory of @tp, got 'memref<8xf32>'; run --place-symmetric-buffers}}
    symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32>) on @tp
    return
  }
}

// -----

module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  func.func @copy_after_placement(%b: memref<8xf32>, %x: memref<8xf32>, %y: memref<8xf32>) {
    // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op operand #0 must be in symmetric memory of @tp, got 'memref<8xf32>'; run --place-symmetric-buffers}}
    symm_mem.one_shot_all_reduce_copy<sum> ins(%b, %x : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    return
  }
}

// -----

// A push takes its operand from anywhere, after placement too: no error.
module attributes {comm.placed} {
  comm.group @tp size(4) {symm_mem}
  func.func @push_after_placement(%x: memref<8xf32>, %y: memref<8xf32, 1>) {
    symm_mem.one_shot_all_reduce<sum, push> ins(%x : memref<8xf32>) outs(%y : memref<8xf32, 1>) on @tp
    symm_mem.two_shot_all_reduce_<sum, push> inout(%x : memref<8xf32>) on @tp
    return
  }
}

// -----

// Forms.

comm.group @tp size(4) {symm_mem}
func.func @output_is_read(%x: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op operand #0 is also the output, which is written while peers read it}}
  symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32>) outs(%x : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @output_is_staging_buffer(%b: memref<8xf32>, %x: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op operand #0 is also the output, which is written while peers read it}}
  symm_mem.one_shot_all_reduce_copy<sum> ins(%b, %x : memref<8xf32>, memref<8xf32>) outs(%b : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @mixed(%b: memref<8xf32>, %x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op mixes tensors and memrefs}}
  %0 = "symm_mem.one_shot_all_reduce_copy"(%b, %x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}>
      : (memref<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @in_place_without_result(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op on tensors has one result}}
  "symm_mem.two_shot_all_reduce_"(%x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (tensor<8xf32>) -> ()
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @in_place_with_result(%x: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op on memrefs has no result}}
  %0 = "symm_mem.two_shot_all_reduce_"(%x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (memref<8xf32>) -> tensor<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @without_output(%x: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op on memrefs has an output}}
  "symm_mem.one_shot_all_reduce"(%x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}> : (memref<8xf32>) -> ()
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @shape(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.two_shot_all_reduce_' op expected a result of shape 'tensor<8xf32>', got 'tensor<4xf32>'}}
  %0 = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32> -> tensor<4xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @staging_shape(%b: tensor<4xf32>, %x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op expected a staging buffer for 'tensor<8xf32>', got 'tensor<4xf32>'}}
  %0 = "symm_mem.one_shot_all_reduce_copy"(%b, %x) <{group = @tp, reduce_op = #comm.reduce_op<sum>}>
      : (tensor<4xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @staging_element(%b: memref<8xi32>, %x: memref<8xf32>, %y: memref<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce_copy' op expected a staging buffer for 'memref<8xf32>', got 'memref<8xi32>'}}
  symm_mem.one_shot_all_reduce_copy<sum> ins(%b, %x : memref<8xi32>, memref<8xf32>) outs(%y : memref<8xf32>) on @tp
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @element(%x: tensor<8xindex>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op cannot communicate elements of type 'index'}}
  %0 = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xindex>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @reduction(%x: tensor<8xf32>) {
  // expected-error@+1 {{'symm_mem.one_shot_all_reduce' op reduction 'band' does not exist for 'f32'}}
  %0 = symm_mem.one_shot_all_reduce<band> %x on @tp : tensor<8xf32>
  return
}

// -----

// Syntax.

comm.group @tp size(4) {symm_mem}
func.func @protocol(%x: tensor<8xf32>) {
  // expected-error@+1 {{unknown protocol 'poll'}}
  %0 = symm_mem.one_shot_all_reduce<sum, poll> %x on @tp : tensor<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @unknown_reduction(%x: memref<8xf32>) {
  // expected-error@+1 {{unknown reduction 'mean'}}
  symm_mem.two_shot_all_reduce_<mean> inout(%x : memref<8xf32>) on @tp
  return
}
