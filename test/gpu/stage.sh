#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Puts what the GPU suite needs into target/gpu, to be carried to a machine that has GPUs but no compiler:
# the GPU tests of symm-cuda and symm-runtime, symm-bench, symm-run, the C interface, a bundle of generated kernels,
# kernels that are wrong on purpose, linked programs, the examples, and a program without collectives.
#
#   test/gpu/stage.sh [--world-sizes RANKS] [--full]
#
#   --world-sizes RANKS   numbers of ranks, such as 8, 2-4 or 5,6,8; 2 is always among them. Default: 2-8
#   --full                every kernel for every number of ranks. By default, for more than 4 ranks, the four algorithms take
#                         turns: each type and reduction has one of them, and another for the next number of ranks; all four
#                         have the sums of bf16, f32, i32 and f8E4M3FN
#
# The kernels, packed as kernels.tar.gz, are kept in target/gpu-kernels, and compiled again when the compiler is another one.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/gpu/lib.sh

usage() {
  echo "expected [--world-sizes RANKS] [--full], where RANKS is such as 8, 2-4 or 5,6,8; got: $*" >&2
  exit 2
}
asked=2-8 full=
arguments="$*"
while [ $# -gt 0 ]; do
  case $1 in
    --world-sizes) asked=${2:-} && shift ;;
    --full) full=full ;;
    *) usage "$arguments" ;;
  esac
  shift || usage "$arguments"
done
# Much of what fails is tested on 2 ranks only.
sizes=$(ranks "2,$asked") || usage "$arguments"

out=$kit
target=${CARGO_TARGET_DIR:-target}
rm -rf "$out"
mkdir -p "$out/examples"

cargo build --package symm-kernels --package symm-compile
cargo build --release --package symm-bench --package symm-run --package symm-runtime
cp "$target/release/symm-bench" "$target/release/symm-run" "$target/release/libsymm_runtime.so" "$out/"
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

# each OPTION VALUE...: the option once for each value, as words.
each() {
  local value
  for value in "${@:2}"; do echo "$1 $value"; done
}

# Which numbers of ranks have every kernel.
all=() turns=()
for size in $sizes; do
  if [ "$size" -le 4 ] || [ -n "$full" ]; then
    all+=("$size") && echo "$size all" >>"$out/staged"
  else
    turns+=("$size") && echo "$size turns" >>"$out/staged"
  fi
done

# bundle FOLDER: every kernel that the suite runs.
# shellcheck disable=SC2046,SC2086
bundle() {
  local kernels="$target/debug/symm-kernels --output $1"
  $kernels $(each --world-size "${all[@]}")
  if [ ${#turns[@]} -gt 0 ]; then
    $kernels --add --in-turn $(each --world-size "${turns[@]}")
    $kernels --add $(each --world-size "${turns[@]}") --reduce-op sum $(each --dtype f32 i32 f8E4M3FN)
  fi
  # A new launch table is measured among all of these.
  $kernels --add $(each --world-size $sizes) --reduce-op sum --dtype bf16 $(each --unroll 1 2 4)
}

# laws FOLDER: kernels with something wrong on purpose, to see that it is seen.
# shellcheck disable=SC2046,SC2086
laws() {
  local kernels="$target/debug/symm-kernels --dtype f32 --reduce-op sum --stall" law
  kernels+=" $(each --world-size $sizes | tr '\n' ' ')"
  $kernels --output "$1/stall"
  for law in L2-pull L3-push L9-pull L9-push; do
    $kernels --output "$1/$law" --break "${law%-*}" $(each --algorithm "one_shot_${law#*-}" "two_shot_${law#*-}")
  done
}

# Kernels depend on the compiler and on what is asked for, and on nothing else.
compiler=$(sha256sum "$target/debug/symm-kernels" | cut -c 1-16)
kept=$target/gpu-kernels/$compiler-${sizes// /}$full
if [ ! -f "$kept/kernels.tar.gz" ]; then
  find "$target/gpu-kernels" -mindepth 1 -maxdepth 1 ! -name "$compiler-*" -exec rm -r {} + 2>/dev/null || true
  rm -rf "$kept.part"
  mkdir -p "$kept.part"
  bundle "$kept.part/bundle"
  laws "$kept.part/laws"
  tar -C "$kept.part" -czf "$kept.part/kernels.tar.gz" bundle laws
  rm -rf "$kept"
  mv "$kept.part" "$kept"
fi
cp "$kept/kernels.tar.gz" "$out/"
"$out/symm-runtime-gpu-tests" --stage "$kept/bundle" "$out/programs"

# The examples for each number of ranks; tp_block is a narrower model the fewer there are.
compile() {
  local example=$1 ranks=$2 name=$3
  sed "s/size([0-9]*)/size($ranks)/" "examples/$example.mlir" |
    "$target/debug/symm-compile" "${@:4}" - -o "$out/examples/$example$ranks.$name.so"
}
export -f compile
export out target
for example in seed layers tp_block; do
  for size in $sizes; do
    echo "$example $size cpu"
    echo "$example $size push --device=cuda --chip=sm_90 --protocol=push"
    echo "$example $size pull --device=cuda --chip=sm_90 --protocol=pull"
  done
done | xargs -P "$(nproc)" -L 1 bash -euo pipefail -c 'compile "$@"' compile
"$target/debug/symm-compile" test/gpu/Inputs/code.mlir -o "$out/code.cpu.so"
"$target/debug/symm-compile" --device=cuda --chip=sm_90 test/gpu/Inputs/code.mlir -o "$out/code.cuda.so"
echo "$out: $(du -sh "$out" | cut -f 1), for $sizes ranks"
