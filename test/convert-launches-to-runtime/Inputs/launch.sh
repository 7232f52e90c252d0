#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Writes a program that launches a kernel of some buffers.
#
#   launch.sh BUFFERS
set -euo pipefail
count=$1
echo "func.func @f($(for ((i = 0; i < count; i++)); do printf '%%a%d: memref<3x5xf32>, ' "$i"; done)%number: f32) {"
cat <<'MLIR'
  %one = arith.constant 1 : index
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%sx = %one, %sy = %one, %sz = %one) {
    %c = arith.constant 0 : index
MLIR
for ((i = 0; i < count; i++)); do echo "    memref.store %number, %a$i[%c, %c] : memref<3x5xf32>"; done
cat <<'MLIR'
    gpu.terminator
  }
  return
}
MLIR
