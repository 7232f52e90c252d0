// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: symm-opt %s --decompose-aggregates | FileCheck %s

// Arithmetic has no integers with a sign.
// CHECK-LABEL: func.func @unsigned(
// CHECK-NEXT: tensor.bitcast
func.func @unsigned(%x: tensor<4xi8>) -> tensor<4xui8> {
  %y = tensor.bitcast %x : tensor<4xi8> to tensor<4xui8>
  return %y : tensor<4xui8>
}

// There is no shape with tiles of unknown size to expand to.
// CHECK-LABEL: func.func @unknown(
// CHECK: linalg.pack
func.func @unknown(%x: tensor<?x6xf32>, %tile: index, %to: tensor<?x2x?x3xf32>) -> tensor<?x2x?x3xf32> {
  %y = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = [%tile, 3] into %to : tensor<?x6xf32> -> tensor<?x2x?x3xf32>
  return %y : tensor<?x2x?x3xf32>
}
