// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The arithmetic of reductions: in functions that all kernels share.

// RUN: symm-opt %s --convert-symm-mem-to-cpu | FileCheck %s

comm.group @tp size(4) {symm_mem}
comm.group @dp size(2) {symm_mem}

!bf16_tp = memref<8xbf16, #comm.symm_mem<@tp>>
!bf16_dp = memref<8xbf16, #comm.symm_mem<@dp>>
!ui8 = memref<8xui8>

func.func @f(%x: !bf16_tp, %y: !bf16_dp, %z: memref<8xbf16>, %u: !ui8, %v: !ui8) {
  symm_mem.one_shot_all_reduce<avg> ins(%x : !bf16_tp) outs(%z : memref<8xbf16>) on @tp
  symm_mem.two_shot_all_reduce_<sum> inout(%y : !bf16_dp) on @dp
  symm_mem.one_shot_all_reduce<min, push> ins(%u : !ui8) outs(%v : !ui8) on @tp
  return
}

// bf16 accumulates in fp32.

// CHECK-LABEL: func.func private @symm.tile.begin.bf16.uu
// CHECK-SAME:    (%[[FROM:.*]]: memref<?xbf16, strided<[1], offset: ?>>, %[[TO:.*]]: memref<512xf32>) attributes {passthrough = ["noinline"]}
// CHECK:         %[[VALUE:.*]] = memref.load %[[FROM]]
// CHECK-NEXT:    %[[WIDE:.*]] = arith.extf %[[VALUE]] : bf16 to f32
// CHECK-NEXT:    memref.store %[[WIDE]], %[[TO]]

// CHECK-LABEL: func.func private @symm.tile.sum.bf16.uu
// CHECK:         arith.addf %{{.*}}, %{{.*}} : f32

// An average divides by the number of ranks, then rounds once.

// CHECK-LABEL: func.func private @symm.tile.average4.bf16.uu
// CHECK:         %[[RANKS:.*]] = arith.constant 4.000000e+00 : f32
// CHECK-NEXT:    %[[MEAN:.*]] = arith.divf %{{.*}}, %[[RANKS]]
// CHECK-NEXT:    arith.truncf %[[MEAN]] : f32 to bf16

// The second group shares what the first has.

// CHECK-NOT:   func.func private @symm.tile.begin.bf16
// CHECK-NOT:   func.func private @symm.tile.sum.bf16
// CHECK:       func.func private @symm.tile.end.bf16.uu
// CHECK:       func.func private @symm.tile.copy.bf16.uu

// CHECK-LABEL: func.func private @symm.tile.begin.ui8.uu
// CHECK:         builtin.unrealized_conversion_cast %{{.*}} : ui8 to i8
// CHECK-LABEL: func.func private @symm.tile.min.ui8.uu
// CHECK:         arith.minui
