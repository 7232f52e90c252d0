#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the staged programs on GPUS ranks: as threads, as processes, as processes of a launcher, from C; eagerly and in a graph;
# then ends a rank and looks at what the others say. Every way must give the same bits.
#
#   test/gpu/programs.sh KIT GPUS
set -uo pipefail
kit=$1 gpus=$2
program=$kit/programs/zoo$gpus.so
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
failed=0

fail() {
  echo "FAILED: $*"
  failed=$((failed + 1))
}

run() { timeout 60 "$kit/symm-run" --device=cuda "$program" --entry chain --arg x=random:7 "$@"; }

# digest NAME COMMAND...: what the results hash to, the same on all ranks.
digest() {
  local name=$1
  shift
  "$@" >"$log/$name" 2>&1 || fail "$name: $(cat "$log/$name")"
  sed -n 's/.*sha256 //p' "$log/$name"
}

# joined COMMAND...: the command once per rank, as a launcher starts it; fails if any rank fails.
joined() {
  local rank pids=() status=0
  export WORLD_SIZE=$gpus LOCAL_WORLD_SIZE=$gpus SYMM_JOB_TOKEN=$RANDOM$RANDOM$$
  for ((rank = 0; rank < gpus; rank++)); do
    RANK=$rank LOCAL_RANK=$rank "$@" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
  unset WORLD_SIZE LOCAL_WORLD_SIZE SYMM_JOB_TOKEN
  return $status
}

expected=$(digest thread run)
[ -n "$expected" ] || fail "no result"
for way in "thread --graph" "thread --repeat=50" "process" "process --graph --repeat=50"; do
  found=$(digest "${way// /_}" run --isolation=$way)
  [ "$found" = "$expected" ] || fail "--isolation=$way: $found, expected $expected"
done
found=$(digest joined joined run --repeat=20)
[ "$found" = "$expected" ] || fail "joined: $found, expected $expected"

run --repeat=3 --trace="$log/trace.json" >"$log/traced" 2>&1 || fail "trace: $(cat "$log/traced")"
python3 - "$log/trace.json" "$gpus" <<'PYTHON' || fail "the trace is not as it should be"
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
spans = [e for e in events if e["ph"] == "X"]
assert {e["pid"] for e in spans} == set(range(int(sys.argv[2]))), "a process a rank"
assert len(spans) == 3 * 4 * int(sys.argv[2]), f"{len(spans)} spans"
assert all(e["dur"] > 0 and e["ts"] >= 0 for e in spans)
PYTHON

# Processes that see no GPU but their own, as some launchers have it: refused by name, or done by NCCL.
run_ones() { timeout 60 "$kit/symm-run" --device=cuda "$program" --entry chain --arg x=ones "$@"; }
blinded() { CUDA_VISIBLE_DEVICES=$RANK LOCAL_RANK=0 run_ones "$@"; }
joined blinded >"$log/blinded" 2>&1 && fail "ranks whose GPUs are hidden from each other ran"
[ "$(grep -c "is not visible to rank" "$log/blinded")" = "$gpus" ] || fail "hidden GPUs: $(cat "$log/blinded")"
found=$(digest fallback joined blinded --fallback)
[ "$found" = "$(digest ones run_ones)" ] || fail "--fallback: $found"

# Processes that a launcher puts on one GPU.
crowded() { LOCAL_RANK=0 run_ones; }
joined crowded >"$log/crowded" 2>&1 && fail "ranks that have one GPU between them ran"
[ "$(grep -c "ranks 0 and 1 are both on GPU-" "$log/crowded")" = "$gpus" ] || fail "one GPU for all: $(cat "$log/crowded")"

for entry in one_shot_push two_shot_push one_shot_pull two_shot_pull; do
  timeout 60 "$kit/c_abi" "$program" "$gpus" $entry || fail "c_abi $entry"
done
timeout 60 "$kit/c_abi" "$program" "$gpus" one_shot_push 1 || fail "c_abi with a rank that does not come"
joined timeout 60 "$kit/c_abi" "$program" join two_shot_pull || fail "c_abi, joined"
joined timeout 60 "$kit/c_abi" "$program" join one_shot_push 1 || fail "c_abi, joined, with a rank that does not come"

# A process of a launcher that is killed in the middle: every other one names it, in time, and fails.
last=$((gpus - 1))
export WORLD_SIZE=$gpus LOCAL_WORLD_SIZE=$gpus SYMM_JOB_TOKEN=$RANDOM$RANDOM$$
for ((rank = 0; rank < gpus; rank++)); do
  RANK=$rank LOCAL_RANK=$rank "$kit/symm-run" --device=cuda "$program" --entry chain --arg x=ones --repeat=10000000 \
    --timeout=2s >"$log/killed.$rank" 2>&1 &
  pids[rank]=$!
done
unset WORLD_SIZE LOCAL_WORLD_SIZE SYMM_JOB_TOKEN
sleep 5
kill -KILL "${pids[last]}"
begun=$SECONDS
for ((rank = 0; rank < last; rank++)); do
  wait "${pids[rank]}" && fail "rank $rank succeeded without rank $last"
  grep -q "rank $last did not" "$log/killed.$rank" || fail "rank $rank says: $(cat "$log/killed.$rank")"
done
[ $((SECONDS - begun)) -le 8 ] || fail "the ranks took $((SECONDS - begun)) s to leave"
wait "${pids[last]}" 2>/dev/null

# The same for a process that symm-run started itself, which notices at once.
"$kit/symm-run" --device=cuda --isolation=process "$program" --entry chain --arg x=ones --repeat=10000000 >"$log/host" 2>&1 &
host=$!
sleep 5
kill -KILL "$(pgrep -P $host | head -n 1)"
wait $host && fail "symm-run succeeded without a rank"
grep -q "died: killed by SIGKILL" "$log/host" || fail "symm-run says: $(cat "$log/host")"

echo "programs on $gpus GPUs: $failed failed"
exit $((failed > 0))
