// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --verify-diagnostics --split-input-file

// expected-error@+1 {{'comm.group' op expected a size of at least 1, got 0}}
comm.group @tp size(0)

// -----

// expected-error@+1 {{'comm.group' op expected a size of at least 1, got -2}}
comm.group @tp size(-2)

// -----

// expected-error@+1 {{'comm.group' op expected 4 ranks, got 3}}
comm.group @tp size(4) {ranks = [0, 1, 2]}

// -----

// expected-error@+1 {{'comm.group' op rank -1 is out of range}}
comm.group @tp size(2) {ranks = [0, -1]}

// -----

// expected-error@+1 {{'comm.group' op rank 3 is repeated}}
comm.group @tp size(3) {ranks = [3, 1, 3]}

// -----

module attributes {comm.world_size = 4 : i64} {
  // expected-error@+1 {{'comm.group' op has 8 ranks, but comm.world_size is 4}}
  comm.group @tp size(8)
}

// -----

module attributes {comm.world_size = 4 : i64} {
  // expected-error@+1 {{'comm.group' op rank 4 is out of range of comm.world_size = 4}}
  comm.group @tp size(2) {ranks = [0, 4]}
}

// -----

comm.group @tp size(2) // expected-note {{see existing symbol definition here}}
// expected-error@+1 {{redefinition of symbol named 'tp'}}
comm.group @tp size(4)

// -----

// expected-error@+1 {{'comm.world_size' is a positive i64 attribute of a module}}
module attributes {comm.world_size = 0 : i64} {}

// -----

// expected-error@+1 {{'comm.world_size' is a positive i64 attribute of a module}}
module attributes {comm.world_size = 8 : i32} {}

// -----

// expected-error@+1 {{'comm.world_size' is a positive i64 attribute of a module}}
module attributes {comm.world_size = "eight"} {}

// -----

// expected-error@+1 {{'comm.world_size' is a positive i64 attribute of a module}}
func.func private @f() attributes {comm.world_size = 8 : i64}

// -----

// expected-error@+1 {{'comm.placed' is a unit attribute of a module}}
module attributes {comm.placed = 1 : i64} {}

// -----

// expected-error@+1 {{'comm.placed' is a unit attribute of a module}}
func.func private @f() attributes {comm.placed}

// -----

// expected-error@+1 {{unknown attribute 'comm.symmetric' of the comm dialect}}
module attributes {comm.symmetric} {}

// -----

func.func @request() {
  // expected-error@+1 {{expected 'comm.symm_mem' to be a #comm.symm_mem, got @tp}}
  %0 = memref.alloc() {comm.symm_mem = @tp} : memref<8xf32>
  return
}

// -----

func.func @request() {
  // expected-error@+1 {{'comm.symm_mem' names unknown group @tp}}
  %0 = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}

// -----

comm.group @tp size(4)
func.func @request() {
  // expected-error@+1 {{'comm.symm_mem' names group @tp, which has no symmetric memory; declare it with {symm_mem}}}
  %0 = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}
