#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the staged examples on RANKS ranks, with pushed and with pulled all-reduces, and compares them with the same program on CPU
# ranks; then, unless they share GPUs, times them, launched one by one and from a graph.
#
#   test/gpu/examples.sh KIT RANKS [--share-gpus]
set -uo pipefail
kit=$1 ranks=$2 share=${3:-}
cuda="--device=cuda -n $ranks $share"
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
failed=0

# arguments EXAMPLE: what the ranks share is the same on all of them, and shards differ.
arguments() {
  local name seed=0
  [ "$1" = seed ] && echo "--arg x=random:1" && return
  [ "$1" = layers ] && echo "--arg x=same:1 --arg up=random:2 --arg down=random:3" && return
  for name in x attention_norm cos sin mlp_norm; do echo "--arg $name=same:$((++seed))"; done
  for name in wq wk wv wo w_gate w_up w_down; do echo "--arg $name=random:$((++seed))"; done
}

# close EXPECTED FOUND: fp32 sums in another order differ in their last bits, which a softmax of large scores amplifies.
close() {
  python3 - "$1" "$2" <<'PYTHON'
import sys
import numpy
expected, found = (numpy.load(path).astype("f8") for path in sys.argv[1:])
error = numpy.abs(expected - found).max() / numpy.abs(expected).max()
print(f"largest error / largest element: {error:.1e}")
sys.exit(not (numpy.isfinite(found).all() and error < 5e-3))
PYTHON
}

for example in seed layers tp_block; do
  # shellcheck disable=SC2046,SC2086
  set -- $(arguments $example)
  timeout 60 "$kit/symm-run" "$kit/examples/$example$ranks.cpu.so" -n "$ranks" "$@" --save "out0=$log/cpu.npy" >"$log/out" 2>&1 ||
    { echo "FAILED: $example on CPU ranks: $(cat "$log/out")"; failed=$((failed + 1)); continue; }
  for protocol in push pull; do
    program=$kit/examples/$example$ranks.$protocol.so
    echo "$example, $ranks ranks, $protocol:"
    timeout 60 "$kit/symm-run" $cuda "$program" "$@" --save "out0=$log/gpu.npy" >"$log/out" 2>&1 &&
      grep -q "equal on all ranks" "$log/out" && close "$log/cpu.npy" "$log/gpu.npy" ||
      { echo "FAILED: $(cat "$log/out")"; failed=$((failed + 1)); }
    for way in "" --graph; do
      [ -z "$share" ] || continue
      timeout 60 "$kit/symm-run" $cuda "$program" "$@" --repeat=300 $way 2>&1 | grep "^time" || failed=$((failed + 1))
    done
  done
done
echo "examples on $ranks ranks: $failed failed"
[ "$failed" -eq 0 ]
