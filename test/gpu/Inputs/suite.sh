#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs test/gpu/run.sh on a machine of pretence: GPUS GPUs, and programs that say what they are told to say.
#
#   suite.sh FOLDER OPTION...
#
# BENCH, BENCH_STATUS: what symm-bench prints, and its status. TORCH: the status of PyTorch's peers; without it there is no
# PyTorch. LACKS: a program that the machine lacks.
set -euo pipefail
folder=$1
shift
mkdir -p "$folder/bin" "$folder/kit"
export SYMM_GPU_KIT=$folder/kit OUT=$folder/out GPUS=${GPUS:-2} BENCH=${BENCH:-} BENCH_STATUS=${BENCH_STATUS:-0} TORCH=${TORCH:-}

# program PATH: a program of the text that is read.
program() {
  { echo '#!/bin/bash' && cat; } >"$1"
  chmod +x "$1"
}
program "$folder/bin/nvidia-smi" <<'TEXT'
[ "$1" != --list-gpus ] || for ((i = 0; i < GPUS; i++)); do echo "GPU $i"; done
[ "$1" != topo ] || printf '\033[4mGPU0\033[0m\n'
TEXT
program "$folder/bin/python3" <<'TEXT'
case "$*" in
  *torch.distributed.run*) [ "$TORCH" = 0 ] && echo "world,dtype,bytes,nccl" >"${@: -1}" ;;
  *"import torch"*) [ -n "$TORCH" ] ;;
  *) exit 1 ;;
esac
TEXT
program "$folder/kit/symm-bench" <<'TEXT'
echo "symm-bench $*"
[ -z "$BENCH" ] || printf "$BENCH\n"
exit "$BENCH_STATUS"
TEXT
for name in symm-cuda-gpu-tests symm-runtime-gpu-tests; do
  program "$folder/kit/$name" <<<'echo "gpu tests on $SYMM_GPU_RANKS"'
done
printf '2 all\n3 all\n5 turns\n' >"$folder/kit/staged"
mkdir -p "$folder/pack/bundle" "$folder/pack/laws"
tar -C "$folder/pack" -czf "$folder/kit/kernels.tar.gz" bundle laws
# Of the machine's own programs only those that the suite cannot do without.
for name in bash cat cut dirname env find grep head mkdir mapfile rm sed seq sleep sort tail tar tee timeout touch tr wc gzip \
  pgrep nproc printf; do
  path=$(command -v "$name" || true)
  [ "$name" = "${LACKS:-}" ] || [ ! -x "$path" ] || ln -sf "$path" "$folder/bin/$name"
done
[ -z "${LACKS:-}" ] || rm -f "$folder/bin/$LACKS"
root=$(cd "$(dirname "$0")/../../.." && pwd)
PATH=$folder/bin bash "$root/test/gpu/run.sh" "$@" && echo "status 0" || echo "status $?"
