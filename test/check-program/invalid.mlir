// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --check-program --split-input-file --verify-diagnostics

// expected-error@+1 {{has a buffer of type memref<4xf32, 3>; expected one in ordinary memory or in #comm.symm_mem of a group, got memory space 3}}
func.func @argument(%x: memref<4xf32, 3>) {
  return
}

// -----

func.func @workgroup() {
  // expected-error@+1 {{expected one in ordinary memory or in #comm.symm_mem of a group, got memory space #gpu.address_space<workgroup>}}
  %x = memref.alloc() : memref<4xf32, #gpu.address_space<workgroup>>
  return
}

// -----

// Double frees at run time.
func.func @nested(%x: memref<4xf32>) {
  // expected-error@+1 {{has a buffer of buffers, of type memref<1xmemref<4xf32>>, which nobody could free; use a buffer with another dimension}}
  %a = memref.alloc() : memref<1xmemref<4xf32>>
  return
}

// -----

// expected-error@+1 {{whose layout has no strides; use a row-major one and memref.transpose, or strided<...>}}
func.func @layout(%x: memref<4x6xf32, affine_map<(i, j) -> (j, i)>>) {
  return
}

// -----

// expected-error@+1 {{has a value of type tensor<4xf32, "rows">; expected a dense tensor without encoding, got "rows"}}
func.func @encoding(%x: tensor<4xf32, "rows">) {
  return
}

// -----

func.func @float(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has a value of type tensor<4xf8E4M3FNUZ>; expected floats to be of f8E4M3FN, f8E5M2, f16, bf16, f32, f64, f80, f128}}
  %y = arith.truncf %x : tensor<4xf32> to tensor<4xf8E4M3FNUZ>
  return %x : tensor<4xf32>
}

// -----

func.func @float_in_a_loop(%x: memref<4xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%x : memref<4xf32>) {
  ^bb0(%a: f32):
    // expected-error@+1 {{has a value of type complex<tf32>}}
    %b = complex.constant [1.0 : tf32, 2.0 : tf32] : complex<tf32>
    linalg.yield %a : f32
  }
  return
}

// -----

func.func @assert(%x: i1) {
  // expected-error@+1 {{ends the process when it fails, and other ranks with it; return the condition as a result}}
  cf.assert %x, "x"
  return
}

// -----

func.func @print(%x: f32) {
  // expected-error@+1 {{prints by a library of MLIR's, which artifacts do not have; return the value as a result}}
  vector.print %x : f32
  return
}

// -----

