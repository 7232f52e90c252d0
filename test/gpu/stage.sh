#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Puts what the GPU suite needs into target/gpu, to be carried to a machine that has GPUs but no compiler:
# the GPU tests of symm-cuda and symm-runtime, symm-bench, symm-run, the C interface, a bundle of generated kernels,
# kernels that are wrong on purpose, linked programs, the examples, and a program without collectives.
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

# laws FOLDER OPTION...: kernels with something wrong on purpose, to see that it is seen.
laws() {
  cargo run --package symm-kernels -- --output "$out/laws/$1" --dtype f32 --reduce-op sum --world-size 2 --world-size 4 --world-size 8 --stall "${@:2}"
}
push="--algorithm one_shot_push --algorithm two_shot_push"
pull="--algorithm one_shot_pull --algorithm two_shot_pull"
laws stall
# shellcheck disable=SC2086
{
  laws L2-pull --break L2 $pull
  laws L3-push --break L3 $push
  laws L9-pull --break L9 $pull
  laws L9-push --break L9 $push
}

# The examples for 2, 4 and 8 ranks; tp_block is a narrower model the fewer there are.
mkdir "$out/examples"
for example in seed tp_block; do
  for ranks in 2 4 8; do
    compile() {
      sed "s/size([0-9]*)/size($ranks)/" "examples/$example.mlir" |
        cargo run --quiet --package symm-compile -- "$@" - -o "$out/examples/$example$ranks.$name.so"
    }
    name=cpu compile
    name=push compile --device=cuda --chip=sm_90 --protocol=push
    name=pull compile --device=cuda --chip=sm_90 --protocol=pull
  done
done
cargo run --quiet --package symm-compile -- test/gpu/Inputs/code.mlir -o "$out/code.cpu.so"
cargo run --quiet --package symm-compile -- --device=cuda --chip=sm_90 test/gpu/Inputs/code.mlir -o "$out/code.cuda.so"
"$out/symm-runtime-gpu-tests" --stage "$out/bundle" "$out/programs"
du -sh "$out"
