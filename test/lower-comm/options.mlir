// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Each option, and what is counted.

// RUN: symm-opt %s --lower-comm --mlir-pass-statistics -o %t 2>%t.err
// RUN: FileCheck %s --check-prefix=DEFAULT < %t
// RUN: FileCheck %s --check-prefix=STATISTICS < %t.err
// RUN: symm-opt %s --lower-comm="auto-select=false" --remarks-filter=lower-comm -o %t.off 2>&1 | FileCheck %s --check-prefix=OFF-REMARK
// RUN: FileCheck %s --check-prefix=OFF < %t.off
// RUN: symm-opt %s --lower-comm="one-shot-threshold-bytes=32" | FileCheck %s --check-prefix=SMALL
// RUN: symm-opt %s --lower-comm="one-shot-threshold-bytes=31 two-shot-threshold-bytes=0" | FileCheck %s --check-prefix=NONE
// RUN: symm-opt %s --lower-comm="one-shot-threshold-bytes=262144" | FileCheck %s --check-prefix=LARGE
// RUN: symm-opt %s --lower-comm="protocol=push" | FileCheck %s --check-prefix=PUSH
// RUN: symm-opt %s --lower-comm="protocol=pull" | FileCheck %s --check-prefix=DEFAULT
// RUN: not symm-opt %s --lower-comm="protocol=poll" 2>&1 | FileCheck %s --check-prefix=BAD-PROTOCOL
// RUN: not symm-opt %s --lower-comm="one-shot-threshold-bytes=-1" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not symm-opt %s --lower-comm="one-shot-threshold-bytes=many" 2>&1 | FileCheck %s --check-prefix=BAD-NUMBER
// RUN: not symm-opt %s --lower-comm="threshold=1" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not symm-opt %s --lower-comm="launch-table=sm_17" 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: symm-opt --help | FileCheck %s --check-prefix=HELP

// BAD-PROTOCOL: error: {{.*}}expected protocol to be pull or push, got 'poll'
// NEGATIVE: error: {{.*}}expected one-shot-threshold-bytes to be 0 or more, got -1
// BAD-NUMBER: 'many' value invalid for long argument
// UNKNOWN: no such option threshold
// CHIP: error: {{.*}}launch-table: expected a chip out of sm_80, {{.*}}, got sm_17

// HELP: --lower-comm {{.*}}- Rewrite c10d collectives
// HELP-NEXT: --auto-select
// HELP-NEXT: --launch-table=
// HELP-NEXT: --one-shot-threshold-bytes=
// HELP-NEXT: --protocol=
// HELP-NEXT: --two-shot-threshold-bytes=

// STATISTICS: lower-comm
// STATISTICS-NEXT: (S) 1 kept
// STATISTICS-NEXT: (S) 1 one-shot
// STATISTICS-NEXT: (S) 1 two-shot
// STATISTICS-NEXT: (S) 2 waits

// OFF-REMARK-COUNT-2: [Missed] kept | Category:lower-comm | Function=f | Group=@tp, Predicate=auto-select, Reason="auto-select is off"

comm.group @tp size(4) {symm_mem}

func.func @f(%x: tensor<8xf32>, %y: tensor<65536xf32>) -> (tensor<8xf32>, tensor<65536xf32>, tensor<8xf32>) {
  // DEFAULT: symm_mem.one_shot_all_reduce<sum> %
  // DEFAULT-NEXT: symm_mem.two_shot_all_reduce_<sum> %
  // OFF: c10d.all_reduce<sum> %
  // OFF: c10d.wait_tensor
  // OFF: c10d.all_reduce<sum> %
  // OFF: c10d.wait_tensor
  // SMALL: symm_mem.one_shot_all_reduce<sum> %
  // SMALL-NEXT: symm_mem.two_shot_all_reduce_<sum> %
  // NONE: c10d.all_reduce<sum> %
  // NONE: c10d.all_reduce<sum> %
  // LARGE: symm_mem.one_shot_all_reduce<sum> %
  // LARGE-NEXT: symm_mem.one_shot_all_reduce<sum> %
  // PUSH: symm_mem.one_shot_all_reduce<sum, push> %
  // PUSH-NEXT: symm_mem.two_shot_all_reduce_<sum, push> %
  %0 = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
  %1 = c10d.wait_tensor %0 : tensor<8xf32>
  %2 = c10d.all_reduce<sum> %y on @tp : tensor<65536xf32>
  %3 = c10d.wait_tensor %2 : tensor<65536xf32>
  %4 = c10d.broadcast src(0) %x on @tp : tensor<8xf32>
  return %1, %3, %4 : tensor<8xf32>, tensor<65536xf32>, tensor<8xf32>
}
