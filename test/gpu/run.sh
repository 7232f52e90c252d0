#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The GPU suite: runs what test/gpu/stage.sh put into target/gpu and builds nothing. What the machine lacks is skipped, loudly.
#
#   test/gpu/run.sh [-g RANKS] [--all] [--within SECONDS] [--from STEP] [--list] [STEP...]
#
#   -g RANKS           numbers of ranks, such as 8, 2-4 or 8,6,5; default: as many as there are GPUs, and all below. More ranks than
#                      GPUs share them in tests, examples, check (as threads), soak and laws, and skip what else there is
#   --all              all steps, with tune at the largest number of ranks; without it and without any STEP: all but tune
#   --within SECONDS   begin no step that would not end in time; how to go on is said
#   --from STEP        begin with this one
#   --list             say what would run, and about how many seconds each step takes
#
# Steps; one with a colon is as --list shows it, one without is all that begin so:
#   host       what the machine is
#   driver     the tests of symm-cuda
#   tests      programs that are linked by hand: what they compute, how they fail
#   programs   programs from the command line, as processes and from C, with ranks that are killed
#   code       softmax, parallel loops and vectors, compared with a CPU rank, on one GPU
#   examples   the seed's program, a loop over layers and the Llama block, compared with CPU ranks
#   check      every type and reduction, with every algorithm or, where stage.sh has it so, with the one whose turn it is; odd and
#              even sizes, buffers that are not aligned; ranks as threads and, at the largest number of ranks, as processes
#   soak       10,000 operations of each algorithm with every result compared, one channel and two at once
#   laws       the same with stalls between the phases of each protocol: all is well; and with one law broken as well: it is seen
#   faults     a rank that is killed and one that is stopped: every other rank says who is missing, in time
#   sanitize   small sizes under compute-sanitizer, at the smallest number of ranks
#   time       PyTorch's all-reduces; then all algorithms and NCCL, in bf16 and f32, beside them and beside what else is in
#              $OUT/peers-RANKS-DTYPE-*.csv: table, JSON, SVG
#   tune       a launch table for these GPUs
#
# Files go to $OUT (default: target/gpu/out). The exit status is the number of steps that failed.
set -uo pipefail
cd "$(dirname "$0")/../.."
. test/gpu/lib.sh
export OUT=${OUT:-$kit/out}

usage() {
  echo "expected [-g RANKS] [--all] [--within SECONDS] [--from STEP] [--list] [STEP...], $1" >&2
  exit 64
}
gpus=$(nvidia-smi --list-gpus 2>/dev/null | wc -l)
# On one GPU two ranks share it.
most=$((gpus < 2 ? 2 : gpus > 8 ? 8 : gpus))
asked=2-$most all= within= from= list= chosen=()
while [ $# -gt 0 ]; do
  case $1 in
    -g | --within | --from)
      [ $# -ge 2 ] || usage "got $1 without a value"
      case $1 in
        -g) asked=$2 ;;
        --within) within=$2 ;;
        --from) from=$2 ;;
      esac
      shift
      ;;
    --all) all=all ;;
    --list) list=list ;;
    -*) usage "got $1" ;;
    *) chosen+=("$1") ;;
  esac
  shift
done
sizes=$(ranks "$asked") || usage "where RANKS is such as 8, 2-4 or 8,6,5, got -g $asked"
[[ $within =~ ^[0-9]*$ ]] || usage "got --within $within"
# shellcheck disable=SC2086
least=$(printf '%s\n' $sizes | sort -n | head -1) largest=$(printf '%s\n' $sizes | sort -n | tail -1)

# plan: every step, with about how long it takes and how long it may take, in seconds.
plan() {
  local size tests=20
  echo "host 5 30"
  echo "driver 20 300"
  for size in $sizes; do tests=$((tests + 5 + 6 * size)); done
  echo "tests:$(echo $sizes | tr ' ' ,) $tests 590"
  echo "code 35 240"
  for size in $sizes; do
    echo "programs:$size $((25 + 11 * size)) 240"
    echo "examples:$size $((15 + 10 * size)) 240"
    echo "check:$size:thread $(check_time "$size") 590"
    [ "$size" -ne "$largest" ] || echo "check:$size:process $(check_time "$size") 590"
    echo "soak:$size $((10 + 2 * size)) 240"
    echo "laws:$size $((15 + 5 * size)) 300"
    echo "faults:$size 25 120"
    [ "$size" -ne "$least" ] || echo "sanitize:$size 150 590"
    echo "time:$size:bfloat16 $((45 + 7 * size)) 500"
    echo "time:$size:float $((45 + 7 * size)) 500"
  done
  for size in $sizes; do echo "tune:$size 500 590"; done
}

check_time() {
  if grep -qs "^$1 turns" "$kit/staged"; then
    echo $((10 + 10 * $1))
  else
    echo $((35 * $1))
  fi
}

# is_chosen STEP: whether the command line asks for it.
is_chosen() {
  local one
  if [ ${#chosen[@]} -eq 0 ]; then
    [ "${1%%:*}" != tune ] || [ "$all${1#tune}" = "all:$largest" ]
    return
  fi
  for one in "${chosen[@]}"; do
    [[ $1 == "$one" || $1 == "$one":* ]] && return
  done
  return 1
}

mapfile -t plan < <(plan)
steps=() names=
for one in "${plan[@]}"; do
  names+=" ${one%% *}"
  is_chosen "${one%% *}" && steps+=("$one")
done
for one in ${chosen[@]+"${chosen[@]}"} $from; do
  [[ "$names " == *" $one"[:\ ]* ]] || usage "got step $one; there are:$names"
done
[ -z "$list" ] || { printf '%s\n' "${steps[@]}" | cut -d ' ' -f 1,2; exit; }

mkdir -p "$OUT"
exec > >(tee "$OUT/log.txt") 2>&1
tee=$!
ok=0 failed=() skipped=()

# run STEP SECONDS: runs a step within a bound and notes what came of it.
run() {
  local name=$1 bound=$2 begun=$SECONDS rc
  echo "== $name"
  # shellcheck disable=SC2086
  timeout --kill-after=5 "$bound" test/gpu/step.sh ${name//:/ }
  rc=$?
  case $rc in
    0) ok=$((ok + 1)) && echo "== $name: ok after $((SECONDS - begun)) s" ;;
    77) skipped+=("$name") && echo "== $name: SKIPPED" ;;
    *)
      [ $rc -ne 124 ] || echo "== $name: did not end within $bound s"
      failed+=("$name")
      echo "== $name: FAILED with status $rc after $((SECONDS - begun)) s"
      ;;
  esac
}

if [ "$gpus" -eq 0 ]; then
  echo "SKIPPED the GPU suite: no GPU here"
  steps=()
fi
for one in ${steps[@]+"${steps[@]}"}; do
  read -r name usual bound <<<"$one"
  [ -z "$from" ] || [[ $name == "$from" || $name == "$from":* ]] || continue
  from=
  if [ -n "$within" ]; then
    left=$((within - SECONDS))
    if [ "$usual" -gt "$left" ]; then
      echo "== $left s are left: go on with --from $name"
      break
    fi
    bound=$((bound < left ? bound : left))
  fi
  run "$name" "$bound"
done
echo "== $ok steps ok, ${#failed[@]} FAILED, ${#skipped[@]} SKIPPED"
[ ${#failed[@]} -eq 0 ] || echo "== FAILED: ${failed[*]}"
[ ${#skipped[@]} -eq 0 ] || echo "== SKIPPED: ${skipped[*]}"
exec >&- 2>&-
wait "$tee"
exit "${#failed[@]}"
