#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes chains of ops that change what the one before has written.
set -euo pipefail

# chain FROM TO OP: writes an op for each number, in which @ is its value and ^ the one before.
chain() {
  local op
  for ((at = $1; at <= $2; at++)); do
    op=${3//@/%$at}
    echo "  ${op//^/%$((at - 1))}"
  done
}

echo "func.func @elements(%0: tensor<8xf32>, %x: f32, %i: index) -> tensor<8xf32> {"
chain 1 254 "@ = tensor.insert %x into ^[%i] : tensor<8xf32>"
cat <<'MLIR'
  %view = tensor.expand_shape %254 [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %inserted = tensor.insert %x into %view[%i, %i] : tensor<2x4xf32>
  %255 = tensor.collapse_shape %inserted [[0, 1]] : tensor<2x4xf32> into tensor<8xf32>
MLIR
chain 256 257 "@ = tensor.insert %x into ^[%i] : tensor<8xf32>"
printf '  return %%257 : tensor<8xf32>\n}\n\n'

echo "func.func @sums(%x: tensor<4x4xf32>, %0: tensor<4x4xf32>) -> tensor<4x4xf32> {"
chain 1 257 "@ = linalg.matmul ins(%x, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(^ : tensor<4x4xf32>) -> tensor<4x4xf32>"
printf '  return %%257 : tensor<4x4xf32>\n}\n\n'

echo "func.func @slices(%x: tensor<2xf32>, %0: tensor<8xf32>) -> tensor<8xf32> {"
chain 1 65 "@ = tensor.insert_slice %x into ^[4] [2] [1] : tensor<2xf32> into tensor<8xf32>"
printf '  return %%65 : tensor<8xf32>\n}\n\n'

echo "func.func @vectors(%x: vector<2xf32>, %i: index, %0: tensor<8xf32>) -> tensor<8xf32> {"
chain 1 65 "@ = vector.transfer_write %x, ^[%i] : vector<2xf32>, tensor<8xf32>"
printf '  return %%65 : tensor<8xf32>\n}\n'
