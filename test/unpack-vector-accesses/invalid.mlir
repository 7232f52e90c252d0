// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --unpack-vector-accesses --split-input-file --verify-diagnostics

func.func @type_cast(%m: memref<8xi1>) -> memref<vector<8xi1>> {
  // expected-error@+1 {{would pack elements of i1, which have bytes of their own in a buffer; read them by vector.transfer_read}}
  %v = vector.type_cast %m : memref<8xi1> to memref<vector<8xi1>>
  return %v : memref<vector<8xi1>>
}

// -----

func.func @f80(%m: memref<8xf80>, %i: index) -> vector<4xf80> {
  // expected-error@+1 {{accesses a vector of f80, which does not fill its bytes in a buffer; access it element by element}}
  %v = vector.load %m[%i] : memref<8xf80>, vector<4xf80>
  return %v : vector<4xf80>
}

// -----

func.func @space(%m: memref<8xi1, 3>, %i: index) -> vector<8xi1> {
  // expected-error@+1 {{expected a buffer in ordinary memory, got one in 3}}
  %v = vector.load %m[%i] : memref<8xi1, 3>, vector<8xi1>
  return %v : vector<8xi1>
}
