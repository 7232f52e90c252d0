// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The compiler's own tables, as somebody else may write them; texts may be empty, and need not be UTF-8.

// RUN: symm-opt %s --convert-symm-mem-to-cpu --split-input-file --verify-diagnostics

// expected-error@+1 {{has a malformed symm.ops, the compiler's own attribute: expected a list of dictionaries; take it away}}
module attributes {symm.ops = 7} {
  comm.group @tp size(2) {symm_mem}
  func.func @f() {
    symm_mem.barrier on @tp
    return
  }
}

// -----

// expected-error@+1 {{malformed symm.ops, the compiler's own attribute: expected a text 'name'}}
module attributes {symm.ops = [{}]} {
  comm.group @tp size(2) {symm_mem}
  func.func @f() {
    symm_mem.barrier on @tp
    return
  }
}

// -----

// expected-error@+1 {{malformed symm.ops, the compiler's own attribute: expected a list of texts 'phases'}}
module attributes {symm.ops = [{name = "", loc = "\FF", group = "", algorithm = "", phases = [1]}]} {
  comm.group @tp size(2) {symm_mem}
  func.func @f() {
    symm_mem.barrier on @tp
    return
  }
}

// -----

module attributes {symm.ops = [{name = "", loc = "\FF", group = "", algorithm = "", phases = []}]} {
  comm.group @tp size(2) {symm_mem}
  func.func @f() {
    symm_mem.barrier on @tp
    return
  }
}

// -----

// expected-error@+1 {{malformed symm.buffers, the compiler's own attribute: expected one number 'bytes'}}
module attributes {symm.buffers = [{name = "", loc = "", bytes = array<i64: 1, 2>, space = ""}]} {
  comm.group @tp size(2) {symm_mem}
  func.func @f() {
    symm_mem.barrier on @tp
    return
  }
}
