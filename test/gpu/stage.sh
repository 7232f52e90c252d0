#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Puts what the GPU suite needs into target/gpu, to be carried to a machine that has GPUs but no compiler:
# the GPU tests of symm-cuda and symm-runtime, symm-bench, symm-run, the C interface, a bundle of generated kernels, and
# linked programs.
#
#   test/gpu/stage.sh [BUNDLE]     BUNDLE: a folder that symm-kernels has written; it is written now if none is given
set -euo pipefail
cd "$(dirname "$0")/../.."
out=target/gpu
rm -rf "$out"
mkdir -p "$out"

cargo build --release --package symm-bench --package symm-run --package symm-runtime
release=${CARGO_TARGET_DIR:-target}/release
cp "$release/symm-bench" "$release/symm-run" "$release/libsymm_runtime.so" "$out/"
cc -std=c99 -O1 -pthread -Iinclude crates/symm-runtime/tests/programs/c_abi.c -o "$out/c_abi" -L"$out" -lsymm_runtime -ldl \
  '-Wl,-rpath,$ORIGIN'

# gpu_tests PACKAGE: builds the GPU tests of a package and puts them into the suite.
gpu_tests() {
  local program
  program=$(cargo test --release --package "$1" --test gpu --no-run 2>&1 | tee /dev/stderr |
    sed -n 's/.*Executable .*gpu\/main\.rs (\(.*\))/\1/p')
  cp "$program" "$out/$1-gpu-tests"
}
gpu_tests symm-cuda
gpu_tests symm-runtime
strip "$out"/symm-* "$out/libsymm_runtime.so"

if [ $# -gt 0 ]; then
  cp -r "$1" "$out/bundle"
else
  cargo run --package symm-kernels -- --output "$out/bundle"
fi
"$out/symm-runtime-gpu-tests" --stage "$out/bundle" "$out/programs"
du -sh "$out"