func.func @request() {
  // expected-error@+1 {{'comm.symm_mem' asks for #comm.symm_mem<@tp>, but the memory space is #comm.symm_mem<@dp>}}
  %0 = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32, #comm.symm_mem<@dp>>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @request() {
  // expected-error@+1 {{'comm.symm_mem' belongs on an allocation of the heap, such as memref.alloc}}
  %0 = memref.alloca() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
// expected-error@+1 {{'comm.symm_mem' belongs on an allocation of the heap, such as memref.alloc}}
func.func private @request() attributes {comm.symm_mem = #comm.symm_mem<@tp>}

// -----

comm.group @tp size(4) {symm_mem}
func.func @request(%x: memref<8xf32>) {
  // expected-error@+1 {{'comm.symm_mem' belongs on an allocation of the heap, such as memref.alloc}}
  %0 = memref.cast %x {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32> to memref<?xf32>
  return
}

// -----

func.func @rank() -> index {
  // expected-error@+1 {{'comm.rank' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = comm.rank on @tp
  return %0 : index
}

// -----

func.func @next_epoch() -> i32 {
  // expected-error@+1 {{'comm.next_epoch' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = comm.next_epoch on @tp
  return %0 : i32
}

// -----

func.func @signal(%peer: index, %epoch: i32) {
  // expected-error@+1 {{'comm.signal' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  comm.signal %peer, %epoch on @tp
  return
}

// -----

func.func @wait(%peer: index, %epoch: i32) {
  // expected-error@+1 {{'comm.wait' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = comm.wait %peer, %epoch on @tp
  return
}

// -----

func.func @peer(%m: memref<8xf32, #comm.symm_mem<@tp>>, %peer: index) {
  // expected-error@+1 {{'comm.peer' op uses unknown group @tp; declare it: comm.group @tp size(N)}}
  %0 = comm.peer %m at %peer : memref<8xf32, #comm.symm_mem<@tp>>
  return
}

// -----

// expected-note@+1 {{it is this}}
func.func private @tp()
func.func @rank() -> index {
  // expected-error@+1 {{'comm.rank' op expected @tp to be a comm.group}}
  %0 = comm.rank on @tp
  return %0 : index
}

// -----

comm.group @tp size(4)
func.func @rank() -> index {
  // expected-error@+1 {{'comm.rank' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = comm.rank on @tp
  return %0 : index
}

// -----

comm.group @tp size(4)
func.func @next_epoch() -> i32 {
  // expected-error@+1 {{'comm.next_epoch' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = comm.next_epoch on @tp
  return %0 : i32
}

// -----

comm.group @tp size(4)
func.func @signal(%peer: index, %epoch: i32) {
  // expected-error@+1 {{'comm.signal' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  comm.signal %peer, %epoch on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @wait(%peer: index, %epoch: i32) {
  // expected-error@+1 {{'comm.wait' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = comm.wait %peer, %epoch on @tp
  return
}

// -----

comm.group @tp size(4)
func.func @peer(%m: memref<8xf32, #comm.symm_mem<@tp>>, %peer: index) {
  // expected-error@+1 {{'comm.peer' op group @tp has no symmetric memory; declare it with {symm_mem}}}
  %0 = comm.peer %m at %peer : memref<8xf32, #comm.symm_mem<@tp>>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @peer(%m: memref<8xf32>, %peer: index) {
  // expected-error@+1 {{'comm.peer' op expected a buffer in symmetric memory, got 'memref<8xf32>'}}
  %0 = comm.peer %m at %peer : memref<8xf32>
  return
}

// -----

comm.group @tp size(4) {symm_mem}
func.func @peer(%m: memref<8xf32, #comm.symm_mem<@tp>>, %peer: index) {
  // expected-error@+1 {{'comm.peer' op failed to verify that all of {buffer, result} have same type}}
  %0 = "comm.peer"(%m, %peer) : (memref<8xf32, #comm.symm_mem<@tp>>, index) -> memref<8xf32>
  return
}

// -----

// The nearest group counts, though one outside would do.
comm.group @tp size(4) {symm_mem}
module @inner {
  comm.group @tp size(4)
  func.func @rank() -> index {
    // expected-error@+1 {{'comm.rank' op group @tp has no symmetric memory; declare it with {symm_mem}}}
    %0 = comm.rank on @tp
    return %0 : index
  }
}

// -----

// expected-error@+2 {{expected ::symm::comm::ReduceOp to be one of: sum, avg, product, min, max, band, bor, bxor}}
// expected-error@+1 {{failed to parse Comm_ReduceOpAttr parameter 'value'}}
#mean = #comm.reduce_op<mean>

// -----

// expected-error@+2 {{expected ::symm::comm::Protocol to be one of: pull, push}}
// expected-error@+1 {{failed to parse Comm_ProtocolAttr parameter 'value'}}
#poll = #comm.protocol<poll>

// -----

// expected-error@+1 {{expected '<'}}
#nowhere = #comm.symm_mem
