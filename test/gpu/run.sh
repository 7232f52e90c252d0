#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The GPU suite: runs what test/gpu/stage.sh put into target/gpu, builds nothing, and skips loudly what the machine lacks.
#
#   test/gpu/run.sh [-g GPUS] [STEP...]
#
# Steps, all by default but for tune:
#   host     what the machine is
#   driver   the tests of symm-cuda
#   programs whole programs: what they compute, how they fail, from the command line and from C
#   code     softmax, parallel loops and vectors, compared with a CPU rank, on one GPU
#   examples the seed's program and the Llama block, compared with CPU ranks, on 2, 4 and 8 GPUs
#   check    every algorithm, type and reduction at odd and even sizes, ranks as threads and as processes; of 8 ranks, these take
#            minutes: check-threads and check-processes are the two halves
#   soak     10,000 operations of each algorithm with every result compared, one channel and two at once
#   laws     the same with stalls between the phases of each protocol: all is well; and with one law broken as well: it is seen
#   faults   a rank that is killed and one that is stopped: every other rank says who is missing, in time
#   sanitize the check of small sizes under compute-sanitizer
#   peers    PyTorch's and NCCL's all-reduces through PyTorch, in bf16 and f32
#   time     all algorithms and NCCL in one run, in bf16 and f32, beside what is in $OUT/peers-GPUS-DTYPE*.csv: table, JSON, SVG
#   tune     a launch table for these GPUs
#
# Files go to $OUT (default: target/gpu/out). The exit status is the number of steps that failed.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
kit=$root/target/gpu
OUT=${OUT:-$kit/out}
mkdir -p "$OUT"
exec > >(tee "$OUT/log.txt") 2>&1
tee=$!
# NVLink multicast stays off: kernels over peer pointers are what is tested and compared.
export NCCL_NVLS_ENABLE=0 TORCH_SYMM_MEM_DISABLE_MULTICAST=1 RUST_BACKTRACE=1

gpus=$(nvidia-smi --list-gpus 2>/dev/null | wc -l)
if [ "${1:-}" = -g ]; then
  gpus=$2
  shift 2
fi
# On one GPU two ranks share it: slow, but results can be checked.
ranks=$gpus share=
[ "$gpus" -eq 1 ] && ranks=2 share=--share-gpus
steps=${*:-host driver programs code examples check soak laws faults sanitize peers time}
bench() {
  local bundle=()
  [ -f "$kit/bundle/kernels.json" ] && bundle=(--bundle "$kit/bundle")
  "$kit/symm-bench" "${bundle[@]}" $share "$@"
}
skip() { echo "SKIPPED $1: $2"; }
failed=0

# PyTorch's wheels bring NCCL and cuBLASLt without putting them where the loader looks.
wheel_library() {
  python3 - "$1" <<'PYTHON' 2>/dev/null
import glob, os, sys
import nvidia
for folder in nvidia.__path__:
    for path in sorted(glob.glob(os.path.join(folder, "**", "lib", sys.argv[1]), recursive=True)):
        print(path)
        sys.exit()
PYTHON
}
: "${SYMM_NCCL_LIBRARY:=$(wheel_library 'libnccl.so.2')}"
: "${SYMM_CUBLASLT_LIBRARY:=$(wheel_library 'libcublasLt.so.*')}"
[ -n "$SYMM_NCCL_LIBRARY" ] && export SYMM_NCCL_LIBRARY
[ -n "$SYMM_CUBLASLT_LIBRARY" ] && export SYMM_CUBLASLT_LIBRARY

# step NAME SECONDS COMMAND...: runs a command within a bound and counts it if it fails.
step() {
  local name=$1 bound=$2 begun=$SECONDS rc
  shift 2
  echo "== $name"
  timeout --kill-after=5 "$bound" bash -c '"$@"' step "$@"
  rc=$?
  [ $rc -eq 124 ] && echo "== $name: did not end within $bound s"
  if [ $rc -ne 0 ]; then
    failed=$((failed + 1))
    echo "== $name: FAILED with status $rc after $((SECONDS - begun)) s"
  else
    echo "== $name: ok after $((SECONDS - begun)) s"
  fi
}

host() {
  nvidia-smi --query-gpu=index,name,driver_version,memory.total --format=csv
  nvidia-smi topo -p2p r
  nvidia-smi topo -m
  echo "NCCL: ${SYMM_NCCL_LIBRARY:-where the loader looks}; cuBLASLt: ${SYMM_CUBLASLT_LIBRARY:-where the loader looks}"
}