// expected-error@+1 {{has code run before there is a runtime; call it from an entry}}
llvm.mlir.global_ctors ctors = [@f], priorities = [0 : i32], data = [#llvm.zero]
llvm.func @f() {
  llvm.return
}

// -----

module {
  // expected-error@+1 {{is inside another module; a program is one module}}
  module @inner {
  }
}

// -----

module attributes {transform.with_named_sequence} {
  // expected-error@+1 {{says how a program is to be changed, and is no part of it; run --transform-interpreter before}}
  transform.named_sequence @__transform_main(%module: !transform.any_op) {
    transform.yield
  }
}

// -----

// expected-error@+1 {{has the name @symm_rt, which the compiler needs; rename it}}
func.func private @symm_rt()

// -----

// expected-error@+1 {{has the name @symm_kernels, which the compiler needs; rename it}}
gpu.module @symm_kernels {
}

// -----

func.func @f() {
  return
}
// expected-error@+1 {{has the name @symm_entry_f, which the compiler needs; rename it}}
func.func private @symm_entry_f()

// -----

// expected-error@+1 {{has the name @_mlir_memref_to_llvm_alloc, which the compiler needs; rename it}}
memref.global @_mlir_memref_to_llvm_alloc : memref<4xf32>

// -----

func.func @beside() {
  // expected-error@+1 {{runs beside other ops, which nothing here does; take what is in it out of it}}
  %done = async.execute {
    async.yield
  }
  return
}

// -----

module attributes {gpu.container_module} {
  gpu.module @own {
    gpu.func @kernel() kernel {
      gpu.return
    }
  }
  func.func @launch() {
    %one = arith.constant 1 : index
    // expected-error@+1 {{launches a kernel apart from the program; put what the kernel does into a gpu.launch}}
    gpu.launch_func @own::@kernel blocks in (%one, %one, %one) threads in (%one, %one, %one)
    return
  }
}

// -----

func.func @atomic(%x: memref<f32>, %y: f32) -> f32 {
  // expected-error@+1 {{has a region that buffers cannot be followed through; use memref.atomic_rmw}}
  %z = memref.generic_atomic_rmw %x[] : memref<f32> {
  ^bb0(%there: f32):
    %more = arith.addf %there, %y : f32
    memref.atomic_yield %more : f32
  }
  return %z : f32
}

// -----

func.func @elements() {
  // expected-error@+1 {{has a value of type memref<4611686018427387904x4xf32>, which takes 2^63 bytes or more; no memory has them}}
  %a = memref.alloc() : memref<4611686018427387904x4xf32>
  return
}

// -----

func.func @bytes() -> tensor<2305843009213693952xf32> {
  // expected-error@+1 {{has a value of type tensor<2305843009213693952xf32>, which takes 2^63 bytes or more; no memory has them}}
  %a = tensor.empty() : tensor<2305843009213693952xf32>
  return %a : tensor<2305843009213693952xf32>
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @ordinary_memory(%x: memref<4xf32>) {
  // expected-error@+1 {{makes no buffer symmetric, got one of type memref<4xf32>; allocate it by memref.alloc in #comm.symm_mem<@tp>, and copy what is to be in it}}
  %y = memref.memory_space_cast %x : memref<4xf32> to memref<4xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(2) {symm_mem}
comm.group @other size(2) {symm_mem, ranks = [1, 0]}

func.func @of_another_group(%x: memref<*xf32, #comm.symm_mem<@other>>) {
  // expected-error@+1 {{makes no buffer symmetric, got one of type memref<*xf32, #comm.symm_mem<@other>>; allocate it by memref.alloc in #comm.symm_mem<@tp>}}
  %y = memref.memory_space_cast %x : memref<*xf32, #comm.symm_mem<@other>> to memref<*xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @by_any_cast(%x: memref<4xf32>) {
  // expected-error@+1 {{makes no buffer symmetric, got one of type memref<4xf32>; allocate it by memref.alloc in #comm.symm_mem<@tp>}}
  %y = builtin.unrealized_conversion_cast %x : memref<4xf32> to memref<4xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @peer(%x: memref<4xf32, #comm.symm_mem<@tp>>, %any: index) -> memref<4xf32, #comm.symm_mem<@tp>> {
  %last = arith.constant 1 : index
  %next = arith.constant 2 : index
  %a = comm.peer %x at %any : memref<4xf32, #comm.symm_mem<@tp>>
  %b = comm.peer %x at %last : memref<4xf32, #comm.symm_mem<@tp>>
  // expected-error@+1 {{'comm.peer' op peer 2 is not a rank of @tp, which has 2}}
  %c = comm.peer %x at %next : memref<4xf32, #comm.symm_mem<@tp>>
  return %c : memref<4xf32, #comm.symm_mem<@tp>>
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @signal(%epoch: i32) {
  %before = arith.constant -1 : index
  // expected-error@+1 {{'comm.signal' op peer -1 is not a rank of @tp, which has 2}}
  comm.signal %before, %epoch on @tp
  return
}

// -----

comm.group @tp size(2) {symm_mem}

func.func @wait(%epoch: i32) {
  %other = arith.constant 7 : index
  // expected-error@+1 {{'comm.wait' op peer 7 is not a rank of @tp, which has 2}}
  %arrived = comm.wait %other, %epoch on @tp
  return
}
