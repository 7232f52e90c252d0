#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# One step of the GPU suite, as run.sh starts it:
#
#   test/gpu/step.sh NAME [RANKS [VARIANT]]
#
# Files go to $OUT. The exit status is 77 where the machine lacks something, which is said, and else whether all is well.
set -uo pipefail
cd "$(dirname "$0")/../.."
. test/gpu/lib.sh
OUT=${OUT:-$kit/out}
mkdir -p "$OUT"
# NVLink multicast stays off: kernels over peer pointers are what is tested and compared.
export NCCL_NVLS_ENABLE=0 TORCH_SYMM_MEM_DISABLE_MULTICAST=1 RUST_BACKTRACE=1

skip() {
  echo "SKIPPED: $*"
  exit 77
}

# need PROGRAM...: skips without them.
need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "no $program here"
  done
}

need_numpy() {
  python3 -c 'import numpy' 2>/dev/null || skip "no Python with numpy here"
}

gpus=$(nvidia-smi --list-gpus 2>/dev/null | wc -l)

# need_ranks RANKS: skips without a GPU for each and without kernels for so many.
need_ranks() {
  [ "$1" -le "$gpus" ] || skip "needs $1 GPUs, found $gpus"
  need_staged "$1"
}

need_staged() {
  grep -qs "^$1 " "$kit/staged" || skip "nothing was staged for $1 ranks"
}

# need_ranks_or_share RANKS: as need_ranks, but that ranks may share GPUs: what they compute can be checked, and times say nothing.
need_ranks_or_share() {
  [ "$gpus" -ge 1 ] || skip "needs a GPU"
  need_staged "$1"
  share_for "$1"
}

# share_for RANKS: lets ranks share GPUs where there are too few.
share_for() {
  [ "$1" -gt "$gpus" ] || return 0
  share=--share-gpus
  # Each stream gets a way of its own to the GPU: behind another rank's kernel, one would wait for what waits for it.
  export CUDA_DEVICE_MAX_CONNECTIONS=32
  echo "$1 ranks share $gpus GPUs"
}

# Kernels come packed.
if [ -f "$kit/kernels.tar.gz" ] && [ ! "$kit/unpacked" -nt "$kit/kernels.tar.gz" ]; then
  tar -C "$kit" -xzf "$kit/kernels.tar.gz" && touch "$kit/unpacked" || exit
fi

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

share=
generated=one_shot_push,two_shot_push,one_shot_pull,two_shot_pull
# bench RANKS OPTION...: symm-bench with the kernels of the suite.
bench() {
  # shellcheck disable=SC2086
  "$kit/symm-bench" --bundle "$kit/bundle" $share -g "$@"
}

# complete TABLE: whether everything was measured that there should be kernels for.
complete() {
  ! grep -E "^# N/A: .*the (bundle|launch table) has no" "$1"
}

host() {
  # The tools underline and colour even what goes into a file.
  {
    nvidia-smi --query-gpu=index,name,driver_version,memory.total --format=csv
    nvidia-smi topo -p2p r
    nvidia-smi topo -m
  } | sed 's/\x1b\[[0-9;]*m//g'
  echo "NCCL: ${SYMM_NCCL_LIBRARY:+from PyTorch}; cuBLASLt: ${SYMM_CUBLASLT_LIBRARY:+from PyTorch}"
}

driver() {
  "$kit/symm-cuda-gpu-tests"
}