# Single elements, sizes that are no whole packets, and larger ones. The table is long, so only its end is printed.
check() {
  local ranks=$1 isolation=$2 table=$OUT/check.txt status=0 sizes
  for sizes in "-b 1 -e 40 -i 13" "-b 1000 -e 70000 -f 8.1"; do
    # shellcheck disable=SC2086
    bench -g "$ranks" --isolation "$isolation" $sizes -d all -o all -n 3 -w 1 -G 1 -T 5 \
      -a one_shot_push,two_shot_push,one_shot_pull,two_shot_pull >"$table.part" || status=1
    cat "$table.part" >>"$table"
    grep -E "^# (Out of bounds|N/A|Measured)" "$table.part"
    # A kernel that is not in the bundle is a check that did not happen.
    grep -q "the bundle has no" "$table.part" && status=1
    rm "$table.part"
  done
  return $status
}

soak() {
  bench -g "$1" --soak 10000 --channels "$2" -T 5 -d "$3" -b 1K -e 64K -f 8
}

stalled_soak() {
  "$kit/symm-bench" --bundle "$kit/laws/$1" -g "$2" --soak 2000 -T 2 -d float -b 64K -e 64K -a "$3"
}

# Where nothing is seen of a broken law, a soak without errors would say nothing either.
laws() {
  local ranks=$1 status=0 log=$OUT/laws.txt broken shape algorithm rc
  stalled_soak stall "$ranks" one_shot_push,two_shot_push,one_shot_pull,two_shot_pull || status=1
  for broken in L2-pull L3-push L9-pull L9-push; do
    for shape in one_shot two_shot; do
      algorithm=${shape}_${broken#*-} rc=0
      timeout 30 bash -c 'stalled_soak "$@"' stalled_soak "$broken" "$ranks" "$algorithm" >"$log" 2>&1 || rc=$?
      if [ $rc -eq 1 ] && grep -qE "wrong bytes FAILED|did not arrive at op|had given up" "$log"; then
        echo "without ${broken%-*}, $algorithm: seen: $(grep -E "wrong bytes FAILED|did not arrive|had given up" "$log" | head -1)"
      else
        echo "without ${broken%-*}, $algorithm: NOT SEEN, status $rc"
        cat "$log"
        status=1
      fi
    done
  done
  return $status
}

# Starts ranks as processes, does SIGNAL to rank 1 once they are at work, and counts the ranks that say who is missing.
fault() {
  local ranks=$1 signal=$2 expected=$3 log=$OUT/fault.txt begun told
  "$kit/symm-bench" --bundle "$kit/bundle" -g "$ranks" --isolation process --soak 1000000000 -T 2 -d float \
    -b 4K -e 4K -a one_shot_push >"$log" 2>&1 &
  local parent=$!
  for ((i = 0; i < 600; i++)); do
    grep -q soaking "$log" && break
    sleep 0.1
  done
  sleep 2
  local victim
  for victim in $(pgrep -P $parent); do
    tr '\0' '\n' <"/proc/$victim/environ" | grep -qx RANK=1 && break
  done
  begun=$SECONDS
  kill -"$signal" "$victim"
  [ "$signal" = STOP ] && sleep 4 && kill -CONT "$victim"
  wait $parent && { echo "expected a failure after $signal, got success"; return 1; }
  cat "$log"
  told=$(grep -cE "did not arrive at op|had given up" "$log")
  echo "after $signal: $told ranks told within $((SECONDS - begun)) s, expected $expected"
  [ "$told" -eq "$expected" ] && [ $((SECONDS - begun)) -le 10 ]
}

faults() {
  fault "$1" KILL $(($1 - 1)) && fault "$1" STOP "$1"
}

sanitize() {
  local tool
  for tool in memcheck racecheck; do
    compute-sanitizer --tool "$tool" --error-exitcode 9 "$kit/symm-bench" --bundle "$kit/bundle" -g "$1" -d bfloat16 \
      -b 4K -e 4K -n 1 -w 0 -G 0 -T 60 -a one_shot_push,two_shot_push,one_shot_pull,two_shot_pull || return
  done
}

time_all() {
  local peers=() file
  for file in "$OUT/peers-$1-$2"*.csv; do
    [ -f "$file" ] && peers+=(--peers "$file")
  done
  bench -g "$1" "${peers[@]}" -b 1K -e 16M -f 2 -d "$2" -J "$OUT/bench-$1-$2.json" --plot "$OUT/bench-$1-$2.svg" | tee "$OUT/bench-$1-$2.txt"
}

peers() {
  local dtype status=0
  for dtype in bf16:bfloat16 f32:float; do
    python3 -m torch.distributed.run --standalone --nproc-per-node="$1" bench/peers/torch_peers.py -d "${dtype%:*}" -n 30 --replays 9 \
      --output "$OUT/peers-$1-${dtype#*:}.csv" && cat "$OUT/peers-$1-${dtype#*:}.csv" || status=1
  done
  return $status
}

tune() {
  bench -g "$1" --tune "$OUT/launch_table-$1.json" -b 1K -e 16M -f 2 -n 50 -G 3 -w 1 -d bfloat16
}

export kit OUT share
export -f bench host check soak stalled_soak laws fault faults sanitize time_all peers tune

if [ "$gpus" -eq 0 ]; then
  skip "the GPU suite" "no GPU here"
  steps=
fi
if [ -n "$steps" ] && [ ! -x "$kit/symm-bench" ]; then
  echo "expected target/gpu as test/gpu/stage.sh makes it, got nothing; stage it and carry it along"
  failed=1 steps=
fi

check_threads() {
  for ((world = 2; world <= ranks; world++)); do
    compgen -G "$kit/bundle/*_w${world}_*" >/dev/null && step "check $world threads" 400 check "$world" thread
  done
  return 0
}

check_processes() {
  # Kernels of two processes on one GPU take turns, so slowly that nothing would be learnt.
  if [ "$gpus" -lt 2 ]; then
    skip "check of processes" "needs 2 GPUs, found $gpus"
  else
    step "check $ranks processes" 400 check "$ranks" process
  fi
}

for name in $steps; do
  case $name in
    host) step host 30 host ;;
    driver) step driver 300 "$kit/symm-cuda-gpu-tests" ;;
    programs)
      SYMM_GPU_PROGRAMS=$kit/programs step "programs, tests" 300 "$kit/symm-runtime-gpu-tests"
      for ((world = 2; world <= gpus; world++)); do
        [ -f "$kit/programs/zoo$world.so" ] && step "programs $world" 240 test/gpu/programs.sh "$kit" "$world"
      done ;;
    code) step code 240 test/gpu/code.sh "$kit" ;;
    examples)
      [ "$gpus" -lt 2 ] && skip examples "needs 2 GPUs, found $gpus"
      for world in 2 4 8; do
        [ "$world" -le "$gpus" ] && step "examples $world" 240 test/gpu/examples.sh "$kit" "$world"
      done ;;
    peers)
      if python3 -c 'import torch' 2>/dev/null; then
        step peers 240 peers "$gpus"
      else
        skip peers "no PyTorch here"
      fi ;;
    time | tune | sanitize | faults)
      if [ "$gpus" -lt 2 ]; then
        skip "$name" "needs 2 GPUs, found $gpus"
      elif [ $name = time ]; then
        for dtype in bfloat16 float; do
          step "time $dtype" 240 time_all "$gpus" "$dtype"
        done
      elif [ ! -f "$kit/bundle/kernels.json" ]; then
        skip "$name" "no bundle"
      elif [ $name = sanitize ] && ! command -v compute-sanitizer >/dev/null; then
        skip sanitize "no compute-sanitizer here"
      else
        [ $name = tune ] && bound=580 || bound=240
        step "$name" "$bound" "$name" "$gpus"
      fi ;;
    check) check_threads && check_processes ;;
    check-threads) check_threads ;;
    check-processes) check_processes ;;
    laws)
      if [ "$gpus" -lt 2 ]; then
        skip laws "needs 2 GPUs, found $gpus"
      fi
      for world in 2 4 8; do
        [ "$world" -le "$gpus" ] && step "laws $world" 240 laws "$world"
      done ;;
    soak)
      step "soak float, one channel" 120 soak "$ranks" 1 float
      step "soak bfloat16, two channels" 120 soak "$ranks" 2 bfloat16
      step "soak int32, one channel" 120 soak "$ranks" 1 int32 ;;
    *) echo "unknown step $name"; failed=$((failed + 1)) ;;
  esac
done
echo "== $failed steps failed"
exec >&- 2>&-
wait "$tee"
exit "$failed"
