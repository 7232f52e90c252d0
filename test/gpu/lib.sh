# SPDX-FileCopyrightText: The Symm authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What stage.sh, run.sh and step.sh share.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What stage.sh makes and run.sh runs.
kit=${SYMM_GPU_KIT:-$root/target/gpu}

# ranks LIST: the numbers of a list such as 8, 2-4 or 5,6,8, in its order, each once; fails if it is no such list.
ranks() {
  local part first last number found=" "
  for part in ${1//,/ }; do
    [[ $part =~ ^[2-8](-[2-8])?$ ]] || return
    first=${part%-*} last=${part#*-}
    for ((number = first; number <= last; number++)); do
      [[ $found == *" $number "* ]] || found+="$number "
    done
  done
  [ "$found" != " " ] || return
  echo "${found# }"
}
