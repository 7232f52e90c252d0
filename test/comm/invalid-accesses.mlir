// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --split-input-file --verify-diagnostics

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op cannot be release}}
  %0 = comm.load<release> %a : i32
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected 1, 2 or 4 words, got 3}}
  %0:3 = comm.load<relaxed> %a : i32, i32, i32
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected 1, 2 or 4 words, got 0}}
  "comm.load"(%a) <{order = #comm.mem_order<relaxed>}> : (i64) -> ()
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected words of one type, got 'i32', 'i64'}}
  %0:2 = comm.load<relaxed> %a : i32, i64
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected at most 16 bytes, got 32}}
  %0:4 = comm.load<relaxed> %a : i64, i64, i64, i64
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected one word, for only a word is atomic, got 2}}
  %0:2 = comm.load<acquire> %a : i32, i32
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op expected an offset that is a multiple of 16 bytes, got 8}}
  %0:2 = comm.load<relaxed> %a offset(8) : i64, i64
  return
}

// -----

func.func @load(%a: i64) {
  // expected-error@+1 {{'comm.load' op result #0 must be variadic of 32- or 64-bit signless integer, but got 'f32'}}
  %0 = comm.load<relaxed> %a : f32
  return
}

// -----

func.func @load(%a: index) {
  // expected-error@+1 {{'comm.load' op operand #0 must be 64-bit signless integer, but got 'index'}}
  %0 = "comm.load"(%a) <{order = #comm.mem_order<relaxed>}> : (index) -> i32
  return
}

// -----

func.func @store(%a: i64, %x: i32) {
  // expected-error@+1 {{'comm.store' op cannot be acquire}}
  comm.store<acquire> %x to %a : i32
  return
}

// -----

func.func @store(%a: i64, %x: i32) {
  // expected-error@+1 {{'comm.store' op expected one word, for only a word is atomic, got 2}}
  comm.store<release> %x, %x to %a : i32, i32
  return
}

// -----

func.func @store(%x: i32) {
  // expected-error@+1 {{'comm.store' op expected an address}}
  "comm.store"(%x) <{operandSegmentSizes = array<i32: 1, 0>, order = #comm.mem_order<relaxed>}> : (i32) -> ()
  return
}

// -----

func.func @store(%a: i64, %x: i64) {
  // expected-error@+1 {{'comm.store' op expected an offset that is a multiple of 8 bytes, got 4}}
  comm.store<relaxed> %x to %a offset(4) : i64
  return
}

// -----

func.func @exchange(%a: i64, %x: i32) {
  // expected-error@+1 {{'comm.compare_exchange' op expected an offset that is a multiple of 4 bytes, got 2}}
  %0 = comm.compare_exchange %a, %x, %x offset(2) : i32
  return
}

// -----

func.func @exchange(%a: i64, %x: i32, %y: i64) {
  // expected-error@+1 {{'comm.compare_exchange' op failed to verify that all of {expected, desired, result} have same type}}
  %0 = "comm.compare_exchange"(%a, %x, %y) : (i64, i32, i64) -> i32
  return
}

// -----

// expected-error@+2 {{expected ::symm::comm::MemOrder to be one of: volatile, relaxed, acquire, release}}
// expected-error@+1 {{failed to parse Comm_MemOrderAttr parameter 'value'}}
#order = #comm.mem_order<seq_cst>
