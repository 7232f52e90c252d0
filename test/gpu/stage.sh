#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Puts what the GPU suite needs into target/gpu, to be carried to a machine that has GPUs but no compiler:
# the test program of symm-cuda, symm-bench, and a bundle of generated kernels.
#
#   test/gpu/stage.sh [BUNDLE]     BUNDLE: a folder that symm-kernels has written; it is written now if none is given
set -euo pipefail
cd "$(dirname "$0")/../.."
out=target/gpu
rm -rf "$out"
mkdir -p "$out"

cargo build --release --package symm-bench
cp "${CARGO_TARGET_DIR:-target}/release/symm-bench" "$out/"

tests=$(cargo test --release --package symm-cuda --test gpu --no-run 2>&1 | tee /dev/stderr |
  sed -n 's/.*Executable .*gpu\/main\.rs (\(.*\))/\1/p')
cp "$tests" "$out/symm-cuda-gpu-tests"
strip "$out/symm-bench" "$out/symm-cuda-gpu-tests"

if [ $# -gt 0 ]; then
  cp -r "$1" "$out/bundle"
else
  cargo run --package symm-kernels -- --output "$out/bundle"
fi
du -sh "$out"