# The tests of programs, on as many ranks as RANKS says, a list.
tests() {
  local log=$OUT/programs.txt size
  need_staged 2
  for size in ${1//,/ }; do
    [ -n "$share" ] || share_for "$size"
  done
  SYMM_GPU_PROGRAMS=$kit/programs SYMM_GPU_RANKS=$1 "$kit/symm-runtime-gpu-tests" | tee "$log" || return
  ! grep "^SKIPPED .* tests" "$log" || exit 77
}

programs() {
  need_ranks "$1"
  need python3 pgrep
  test/gpu/programs.sh "$kit" "$1"
}

code() {
  need_numpy
  [ "$gpus" -ge 1 ] || skip "needs a GPU"
  test/gpu/code.sh "$kit"
}

examples() {
  need_ranks_or_share "$1"
  need_numpy
  test/gpu/examples.sh "$kit" "$1" $share
}

# Single elements, sizes that are no whole packets, and larger ones; then operands, results and both that are not aligned. The
# tables are long, so only their ends are printed.
check() {
  local ranks=$1 isolation=$2 table=$OUT/check-$1-$2.txt status=0 turns=() sizes
  # Kernels of several processes on one GPU take turns, so slowly that nothing would be learnt.
  if [ "$isolation" = thread ]; then need_ranks_or_share "$ranks"; else need_ranks "$ranks"; fi
  grep -q "^$ranks turns" "$kit/staged" && turns=(--in-turn)
  : >"$table"
  for sizes in "-b 1 -e 40 -i 13" "-b 1000 -e 70000 -f 8.1" "-u 1 -b 1000 -e 70000 -f 70" "-u 1,0 -b 4100 -e 4100" \
    "-u 0,1 -b 4100 -e 4100"; do
    echo "$sizes"
    # shellcheck disable=SC2086
    bench "$ranks" --isolation "$isolation" $sizes -d all -o all -n 3 -w 1 -G 1 -T 5 --algorithms $generated \
      ${turns[@]+"${turns[@]}"} >"$table.part" || status=1
    cat "$table.part" >>"$table"
    grep -E "^# (Out of bounds|N/A|Measured)" "$table.part"
    # What is not measured for any other reason than this one is a check that did not happen.
    grep "^# N/A" "$table.part" | grep -qv "one_shot_pull does not work in place" && status=1
    rm "$table.part"
  done
  return $status
}

soak() {
  local log=$OUT/soak-$1.txt status=0 channels dtype
  need_ranks_or_share "$1"
  while read -r channels dtype; do
    bench "$1" --soak 10000 --channels "$channels" -T 5 -d "$dtype" -b 1K -e 64K -f 8 --algorithms symm,$generated </dev/null |
      tee "$log" || status=1
    # Five algorithms at three sizes.
    [ "$(grep -c " 0 wrong bytes OK$" "$log")" -eq 15 ] || { echo "expected 15 lines without wrong bytes"; status=1; }
  done <<<$'1 float\n2 bfloat16\n1 int32'
  return $status
}

# The same with stalls between the phases of each protocol, and then with one law broken as well, which must be seen.
laws() {
  local ranks=$1 status=0 log=$OUT/laws.txt broken shape algorithm rc seen
  need_ranks_or_share "$ranks"
  soak_law() {
    # shellcheck disable=SC2086
    timeout 60 "$kit/symm-bench" --sabotaged --bundle "$kit/laws/$1" $share -g "$ranks" --soak 2000 -T 2 -d float -b 64K -e 64K --algorithms "$2"
  }
  soak_law stall $generated | tee "$log" || status=1
  [ "$(grep -c " 0 wrong bytes OK$" "$log")" -eq 4 ] || { echo "expected 4 lines without wrong bytes"; status=1; }
  for broken in L2-pull L3-push L9-pull L9-push; do
    for shape in one_shot two_shot; do
      algorithm=${shape}_${broken#*-} rc=0
      soak_law "$broken" "$algorithm" >"$log" 2>&1 || rc=$?
      seen=$(grep -E "wrong bytes FAILED|did not arrive at op|had given up" "$log" | head -1)
      # Where nothing is seen of a broken law, a soak without errors would say nothing either.
      if [ $rc -eq 1 ] && [ -n "$seen" ]; then
        echo "without ${broken%-*}, $algorithm: seen: $seen"
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
  local ranks=$1 signal=$2 expected=$3 log=$OUT/fault.txt begun told parent victim i
  "$kit/symm-bench" --bundle "$kit/bundle" -g "$ranks" --isolation process --soak 1000000000 -T 2 -d float -b 4K -e 4K \
    --algorithms one_shot_push >"$log" 2>&1 &
  parent=$!
  for ((i = 0; i < 600; i++)); do
    grep -q soaking "$log" && break
    sleep 0.1
  done
  sleep 2
  for victim in $(pgrep -P $parent) none; do
    [ "$victim" = none ] || tr '\0' '\n' <"/proc/$victim/environ" | grep -qx RANK=1 && break
  done
  [ "$victim" != none ] || { cat "$log"; echo "expected ranks at work, found no rank 1"; return 1; }
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
  need_ranks "$1"
  need pgrep
  fault "$1" KILL $(($1 - 1)) && fault "$1" STOP "$1"
}

# Floats and tagged integers, types of one, two and four bytes, with and without a tail, aligned and not.
sanitize() {
  local tool dtype unalign log=$OUT/sanitize-$1.txt status=0
  need_ranks "$1"
  need compute-sanitizer
  while read -r tool dtype unalign; do
    echo "$tool $dtype, first element $unalign"
    compute-sanitizer --tool "$tool" --error-exitcode 9 "$kit/symm-bench" --bundle "$kit/bundle" -g "$1" -d "$dtype" \
      -u "$unalign" -b 4096 -e 4100 -i 2 -n 1 -w 0 -G 0 -T 60 --algorithms $generated </dev/null >"$log" 2>&1 || status=1
    grep -E "^=+ |^# (Out of bounds|Measured)" "$log"
    complete "$log" || status=1
  done <<'RUNS'
memcheck bfloat16 0
memcheck bfloat16 1
memcheck int32 0
memcheck int32 1
memcheck f8e4m3 0
memcheck f8e4m3 1
racecheck bfloat16 0
racecheck int32 0
racecheck f8e4m3 1
RUNS
  return $status
}

# PyTorch's all-reduces, and then all algorithms and NCCL beside them: what is compared is measured within minutes.
times() {
  local peers=() file status=0 name=$1-$2 torch=$OUT/peers-$1-$2.csv
  need_ranks "$1"
  # What an earlier run has left does not belong to this one.
  rm -f "$torch"
  if ! python3 -c 'import torch' 2>/dev/null; then
    echo "SKIPPED peers: no PyTorch here"
  elif timeout 240 python3 -m torch.distributed.run --standalone --nproc-per-node="$1" bench/peers/torch_peers.py \
    -d "$2" --output "$torch"; then
    cat "$torch"
  else
    echo "the peers of PyTorch: FAILED"
    status=1
  fi
  for file in "$torch" "$OUT/peers-$name"-*.csv; do
    [ -f "$file" ] || continue
    if [ -n "$(find "$file" -mmin -60)" ]; then
      peers+=(--peers "$file")
    else
      echo "left out, for it is older than an hour: $file"
    fi
  done
  bench "$1" ${peers[@]+"${peers[@]}"} -b 1K -e 16M -f 2 -d "$2" -J "$OUT/bench-$name.json" --plot "$OUT/bench-$name.svg" |
    tee "$OUT/bench-$name.txt" || status=1
  complete "$OUT/bench-$name.txt" || status=1
  return $status
}

tune() {
  local log=$OUT/tune-$1.txt
  need_ranks "$1"
  bench "$1" --tune "$OUT/launch_table-$1.json" -b 1K -e 16M -f 2 -n 50 -G 3 -w 1 -d bfloat16 | tee "$log" && complete "$log"
}

name=${1:?expected the name of a step; test/gpu/run.sh --list has them}
shift
case $name in
  host | driver | code | tests | programs | examples | check | soak | laws | faults | sanitize | tune) ;;
  time) name=times ;;
  *)
    echo "there is no step $name; test/gpu/run.sh --list has them"
    exit 1
    ;;
esac
[ -x "$kit/symm-bench" ] || [ "$name" = host ] || {
  echo "expected target/gpu as test/gpu/stage.sh makes it, got nothing; stage it and carry it along"
  exit 1
}
$name "$@"
