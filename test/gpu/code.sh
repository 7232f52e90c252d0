#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the staged program of kernels without collectives (Inputs/code.mlir) on a GPU, launched and from a graph, and compares it with
# the same program on a CPU rank.
#
#   test/gpu/code.sh KIT
set -uo pipefail
kit=$1
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
failed=0

# close EXPECTED FOUND BOUND: functions are those of another library on GPUs, and sums are in another order.
close() {
  python3 - "$@" <<'PYTHON'
import sys
import numpy
expected, found = (numpy.load(path) for path in sys.argv[1:3])
if expected.dtype.itemsize == 2:  # bf16
    expected, found = ((x.view("u2").astype("u4") << 16).view("f4") for x in (expected, found))
expected, found = expected.astype("f8"), found.astype("f8")
error = numpy.abs(expected - found).max() / max(numpy.abs(expected).max(), 1e-30)
print(f"largest error / largest element: {error:.1e}")
sys.exit(not (expected.shape == found.shape and numpy.isfinite(found).all() and error < float(sys.argv[3])))
PYTHON
}

# run DEVICE ENTRY RESULTS OPTION...: saves the results of an entry.
run() {
  local device=$1 entry=$2 results=$3 saves=() arguments=(--arg x=random:1) i
  shift 3
  [ "$entry" = raised ] && arguments+=(--arg w=random:2)
  for ((i = 0; i < results; i++)); do saves+=(--save "out$i=$log/$device$i.npy"); done
  timeout 60 "$kit/symm-run" --device="$device" -n 1 "$kit/code.$device.so" --entry "$entry" "${arguments[@]}" "${saves[@]}" "$@" \
    >"$log/out" 2>&1
}

for case in softmax:1:1e-5 softmax_large:1:1e-4 softmax_bf16:1:1e-2 softmax_in_place:1:1e-5 forall:1:1e-5 parallel:1:1e-6 bits:1:1e-6 \
  raised:2:1e-5 raised_in_place:1:1e-6 one_thread:2:1e-6 splats:2:1e-5 functions:4:1e-6 library:12:1e-6 constants:2:1e-6 \
  packed:3:1e-6 numbers:1:1e-6 largest:2:1e-6 copied:2:1e-6; do
  IFS=: read -r entry results bound <<<"$case"
  run cpu "$entry" "$results" || { echo "FAILED: $entry on a CPU rank: $(cat "$log/out")"; failed=$((failed + 1)); continue; }
  for way in "" --graph; do
    echo "$entry $way"
    # shellcheck disable=SC2086
    run cuda "$entry" "$results" $way || { echo "FAILED: $(cat "$log/out")"; failed=$((failed + 1)); continue; }
    for ((i = 0; i < results; i++)); do
      close "$log/cpu$i.npy" "$log/cuda$i.npy" "$bound" || { echo "FAILED: result $i"; failed=$((failed + 1)); }
    done
  done
done
echo "code: $failed failed"
[ "$failed" -eq 0 ]
